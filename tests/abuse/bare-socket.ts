import { WebSocket } from 'ws'

export interface BareSocket {
  socket: WebSocket
  /** Everything that arrived, in order. */
  frames: string[]
  closed: Promise<number>
  /** The exact frame that answers one call, with its id replaced: two calls that are answered alike give the same text. "no answer" when the socket closed. */
  ask(type: 'query' | 'mutation' | 'subscription', path: string, input?: unknown): Promise<string>
}

/** A signed-in socket without a client library on it. */
export async function openBareSocket(url: string, cookie: string): Promise<BareSocket> {
  const socket = new WebSocket(url, { headers: { cookie } })
  // Each call that waits for its answer listens.
  socket.setMaxListeners(0)
  const frames: string[] = []
  socket.on('message', (data) => frames.push(String(data)))
  socket.on('error', () => {})
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  let lastId = 1_000
  return {
    socket,
    frames,
    closed,
    ask: async (type, path, input) => {
      const id = ++lastId
      const answer = await new Promise<string>((resolve) => {
        const onMessage = (data: unknown) => {
          const frame = String(data)
          if (frame.includes(`"id":${id}`)) end(frame.replaceAll(`"id":${id}`, '"id":"the same"'))
        }
        const onClose = () => end('no answer')
        const end = (text: string) => {
          socket.off('message', onMessage).off('close', onClose)
          resolve(text)
        }
        socket.on('message', onMessage).on('close', onClose)
        socket.send(JSON.stringify({ id, method: type, params: { path, input } }))
      })
      if (type === 'subscription') socket.send(JSON.stringify({ id, method: 'subscription.stop' }))
      return answer
    },
  }
}
