import { openSocket } from './converse'
import { dialectOf, subscribe } from './dialects'

export interface ResumePlan {
  port: number
  token: string
  room: string
  /** Everything after this version is to come. */
  after: number
  /** The room's version, which is how many come when each change made a message. */
  upTo: number
}

/** Follows a room of Roomline from far behind, until all of it is there. */
export async function resume({ port, token, room, after, upTo }: ResumePlan): Promise<{ elapsedMs: number; bytes: number }> {
  const socket = await openSocket({ port, path: dialectOf('roomline').followPath, token }, [])
  try {
    return await new Promise((resolve, reject) => {
      const since = performance.now()
      let version = after
      let bytesReceived = 0
      socket.onClose = (reason) => reject(new Error(`a socket was ${reason} at version ${version}`))
      socket.onText = (bytes, start, end) => {
        // The ids stand at the beginning of each frame, and tell whether one is missing.
        const head = bytes.toString('latin1', start, Math.min(end, start + 90))
        if (head.includes('"started"')) return
        const id = Number(/"data":\{"id":"(\d+)"/.exec(head)?.[1])
        if (id !== version + 1) return reject(new Error(`after version ${version} came ${bytes.toString('utf8', start, end)}`))
        version = id
        bytesReceived += end - start
        if (version === upTo) resolve({ elapsedMs: performance.now() - since, bytes: bytesReceived })
      }
      socket.say(subscribe(room, after))
    })
  } finally {
    socket.drop()
  }
}
