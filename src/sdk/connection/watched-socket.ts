import { type ChatFailure, failureNamed, failureOfClose, failureOfData } from '../chat-error'
import type { Dialled } from './dial'
import { splitFrame, tooBigAnswer } from './frames'
import { drop, listen } from './raw-socket'
import type { Timings } from './timings'

/** Why a socket ended. tRPC makes it the cause of each pending call's error, where `readFailure` finds the failure. */
export class SocketClosed extends Event {
  constructor(
    type: 'close' | 'error',
    readonly code: number,
    readonly failure: ChatFailure,
  ) {
    super(type)
  }

  get message(): string {
    return this.failure.words
  }
}

/** What a watched socket needs of the client that it belongs to. */
export interface SocketHost {
  timings: Timings
  /** Connects and signs in, however many attempts that takes. Never settles once the client has ended. */
  connect(): Promise<Dialled>
  onOpen(socket: WatchedSocket, dialled: Dialled): void
  onClosed(socket: WatchedSocket, closed: SocketClosed): void
}

const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const
/** A timer that fires this late means that the process was asleep or blocked. */
const lateMs = 1_000
const reconnectNotice = '{"id":null,"method":"reconnect"}'

/**
 * The WebSocket that tRPC gets. It opens only when a real one has and the server has accepted the session on it; it
 * notices when its server has gone silent, and then ends at once instead of waiting for a closing handshake.
 */
export class WatchedSocket extends EventTarget {
  static readonly CONNECTING = states.CONNECTING
  static readonly OPEN = states.OPEN
  static readonly CLOSING = states.CLOSING
  static readonly CLOSED = states.CLOSED
  readonly CONNECTING = states.CONNECTING
  readonly OPEN = states.OPEN
  readonly CLOSING = states.CLOSING
  readonly CLOSED = states.CLOSED
  binaryType = 'arraybuffer'
  readyState: 0 | 1 | 2 | 3 = states.CONNECTING
  readonly #host: SocketHost
  #real: WebSocket | null = null
  #unlisten = () => {}
  /** Who sent the pings that are not answered yet, in order: tRPC sends some of its own. */
  #pings: ('own' | 'tRPC')[] = []
  #heardAt = 0
  /** Whether a ping is unanswered, and whether that is the one after waking up. */
  #asked: 'no' | 'yes' | 'graced' = 'no'
  #dueAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Why the server is about to close the socket, as it said. */
  #refusal: ChatFailure | null = null

  constructor(host: SocketHost) {
    super()
    this.#host = host
    void host.connect().then((dialled) => this.#open(dialled))
  }

  #open(dialled: Dialled): void {
    const { socket, early, release } = dialled
    this.#real = socket
    this.readyState = states.OPEN
    this.#unlisten = listen(socket, {
      message: (data) => this.#receive(data),
      close: (code) => this.#end(code, this.#refusal ?? failureOfClose(code)),
    })
    release()
    this.#heardAt = performance.now()
    this.#judgeIn(this.#host.timings.silenceMs)
    this.#host.onOpen(this, dialled)
    if (this.readyState !== states.OPEN) return
    this.dispatchEvent(new Event('open'))
    // tRPC makes this its active socket some microtasks later, and ignores notices until then.
    setTimeout(() => {
      for (const frame of early) this.#receive(frame)
    })
    if (socket.readyState !== socket.OPEN) this.#end(1006, failureNamed('DISCONNECTED'))
  }

  send(frame: string): void {
    if (this.readyState !== states.OPEN) return
    if (frame === 'PING') this.#pings.push('tRPC')
    const { frames, tooBig } = splitFrame(frame, this.#host.timings)
    for (const each of frames) this.#real?.send(each)
    if (tooBig.length > 0) queueMicrotask(() => tooBig.forEach((id) => void this.#pass(tooBigAnswer(id))))
  }

  /** Starts the closing handshake, and gives up on it soon. */
  close(): void {
    if (this.readyState !== states.OPEN) return
    this.readyState = states.CLOSING
    this.#real?.close()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#abandon(), this.#host.timings.closeMs)
  }

  /** Closes without telling tRPC, which would connect again. Resolves within a bounded time, whatever the network does. */
  async leave(): Promise<void> {
    const real = this.#real
    this.#forget()
    if (!real || real.readyState === real.CLOSED) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, this.#host.timings.closeMs)
      const unlisten = listen(real, { close: done })
      real.close()
      function done() {
        clearTimeout(timer)
        unlisten()
        drop(real as WebSocket)
        resolve()
      }
    })
  }

  /** Pings the server now, and gives it less time than usual. */
  probe(answerWithinMs: number): void {
    if (this.readyState !== states.OPEN) return
    if (this.#asked !== 'no' && this.#dueAt <= performance.now() + answerWithinMs) return
    this.#ask(answerWithinMs)
  }

  /** Makes tRPC move everything to a new socket, and keep this one until that is done. */
  handOver(): void {
    this.#pass(reconnectNotice)
  }

  #receive(data: unknown): void {
    this.#heardAt = performance.now()
    if (this.#asked !== 'no') {
      this.#asked = 'no'
      this.#judgeIn(this.#host.timings.silenceMs)
    }
    if (data === 'PONG' && this.#pings.shift() === 'own') return
    if (typeof data === 'string' && data.startsWith('{"id":null,"error"')) {
      const { error } = JSON.parse(data) as { error: { message: string; data?: unknown } }
      this.#refusal = failureOfData(error.data, error.message)
      return
    }
    this.#pass(data)
  }

  #pass(data: unknown): void {
    if (this.readyState !== states.CLOSED) this.dispatchEvent(new MessageEvent('message', { data }))
  }

  #judgeIn(ms: number): void {
    if (this.readyState !== states.OPEN) return
    clearTimeout(this.#timer)
    this.#dueAt = performance.now() + ms
    this.#timer = setTimeout(() => this.#judge(), ms)
  }

  #judge(): void {
    const { silenceMs, answerMs, graceMs } = this.#host.timings
    const now = performance.now()
    const isLate = now - this.#dueAt > lateMs
    const silentFor = now - this.#heardAt
    if (this.#asked === 'no') {
      if (silentFor < silenceMs) this.#judgeIn(silenceMs - silentFor)
      else this.#ask(isLate ? graceMs : answerMs)
    } else if (isLate && this.#asked === 'yes') {
      // The answer may have arrived while this process could not read it.
      this.#ask(graceMs)
      this.#asked = 'graced'
    } else this.#abandon()
  }

  #ask(answerWithinMs: number): void {
    this.#asked = 'yes'
    this.#pings.push('own')
    this.#real?.send('PING')
    this.#judgeIn(answerWithinMs)
  }

  #abandon(): void {
    this.#end(1006, failureNamed('DISCONNECTED'))
  }

  #end(code: number, failure: ChatFailure): void {
    if (this.readyState === states.CLOSED) return
    const real = this.#real
    this.#forget()
    if (real) drop(real)
    const closed = new SocketClosed('close', code, failure)
    this.#host.onClosed(this, closed)
    this.dispatchEvent(closed)
  }

  #forget(): void {
    this.readyState = states.CLOSED
    clearTimeout(this.#timer)
    this.#unlisten()
    this.#real = null
  }
}
