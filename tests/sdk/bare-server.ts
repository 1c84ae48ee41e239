import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { Failure, type FailureName } from '../../src/contract/failures'
import { errorFrame } from '../../src/server/trpc'

type Call = { id: number | string; method: string; params?: { path: string; input?: unknown } }

interface BareServerOptions {
  port?: number
  /** Decides about a sign-in. @returns how long the session lasts, or why it is rejected */
  accept?(params: Record<string, string>): { lastsMs: number } | FailureName
  /** Whether a call is answered. Default: every call. */
  answers?(call: Call): boolean
  allowedOrigins?: string[]
  /** A frame sent right after the answer to each sign-in. */
  afterHello?(opened: number): string | null
  /** The close code in answer to a client's. Default: the same. */
  farewell?: number
}

/** A realtime server reduced to its frames, which the test controls. */
export interface BareServer extends AsyncDisposable {
  port: number
  url: string
  sockets: Set<WebSocket>
  /** The frames of each socket that was opened. */
  opened: { socket: WebSocket; frames: string[]; params: Record<string, string> }[]
  closedWith: number[]
  /** Stops reading and writing on the open sockets. */
  freeze(): void
  close(): Promise<void>
}

export async function startBareServer({
  port = 0,
  accept = () => ({ lastsMs: 3_600_000 }),
  answers = () => true,
  allowedOrigins = [],
  afterHello = () => null,
  farewell,
}: BareServerOptions = {}): Promise<BareServer> {
  const sockets = new Set<WebSocket>()
  const opened: BareServer['opened'] = []
  const closedWith: number[] = []
  const pathOf = ({ url = '' }: IncomingMessage) => url.split('?')[0]
  const isForeign = ({ headers }: IncomingMessage) => headers.origin !== undefined && !allowedOrigins.includes(headers.origin)

  const http = createServer((request, response) => {
    const failure = isForeign(request) ? 'FOREIGN_ORIGIN' : pathOf(request) === '/trpc' ? 'METHOD_NOT_ALLOWED' : 'NO_SUCH_PROCEDURE'
    const status = { FOREIGN_ORIGIN: 403, METHOD_NOT_ALLOWED: 426, NO_SUCH_PROCEDURE: 404 }[failure]
    response.writeHead(status, { 'content-type': 'application/json', 'access-control-allow-origin': '*' })
    response.end(JSON.stringify({ error: { code: failure, message: '' } }))
  })
  const wss = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 })
  http.on('upgrade', (request, wire, head) => {
    const refusal = pathOf(request) !== '/trpc' ? '404 Not Found' : isForeign(request) ? '403 Forbidden' : null
    if (refusal) return wire.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    wss.handleUpgrade(request, wire, head, (socket) => serve(socket, request))
  })

  function serve(socket: WebSocket, request: IncomingMessage) {
    const log: BareServer['opened'][number] = { socket, frames: [], params: {} }
    const close = socket.close.bind(socket)
    // ws calls it without a code to answer a client's closing handshake.
    socket.close = (code = farewell, reason) => close(code, reason)
    sockets.add(socket)
    opened.push(log)
    socket.on('error', () => {})
    socket.on('close', (code) => {
      sockets.delete(socket)
      closedWith.push(code)
    })
    let session = request.url?.includes('connectionParams=1') ? null : accept({})
    if (session) refuseIfNeeded()
    socket.on('message', (data) => {
      const frame = String(data)
      log.frames.push(frame)
      if (frame === 'PING') return socket.send('PONG')
      if (typeof session === 'string') return
      const calls: Call[] = [JSON.parse(frame)].flat()
      for (const call of calls) {
        if (call.method === 'connectionParams') {
          log.params = (call as unknown as { data: Record<string, string> }).data
          session = accept(log.params)
          if (refuseIfNeeded()) return
        } else if (!answers(call)) continue
        else if (call.params?.path === 'session.me') {
          const behind = call.id === 'hello' ? afterHello(opened.length) : null
          // Both in one packet.
          const wire = (socket as unknown as { _socket: Socket })._socket
          wire.cork()
          socket.send(JSON.stringify({ id: call.id, result: { type: 'data', data: me() } }))
          if (behind) socket.send(behind)
          wire.uncork()
        } else if (call.method === 'subscription') socket.send(JSON.stringify({ id: call.id, result: { type: 'started' } }))
        else if (call.method !== 'subscription.stop') socket.send(JSON.stringify({ id: call.id, result: { type: 'data', data: null } }))
      }
    })

    function refuseIfNeeded(): boolean {
      if (typeof session !== 'string') return false
      socket.send(errorFrame(new Failure(session)))
      const codes: Partial<Record<FailureName, number>> = { UNAUTHORIZED: 4401, ANOTHER_USER: 4403, TOO_MANY_CONNECTIONS: 4429 }
      socket.close(codes[session] ?? 1012)
      return true
    }
    const me = () => {
      if (!session || typeof session === 'string') throw new Error('a call before the session')
      const now = Date.now()
      const user = { id: 'ada', username: 'ada', displayName: 'Ada', avatar: null }
      return {
        user,
        uid: 'uid',
        sessionId: 's',
        serverTime: new Date(now).toISOString(),
        expiresAt: new Date(now + session.lastsMs).toISOString(),
      }
    }
  }

  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  const address = http.address() as AddressInfo
  const close = async () => {
    for (const socket of sockets) socket.terminate()
    const closed = new Promise((resolve) => http.close(resolve))
    http.closeAllConnections()
    await closed
  }
  return {
    port: address.port,
    url: `ws://127.0.0.1:${address.port}/trpc`,
    sockets,
    opened,
    closedWith,
    freeze: () => {
      for (const socket of sockets) socket.pause()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
