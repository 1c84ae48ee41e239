import type { Me } from '../../contract/session'
import { type ChatFailure, failureNamed, failureOfClose, failureOfData } from '../chat-error'
import { drop, listen } from './raw-socket'
import type { Timings } from './timings'

/** A socket on which the server has accepted the session. */
export interface Dialled {
  socket: WebSocket
  me: Me
  /** What the server has sent beside its answer, until `release`. */
  early: string[]
  /** Stops listening to the socket here: what comes later is for whoever listens by then. */
  release(): void
}

/** Why an attempt to connect failed. */
export class DialFailure extends Error {
  constructor(
    readonly failure: ChatFailure,
    /** How far it got: nothing answered, an answer over HTTP instead of a socket, a socket that was then refused, or the wrong place. */
    readonly reached: 'nothing' | 'http' | 'socket' | 'refused',
    /** The HTTP status that came instead of a socket, where the runtime tells. */
    readonly status: number | null = null,
  ) {
    super(failure.words)
  }
}

/** An id that tRPC never uses: it counts. */
const helloId = 'hello'
const hello = JSON.stringify({ id: helloId, method: 'query', params: { path: 'session.me' } })

/**
 * One attempt: opens a socket, signs in on it, and waits until the server has accepted the session. While nothing opens,
 * other sockets are tried beside it, because a network that swallowed the first packets answers later ones sooner.
 * @param params what is sent to sign in; null where the cookie says it all
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
  params: Record<string, string> | null
  Socket: typeof WebSocket
  timings: Timings
  signal: AbortSignal
}): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    /** The sockets that are being tried, each with the off of its listeners. */
    const tried = new Map<WebSocket, () => void>()
    const early: string[] = []
    let opened: WebSocket | null = null
    const beside = setInterval(tryOne, timings.besideMs)
    const deadline = setTimeout(() => fail(failureNamed('TIMED_OUT'), opened ? 'socket' : 'nothing'), timings.attemptMs)
    signal.addEventListener('abort', onAbort)
    tryOne()

    function tryOne() {
      let socket: WebSocket
      try {
        socket = new Socket(params ? withParams(url) : url)
      } catch (error) {
        return fail(failureNamed('UNKNOWN', { words: String(error instanceof Error ? error.message : error) }), 'nothing')
      }
      const off = listen(socket, {
        open: () => {
          opened = socket
          clearInterval(beside)
          dropAll(socket)
          if (params) socket.send(JSON.stringify({ method: 'connectionParams', data: params }))
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
          tried.get(socket)?.()
          tried.delete(socket)
          if (tried.size === 0) fail(failureOfClose(code), socket === opened ? 'socket' : 'nothing')
        },
      })
      tried.set(socket, off)
    }

    function read(socket: WebSocket, data: string) {
      const release = tried.get(socket)
      if (!release) return void early.push(data)
      const { id, result, error } = parse(data)
      if (id === helloId && result) {
        // Still listened to: the next frame may be in the same packet.
        tried.delete(socket)
        finish()
        resolve({ socket, me: result.data, early, release })
      } else if (error && (id === helloId || id === null)) fail(failureOfData(error.data, error.message), 'socket')
      else early.push(data)
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
      clearInterval(beside)
      clearTimeout(deadline)
      signal.removeEventListener('abort', onAbort)
      dropAll(null)
    }

    function dropAll(except: WebSocket | null) {
      for (const [socket, off] of tried) {
        if (socket === except) continue
        off()
        tried.delete(socket)
        drop(socket)
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
