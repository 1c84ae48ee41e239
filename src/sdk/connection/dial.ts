import type { Me } from '../../contract/session'
import { type ChatFailure, failureNamed, failureOfClose, failureOfData } from '../chat-error'
import { destroySocket, listenToSocket, type WebSocketClass, type WebSocketLike } from './raw-socket'
import type { Timings } from './timings'

/** A socket on which the server has accepted the session. */
export interface Dialled {
  socket: WebSocketLike
  me: Me
  /** Other frames that arrived before `release`. */
  earlyFrames: string[]
  /** Stops collecting frames. Add your own listener first. */
  release(): void
}

/** Why an attempt to connect failed. */
export class DialFailure extends Error {
  constructor(
    readonly failure: ChatFailure,
    /** How far it got: no answer, an HTTP answer instead of a socket, a socket that was closed, or an address to give up on. */
    readonly reached: 'nothing' | 'http' | 'socket' | 'refused',
    /** The status of an HTTP answer, where the runtime tells it. */
    readonly status: number | null = null,
  ) {
    super(failure.words)
  }
}

// tRPC's own ids are numbers.
const helloId = 'hello'
const hello = JSON.stringify({ id: helloId, method: 'query', params: { path: 'session.me' } })

/**
 * Opens a socket, signs in on it, and waits until the server has accepted the session. While none opens, it opens further
 * sockets: on a network that lost the first packets, a new one gets through sooner.
 * @param options `params`: the connection parameters of tRPC. Without a token in them, the cookie counts
 * @throws {DialFailure}
 */
export function dial({
  url,
  params,
  Socket,
  timings,
  signal,
}: {
  url: string
  params: Record<string, string>
  Socket: WebSocketClass
  timings: Timings
  signal: AbortSignal
}): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    /** The sockets that may still open, each with its unsubscribe function. */
    const candidates = new Map<WebSocketLike, () => void>()
    const earlyFrames: string[] = []
    let opened: WebSocketLike | null = null
    const { clock } = timings
    const opening = clock.setInterval(openSocket, timings.extraSocketEveryMs)
    const deadline = clock.setTimeout(() => fail(failureNamed('TIMED_OUT'), opened ? 'socket' : 'nothing'), timings.attemptMs)
    signal.addEventListener('abort', onAbort)
    openSocket()

    function openSocket() {
      let socket: WebSocketLike
      try {
        socket = new Socket(withParams(url))
      } catch (error) {
        return fail(failureNamed('UNKNOWN', { words: String(error instanceof Error ? error.message : error) }), 'nothing')
      }
      const unsubscribe = listenToSocket(socket, {
        open: () => {
          opened = socket
          clock.clear(opening)
          destroyOthers(socket)
          socket.send(JSON.stringify({ method: 'connectionParams', data: params }))
          socket.send(hello)
        },
        message: (data) => {
          if (typeof data === 'string') read(socket, data)
        },
        error: (message) => {
          const status = /Unexpected server response: (\d{3})/.exec(message)?.[1]
          if (status) fail(failureNamed('DISCONNECTED'), 'http', Number(status))
        },
        close: (code) => {
          candidates.get(socket)?.()
          candidates.delete(socket)
          if (candidates.size === 0) fail(failureOfClose(code), socket === opened ? 'socket' : 'nothing')
        },
      })
      candidates.set(socket, unsubscribe)
    }

    function read(socket: WebSocketLike, data: string) {
      const release = candidates.get(socket)
      if (!release) return void earlyFrames.push(data)
      const { id, result, error } = parse(data)
      if (id === helloId && result) {
        // Not released yet: the next frame may be in the same packet.
        candidates.delete(socket)
        finish()
        resolve({ socket, me: result.data, earlyFrames, release })
      } else if (error && (id === helloId || id === null)) fail(failureOfData(error.data, error.message), 'socket')
      else earlyFrames.push(data)
    }

    function fail(failure: ChatFailure, reached: DialFailure['reached'], status: number | null = null) {
      finish()
      reject(new DialFailure(failure, reached, status))
    }

    function onAbort() {
      finish()
      reject(signal.reason)
    }

    function finish() {
      clock.clear(opening)
      clock.clear(deadline)
      signal.removeEventListener('abort', onAbort)
      destroyOthers(null)
    }

    function destroyOthers(kept: WebSocketLike | null) {
      for (const [socket, unsubscribe] of candidates) {
        if (socket === kept) continue
        unsubscribe()
        candidates.delete(socket)
        destroySocket(socket)
      }
    }
  })
}

interface Answer {
  id?: unknown
  result?: { data: Me }
  error?: { message: string; data?: unknown }
}

function parse(frame: string): Answer {
  try {
    return (JSON.parse(frame) ?? {}) as Answer
  } catch {
    return {}
  }
}

const withParams = (url: string) => `${url}${url.includes('?') ? '&' : '?'}connectionParams=1`
