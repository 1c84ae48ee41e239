import { EventEmitter, once } from 'node:events'
import type { Duplex } from 'node:stream'
import { initTRPC } from '@trpc/server'
import { type Encoder, getWSConnectionHandler, jsonEncoder } from '@trpc/server/adapters/ws'
import { type RawData, WebSocket } from 'ws'
import { Failure } from '../../contract/failures'
import { encodeHead } from './event-frames'
import type { Outlet } from './outlet'

/*
 * What Roomline knows of tRPC's adapter and of ws beyond their documents stands in this file. Of the adapter, `canTakeOver`
 * finds out whether it is still so; where it is not, subscriptions go the plain way.
 *
 * A procedure whose stream has nothing but a `Takeover` to yield gets it to its client's socket: the adapter hands every
 * response to the encoder, and what the encoder made of it to the socket's `send`. The stream then ends, which lets go of
 * all that the adapter keeps for it, and the adapter's word that it has stopped is not sent. From there on the frames of
 * the subscription are written to the wire below ws. They never cut into one of ws' own, because without compression ws
 * writes each frame as a whole before `send` returns.
 */

/** A subscription that is to go on past tRPC's loop. */
export interface TakenSubscription {
  /** Begins to write to the outlet. */
  serve(outlet: Outlet): void
  /** Nobody listens any more. */
  close(): void
  /** Of the procedure. */
  readonly path: string
}

/** Who began to close a socket; `network` when it just broke. */
export type ClosedBy = 'server' | 'client' | 'network'

/** Who answers for a socket. */
export interface SocketOwner {
  receive(data: RawData, isBinary: boolean): void
  answered(): void
  /** Most of what waited for the client has been taken. */
  drained(): void
  /** How to close it when what should have said who connects was no such thing. */
  malformedCode(): number
  /** It is about to be closed with this code: what is sent now still arrives before it. */
  closing(by: ClosedBy, code: number): void
  closed(): void
  /** What the client is told of an error that ended a subscription. */
  describe(error: unknown, path: string): unknown
}

class Takeover {
  constructor(readonly subscription: TakenSubscription) {}
}

class Offer {
  constructor(
    readonly id: number | string,
    readonly head: string,
    readonly subscription: TakenSubscription,
  ) {}
}

class Stopped {
  constructor(
    readonly id: number | string,
    readonly text: string,
  ) {}
}

/** The stream for tRPC of a subscription that is taken over from it. */
export function takeOver(subscription: TakenSubscription): AsyncIterable<never> {
  async function* offer() {
    yield new Takeover(subscription) as never
  }
  return offer()
}

/** tRPC's own, but for what `ClientSocket.send` has to see. */
export const takeoverEncoder: Encoder = {
  decode: jsonEncoder.decode,
  encode: (response) => {
    const { id, result } = response as { id: number | string; result?: { type?: string; data?: unknown } }
    // The adapter only passes on what is returned here, whatever the types say.
    if (result?.data instanceof Takeover) return new Offer(id, encodeHead(response as never), result.data.subscription) as never
    const text = JSON.stringify(response)
    return result?.type === 'stopped' ? (new Stopped(id, text) as never) : text
  },
}

/** What may wait for one client before its streams and answers wait too; what is under way comes on top. */
export const manyBytes = 512 * 1024

/** What RFC 6455 reports for a close frame without a code. */
const noCode = 1005
/** A socket that broke without a close frame. */
const brokenCode = 1006

const noOutlets: SocketOutlet[] = []

/** A subscription's id stands in each of its frames: one of many thousand characters would make them as long. */
const maxHead = 128

/** The server's end of a client's WebSocket: it has a bound on what waits in it, and serves what was taken over from tRPC. */
export class ClientSocket extends WebSocket {
  owner: SocketOwner | null = null
  #wire: Duplex | null = null
  #outlets: SocketOutlet[] = noOutlets
  #isJoining = false
  #isClosing = false
  #drained: { promise: Promise<void>; resolve: () => void } | null = null

  /** @param wire what this WebSocket writes to */
  attach(wire: Duplex, owner: SocketOwner): void {
    this.owner = owner
    this.#wire = wire
    // Shared functions, and not closures: there are very many sockets.
    this.on('message', onMessage)
    this.on('pong', onPong)
    this.on('close', onClose)
    Object.assign(wire, { [socketOfWire]: this }).on('drain', onDrain)
  }

  drained(): void {
    this.#drained?.resolve()
    this.#drained = null
    this.owner?.drained()
  }

  closed(): void {
    this.#beginClosing('network', brokenCode)
    const outlets = this.#outlets
    this.#outlets = noOutlets
    for (const outlet of outlets) outlet.subscription.close()
    this.drained()
    this.owner?.closed()
  }

  isReadable(): boolean {
    return (this.#wire?.writableLength ?? 0) < manyBytes
  }

  /** Resolves when the client has read most of what was written to it, or is gone; undefined when it has already. */
  untilReadable(): Promise<void> | undefined {
    if (this.isReadable() || this.readyState !== WebSocket.OPEN) return undefined
    this.#drained ??= withResolver()
    return this.#drained.promise
  }

  override send(data: unknown, ...rest: unknown[]): void {
    if (data instanceof Offer) {
      this.#serve(data)
      return
    }
    this.joinWrites()
    if (data instanceof Stopped) {
      if (!this.#find(data.id)) super.send(data.text)
    } else (super.send as (...all: unknown[]) => void)(data, ...rest)
  }

  /**
   * ws calls it too: to answer a client's close frame, without a code where the client gave none, and for a frame that
   * breaks the protocol. An answer carries the client's own code: any other would tell it something that is not so.
   */
  override close(code?: number, reason?: string | Buffer): void {
    if (hasReceivedClose(this)) {
      this.#beginClosing('client', code ?? noCode)
      super.close(code, reason)
      return
    }
    // tRPC closes without a code when it could not read the sign-in frame.
    const own = code ?? this.owner?.malformedCode() ?? 1008
    this.#beginClosing('server', own)
    super.close(own, reason)
  }

  #beginClosing(by: ClosedBy, code: number): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.owner?.closing(by, code)
  }

  /** How big a message of the client may be from now on. */
  setMaxMessageBytes(bytes: number): void {
    // Where a later release of ws keeps it elsewhere, what it was made with stays in force.
    const { _receiver: receiver } = this as unknown as { _receiver?: { _maxPayload?: number } }
    if (receiver) receiver._maxPayload = bytes
  }

  /** Stops what a frame of the client asks to stop, if it was taken over: tRPC does not know of it any more. */
  stopAsked(frame: Buffer): void {
    if (this.#outlets.length === 0 || !frame.includes('stop"')) return
    let asked: unknown
    try {
      asked = JSON.parse(frame.toString())
    } catch {
      return
    }
    for (const call of Array.isArray(asked) ? asked : [asked]) {
      if (call?.method === 'subscription.stop') this.#find(call.id)?.stop()
    }
  }

  /** Below ws, and only between its frames. */
  writeFrames(frames: Buffer): void {
    if (this.readyState === WebSocket.OPEN) this.#wire?.write(frames)
  }

  /** What is written before the running callback has come to its end goes out in one write. */
  joinWrites(): void {
    if (this.#isJoining || !this.#wire) return
    this.#isJoining = true
    this.#wire.cork()
    if (joining.push(this) === 1) process.nextTick(writeJoined)
  }

  writeJoined(): void {
    this.#isJoining = false
    this.#wire?.uncork()
  }

  forget(outlet: SocketOutlet): void {
    this.#outlets = this.#outlets.filter((other) => other !== outlet)
  }

  #find(id: unknown): SocketOutlet | undefined {
    return this.#outlets.find((outlet) => outlet.id === id)
  }

  #serve({ id, head, subscription }: Offer): void {
    if (this.readyState !== WebSocket.OPEN) {
      subscription.close()
      return
    }
    if (head.length > maxHead) {
      subscription.close()
      const tooLong = new Failure('BAD_REQUEST', { fields: { id: `must have at most ${maxHead} characters` } })
      this.send(errorFrame(head, this.owner?.describe(tooLong, subscription.path)))
      return
    }
    const outlet = new SocketOutlet(this, id, head, subscription)
    const replaced = this.#find(id)
    if (replaced) {
      this.forget(replaced)
      replaced.subscription.close()
    }
    this.#outlets = this.#outlets.length === 0 ? [outlet] : [...this.#outlets, outlet]
    subscription.serve(outlet)
  }
}

/** Whether a close frame of the client has come. ws notes it before it answers. */
const hasReceivedClose = (socket: WebSocket) => (socket as unknown as { _closeFrameReceived: boolean })._closeFrameReceived

const socketOfWire = Symbol('the WebSocket of this wire')

function onDrain(this: Duplex & { [socketOfWire]?: ClientSocket }) {
  this[socketOfWire]?.drained()
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean) {
  if (this instanceof ClientSocket) this.owner?.receive(data, isBinary)
}

function onPong(this: WebSocket) {
  if (this instanceof ClientSocket) this.owner?.answered()
}

function onClose(this: WebSocket) {
  if (this instanceof ClientSocket) this.closed()
}

let joining: ClientSocket[] = []

function writeJoined() {
  const sockets = joining
  joining = []
  for (const socket of sockets) socket.writeJoined()
}

const errorFrame = (head: string, shape: unknown) => `${head},"error":${JSON.stringify(shape)}}`

class SocketOutlet implements Outlet {
  constructor(
    private readonly socket: ClientSocket,
    readonly id: number | string,
    readonly head: string,
    readonly subscription: TakenSubscription,
  ) {}

  isReadable(): boolean {
    return this.socket.isReadable()
  }

  untilReadable(): Promise<void> | undefined {
    return this.socket.untilReadable()
  }

  joinWrites(): void {
    this.socket.joinWrites()
  }

  write(frames: Buffer): void {
    this.socket.writeFrames(frames)
  }

  /** As tRPC ends a stream that threw. */
  fail(error: unknown): void {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(errorFrame(this.head, this.socket.owner?.describe(error, this.subscription.path)))
    }
    this.stop()
  }

  stop(): void {
    this.socket.forget(this)
    this.subscription.close()
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(`${this.head},"result":{"type":"stopped"}}`)
  }
}

function withResolver() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** Whether this release of tRPC's adapter hands an offer to the socket and says afterwards that the stream has stopped. */
export async function canTakeOver(handlerFor: typeof getWSConnectionHandler = getWSConnectionHandler): Promise<boolean> {
  const trpc = initTRPC.create()
  const nothing: TakenSubscription = { serve: () => {}, close: () => {}, path: 'probe' }
  const router = trpc.router({ probe: trpc.procedure.subscription(() => takeOver(nothing)) })
  const sent: unknown[] = []
  const socket = Object.assign(new EventEmitter(), {
    readyState: WebSocket.OPEN,
    send: (data: unknown) => {
      sent.push(data)
      if (sent.length === 3) socket.emit('probed')
    },
    close: () => {},
  })
  const probed = once(socket, 'probed', { signal: AbortSignal.timeout(1_000) })
  handlerFor({ router, wss: null as never, experimental_encoder: takeoverEncoder })(
    socket as never,
    { url: '/', headers: { host: 'localhost' } } as never,
  )
  socket.emit('message', Buffer.from('{"id":1,"method":"subscription","params":{"path":"probe"}}'), false)
  await probed.catch(() => {})
  socket.emit('close')
  const [started, offer, stopped] = sent
  return started === '{"id":1,"result":{"type":"started"}}' && offer instanceof Offer && stopped instanceof Stopped && sent.length === 3
}
