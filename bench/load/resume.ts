import { dialectOf, subscribe } from './dialects'
import { openSocket } from './dialogue'

export interface ResumePlan {
  port: number
  token: string
  room: string
  /** Resume after this version. */
  after: number
  /** The room's latest version. */
  upTo: number
}

/** Follows a Roomline room from far behind until everything has arrived, and checks that no version is missing. */
export async function resume({ port, token, room, after, upTo }: ResumePlan): Promise<{ elapsedMs: number; bytes: number }> {
  const socket = await openSocket({ port, path: dialectOf('roomline').followPath, token }, [])
  try {
    return await new Promise((resolve, reject) => {
      const since = performance.now()
      let version = after
      let bytesReceived = 0
      socket.onClose = (reason) => reject(new Error(`a socket was ${reason} at version ${version}`))
      socket.onText = (bytes, start, end) => {
        // Each frame begins with its event id.
        const head = bytes.toString('latin1', start, Math.min(end, start + 90))
        if (head.includes('"started"')) return
        const id = Number(/"data":\{"id":"(\d+)"/.exec(head)?.[1])
        if (id !== version + 1) return reject(new Error(`unexpected text after version ${version}: ${bytes.toString('utf8', start, end)}`))
        version = id
        bytesReceived += end - start
        if (version === upTo) resolve({ elapsedMs: performance.now() - since, bytes: bytesReceived })
      }
      socket.send(subscribe(room, after))
    })
  } finally {
    socket.destroy()
  }
}
