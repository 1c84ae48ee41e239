import type { Me } from '../../contract/session'
import { type ChatFailure, failureNamed, failureOfClose, failureOfData } from '../chat-error'
import { drop, listen } from './raw-socket'
import type { Timings } from './timings'

/** A socket on which the server has accepted the session. */
export interface Dialled {
  socket: WebSocket
  me: Me
  /** Other frames that the server sent before `release`. */
  early: string[]
  /** Stops collecting frames. Listen to the socket first. */
  release(): void
}

/** Why an attempt to connect failed. */
export class DialFailure extends Error {
  constructor(
    readonly failure: ChatFailure,
    /** How far it got: no answer, an HTTP answer instead of a socket, a socket that was then closed, or an address that was refused. */
    readonly reached: 'nothing' | 'http' | 'socket' | 'refused',
    /** The HTTP status that came instead of a socket, if the runtime tells us. */
    readonly status: number | null = null,
  ) {
    super(failure.words)
  }
}

/** tRPC's own ids are numbers. */
const helloId = 'hello'
const hello = JSON.stringify({ id: helloId, method: 'query', params: { path: 'session.me' } })

/**
 * One attempt: opens a socket, signs in on it, and waits until the server has accepted the session. While nothing opens,
 * more sockets are opened beside it: on a network that lost the first packets, a new one gets through sooner.
 * @param params what to sign in with; null to rely on the cookie
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
    /** The sockets that are being tried, each with the function that stops listening to it. */
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
        // Keep listening: the next frame may be in the same packet.
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
