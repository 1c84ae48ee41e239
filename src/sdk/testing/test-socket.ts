import type { WebSocketClass } from '../connection/raw-socket'
import type { Network } from './network'

/** The server's end of a socket. */
export interface ServerEnd {
  /** A frame has arrived from the client. */
  onFrame(frame: string): void
  /** The client is gone. */
  onGone(): void
}

/** What the server does with a socket. */
export interface ServerSocket {
  isOpen(): boolean
  /** @param stream the call that the frame belongs to: frames of one call arrive in order, whatever is reordered */
  send(frame: string, stream?: string): void
  /** Closes it as a server does: what was sent before still arrives. */
  close(code: number): void
  /** Ends it without a word, as a network that breaks does: what is on its way is lost. */
  cut(): void
}

const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const
/** For frames that belong to no call. */
const noCall = 'no call'

/** @param accept called for each new socket @returns a WebSocket class whose sockets all lead to this server */
export function createSocketClass(network: Network, accept: (socket: ServerSocket, url: string) => ServerEnd): WebSocketClass {
  class TestSocket extends EventTarget {
    static readonly CONNECTING = states.CONNECTING
    static readonly OPEN = states.OPEN
    static readonly CLOSING = states.CLOSING
    static readonly CLOSED = states.CLOSED
    readonly CONNECTING = states.CONNECTING
    readonly OPEN = states.OPEN
    readonly CLOSING = states.CLOSING
    readonly CLOSED = states.CLOSED
    readonly url: string
    readonly protocol = ''
    readonly extensions = ''
    readonly bufferedAmount = 0
    binaryType = 'blob'
    readyState: 0 | 1 | 2 | 3 = states.CONNECTING
    #end: ServerEnd | null = null

    constructor(url: string | URL) {
      super()
      this.url = String(url)
      network.put({
        link: this,
        stream: null,
        arrive: () => {
          this.readyState = states.OPEN
          this.#end = accept(this.#serverSocket(), this.url)
          this.dispatchEvent(new Event('open'))
        },
      })
    }

    send(data: unknown): void {
      if (this.readyState === states.CONNECTING) throw new Error('The socket is not open yet.')
      if (this.readyState !== states.OPEN) return
      // What a client sends is never reordered: it is what its calls mean.
      network.put({ link: this, stream: 'up', arrive: () => this.#end?.onFrame(String(data)) })
    }

    close(code = 1005): void {
      if (this.readyState === states.CLOSING || this.readyState === states.CLOSED) return
      if (!this.#end) {
        this.#finish(1006)
        return
      }
      this.readyState = states.CLOSING
      network.put({
        link: this,
        stream: null,
        arrive: () => {
          this.#leave()
          this.#put(null, () => this.#finish(code))
        },
      })
    }

    /** As in ws: ends at once. */
    terminate(): void {
      this.#cut()
    }

    #serverSocket(): ServerSocket {
      return {
        isOpen: () => this.#end !== null && this.readyState === states.OPEN,
        send: (frame, stream = noCall) => {
          if (this.#end) this.#put(stream, () => this.#receive(frame))
        },
        close: (code) => {
          if (!this.#end) return
          this.#leave()
          this.#put(null, () => this.#finish(code))
        },
        cut: () => this.#cut(),
      }
    }

    #put(stream: string | null, arrive: () => void) {
      network.put({ link: this, stream, arrive })
    }

    #receive(data: string) {
      if (this.readyState === states.OPEN || this.readyState === states.CLOSING) this.dispatchEvent(new MessageEvent('message', { data }))
    }

    #leave() {
      const end = this.#end
      this.#end = null
      end?.onGone()
    }

    #cut() {
      if (this.readyState === states.CLOSED) return
      network.drop(this)
      this.#leave()
      this.readyState = states.CLOSING
      this.#put(null, () => this.#finish(1006))
    }

    #finish(code: number) {
      if (this.readyState === states.CLOSED) return
      network.drop(this)
      this.readyState = states.CLOSED
      this.dispatchEvent(Object.assign(new Event('close'), { code, reason: '', wasClean: code !== 1006 }))
    }
  }
  return TestSocket
}
