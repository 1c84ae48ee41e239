import { reconnectNotice } from '../../contract/failures'
import { type ChatFailure, failureNamed, failureOfClose, failureOfData } from '../chat-error'
import type { Clock } from '../clock'
import type { Dialled } from './dial'
import { splitFrame, tooBigAnswer } from './frames'
import { destroySocket, listenToSocket, socketStates, type WebSocketLike } from './raw-socket'
import type { Timings } from './timings'

/** Why a socket ended. tRPC makes it the cause of each pending call's error, and `readFailure` finds the failure there. */
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

/** What a watched socket needs from its client. */
export interface SocketHost {
  timings: Timings
  /** Connects and signs in, in as many attempts as it takes. Never settles once the client has ended. */
  connect(): Promise<Dialled>
  onOpen(socket: WatchedSocket, dialled: Dialled): void
  onClosed(socket: WatchedSocket, closed: SocketClosed): void
}

const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const
/** When a timer fires this late, the process was suspended or blocked. */
const lateTimerMs = 1_000

/**
 * The WebSocket that tRPC uses. It opens once a real one has opened and the server has accepted the session on it. It
 * notices when the server has gone silent, and then ends at once instead of waiting for a closing handshake.
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
  #real: WebSocketLike | null = null
  #unsubscribe = () => {}
  /** Who sent the unanswered pings, in order: tRPC sends some of its own. */
  #pings: ('own' | 'tRPC')[] = []
  #lastFrameAt = 0
  /** Whether a ping is unanswered, and whether it is a second one because the process was suspended. */
  #ping: 'none' | 'sent' | 'repeated' = 'none'
  #checkAt = 0
  #timer: unknown
  /** The error that the server has sent before closing the socket. */
  #closeReason: ChatFailure | null = null

  constructor(host: SocketHost) {
    super()
    this.#host = host
    void host.connect().then((dialled) => this.#open(dialled))
  }

  #open(dialled: Dialled): void {
    const { socket, earlyFrames, release } = dialled
    this.#real = socket
    this.readyState = states.OPEN
    this.#unsubscribe = listenToSocket(socket, {
      message: (data) => this.#receive(data),
      close: (code) => this.#end(code, this.#closeReason ?? failureOfClose(code)),
    })
    release()
    this.#lastFrameAt = this.#clock.elapsed()
    this.#checkIn(this.#host.timings.silenceMs)
    this.#host.onOpen(this, dialled)
    if (this.readyState !== states.OPEN) return
    this.dispatchEvent(new Event('open'))
    // tRPC makes this its active socket some microtasks later, and ignores frames until then.
    this.#clock.setTimeout(() => {
      for (const frame of earlyFrames) this.#receive(frame)
    }, 0)
    if (socket.readyState !== socketStates.open) this.#end(1006, failureNamed('DISCONNECTED'))
  }

  send(frame: string): void {
    if (this.readyState !== states.OPEN) return
    if (frame === 'PING') this.#pings.push('tRPC')
    const { frames, tooBig } = splitFrame(frame, this.#host.timings)
    for (const each of frames) this.#real?.send(each)
    if (tooBig.length > 0) queueMicrotask(() => tooBig.forEach((id) => void this.#forward(tooBigAnswer(id))))
  }

  /** Starts the closing handshake, and destroys the socket if it takes too long. */
  close(): void {
    if (this.readyState !== states.OPEN) return
    this.readyState = states.CLOSING
    this.#real?.close()
    this.#clock.clear(this.#timer)
    this.#timer = this.#clock.setTimeout(() => this.#giveUp(), this.#host.timings.closeMs)
  }

  /** Closes without an event to tRPC, which would connect again. Resolves after `closeMs` at the latest. */
  async closeQuietly(): Promise<void> {
    const real = this.#real
    this.#detach()
    if (!real || real.readyState === socketStates.closed) return
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(done, this.#host.timings.closeMs)
      const unsubscribe = listenToSocket(real, { close: done })
      const clock = this.#clock
      real.close()
      function done() {
        clock.clear(timer)
        unsubscribe()
        destroySocket(real as WebSocketLike)
        resolve()
      }
    })
  }

  /** Pings the server now, with less time to answer than usual. */
  probe(answerWithinMs: number): void {
    if (this.readyState !== states.OPEN) return
    if (this.#ping !== 'none' && this.#checkAt <= this.#clock.elapsed() + answerWithinMs) return
    this.#sendPing(answerWithinMs)
  }

  /** Makes tRPC move everything to a new socket, and close this one afterwards. */
  handOver(): void {
    this.#forward(reconnectNotice)
  }

  #receive(data: unknown): void {
    this.#lastFrameAt = this.#clock.elapsed()
    if (this.#ping !== 'none') {
      this.#ping = 'none'
      this.#checkIn(this.#host.timings.silenceMs)
    }
    if (data === 'PONG' && this.#pings.shift() === 'own') return
    if (typeof data === 'string' && data.startsWith('{"id":null,"error"')) {
      const { error } = JSON.parse(data) as { error: { message: string; data?: unknown } }
      this.#closeReason = failureOfData(error.data, error.message)
      return
    }
    this.#forward(data)
  }

  #forward(data: unknown): void {
    if (this.readyState !== states.CLOSED) this.dispatchEvent(new MessageEvent('message', { data }))
  }

  get #clock(): Clock {
    return this.#host.timings.clock
  }

  #checkIn(ms: number): void {
    if (this.readyState !== states.OPEN) return
    this.#clock.clear(this.#timer)
    this.#checkAt = this.#clock.elapsed() + ms
    this.#timer = this.#clock.setTimeout(() => this.#check(), ms)
  }

  #check(): void {
    const { silenceMs, pongMs, pongAfterSleepMs } = this.#host.timings
    const now = this.#clock.elapsed()
    const isLate = now - this.#checkAt > lateTimerMs
    const silentFor = now - this.#lastFrameAt
    if (this.#ping === 'none') {
      if (silentFor < silenceMs) this.#checkIn(silenceMs - silentFor)
      else this.#sendPing(isLate ? pongAfterSleepMs : pongMs)
    } else if (isLate && this.#ping === 'sent') {
      // The answer may have arrived while this process could not read it.
      this.#sendPing(pongAfterSleepMs)
      this.#ping = 'repeated'
    } else this.#giveUp()
  }

  #sendPing(answerWithinMs: number): void {
    this.#ping = 'sent'
    this.#pings.push('own')
    this.#real?.send('PING')
    this.#checkIn(answerWithinMs)
  }

  #giveUp(): void {
    this.#end(1006, failureNamed('DISCONNECTED'))
  }

  #end(code: number, failure: ChatFailure): void {
    if (this.readyState === states.CLOSED) return
    const real = this.#real
    this.#detach()
    if (real) destroySocket(real)
    const closed = new SocketClosed('close', code, failure)
    this.#host.onClosed(this, closed)
    this.dispatchEvent(closed)
  }

  #detach(): void {
    this.readyState = states.CLOSED
    this.#clock.clear(this.#timer)
    this.#unsubscribe()
    this.#real = null
  }
}
