import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** How a server breaks its contract. */
export interface Twist {
  /** Changes what the client sends. */
  toServer?(frame: string): string
  /** Changes what the server sends; null drops it. */
  toClient?(frame: string): string | null
  closeCode?(code: number): number
}

/** A realtime server that does what another one does, but for a twist. */
export async function startTwistingProxy(
  realtimeUrl: string,
  { toServer = (frame) => frame, toClient = (frame) => frame, closeCode = (code) => code }: Twist,
): Promise<{ url: string } & AsyncDisposable> {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/trpc', maxPayload: 4 * 1024 * 1024 })
  wss.on('connection', (client, { url = '', headers }) => {
    const { cookie, authorization } = headers
    const server = new WebSocket(realtimeUrl.replace(/\/trpc$/, url), {
      headers: { ...(cookie && { cookie }), ...(authorization && { authorization }) },
    })
    const early: string[] = []
    client.on('message', (data) => {
      const frame = toServer(String(data))
      if (server.readyState === WebSocket.OPEN) server.send(frame)
      else early.push(frame)
    })
    server.on('open', () => {
      for (const frame of early) server.send(frame)
    })
    server.on('message', (data) => {
      const frame = toClient(String(data))
      if (frame !== null) client.send(frame)
    })
    server.on('close', (code) => client.close(...(code === 1005 || code === 1006 ? [] : [closeCode(code)])))
    client.on('close', () => server.terminate())
    for (const socket of [client, server]) socket.on('error', () => {})
  })
  await new Promise((resolve) => wss.once('listening', resolve))
  return {
    url: `ws://127.0.0.1:${(wss.address() as AddressInfo).port}/trpc`,
    [Symbol.asyncDispose]: async () => {
      for (const client of wss.clients) client.terminate()
      await new Promise((resolve) => wss.close(resolve))
    },
  }
}
