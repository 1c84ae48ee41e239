import { EventEmitter, once } from 'node:events'
import { type Duplex, Writable } from 'node:stream'
import { initTRPC } from '@trpc/server'
import { type Encoder, getWSConnectionHandler, jsonEncoder } from '@trpc/server/adapters/ws'
import { type RawData, WebSocket } from 'ws'
import { Failure } from '../../contract/failures'
import { encodeHead } from './event-frames'
import type { SubscriptionWriter } from './subscription-writer'

/*
 * Direct delivery: the events of a subscription are written straight to its client's socket instead of going through tRPC's
 * loop. Everything that Roomline relies on beyond the documentation of tRPC's adapter and of ws is in this file. For the
 * adapter, `canDeliverDirectly` checks at the start that it still holds; if not, subscriptions fall back to tRPC's loop.
 *
 * It works like this. The procedure's stream yields a single `DirectDelivery`. The adapter passes every response to the
 * encoder, and the encoder's result to the socket's `send`, which so receives a `DirectResponse`. The stream then ends,
 * which frees everything that the adapter keeps for it, and the adapter's message that it has stopped is not sent. From
 * then on the frames of the subscription are written to the network stream below ws. They cannot end up inside one of ws'
 * own frames, because without compression ws writes each frame as a whole before `send` returns.
 */

/** A subscription that is delivered directly. */
export interface DirectSubscription {
  /** Starts writing to the client. */
  start(writer: SubscriptionWriter): void
  /** The client is gone, or has stopped the subscription. */
  close(): void
  /** The path of the procedure. */
  readonly path: string
}

/** Who started closing a socket; `network` when the connection broke. */
export type ClosedBy = 'server' | 'client' | 'network'

/** The connection that a socket belongs to. */
export interface SocketOwner {
  /** The network brought this. @returns false to read no further until `readOn` */
  onBytes(bytes: Buffer): boolean
  /** `takeApart` found a message. */
  onMessage(data: RawData, isBinary: boolean): void
  /** `takeApart` found a ping, which has been answered, or a pong. */
  onControlFrame(): void
  /** This much was written as the answer to a call. */
  onAnswer(characters: number): void
  /** The client has read most of what was waiting for it. */
  onDrained(): void
  /** The close code for a malformed sign-in frame. */
  malformedCode(): number
  /** The socket is about to be closed with this code. What is sent now still arrives before the close. */
  onClosing(by: ClosedBy, code: number): void
  onClosed(): void
  /** The error shape that the client gets when this error ends a subscription. */
  describeError(error: unknown, path: string): unknown
}

class DirectDelivery {
  constructor(readonly subscription: DirectSubscription) {}
}

class DirectResponse {
  constructor(
    readonly id: number | string,
    readonly head: string,
    readonly subscription: DirectSubscription,
  ) {}
}

class StoppedResponse {
  constructor(
    readonly id: number | string,
    readonly text: string,
  ) {}
}

/** Stands for a call that is passed to tRPC's adapter without being parsed again. */
const singleCall = Buffer.alloc(0)
let callBeingRun: unknown

/** The stream that a procedure returns to tRPC for a subscription that is delivered directly. */
export function deliverDirectly(subscription: DirectSubscription): AsyncIterable<never> {
  async function* stream() {
    yield new DirectDelivery(subscription) as never
  }
  return stream()
}

/** tRPC's own encoder, except for what `ClientSocket.send` has to recognize. */
export const directDeliveryEncoder: Encoder = {
  decode: (data) => (data === singleCall ? callBeingRun : jsonEncoder.decode(data)),
  encode: (response) => {
    const { id, result } = response as { id: number | string; result?: { type?: string; data?: unknown } }
    // The types say string, but the adapter only passes the result on.
    if (result?.data instanceof DirectDelivery)
      return new DirectResponse(id, encodeHead(response as never), result.data.subscription) as never
    const text = JSON.stringify(response)
    return result?.type === 'stopped' ? (new StoppedResponse(id, text) as never) : text
  },
}

/** When this much is waiting for one client, its streams and answers wait too. What is already on its way comes on top. */
export const maxBufferedBytes = 512 * 1024

/** RFC 6455: the close frame had no code. */
const noCode = 1005
/** RFC 6455: the connection broke without a close frame. */
const brokenCode = 1006

const noWriters: SocketWriter[] = []

/** A subscription's id is part of each of its frames, so its length is limited. */
const maxHeadLength = 128

/** The server's end of a client's WebSocket. It limits how much may wait in it, and delivers subscriptions directly. */
export class ClientSocket extends WebSocket {
  owner: SocketOwner | null = null
  #wire: Duplex | null = null
  #writers: SocketWriter[] = noWriters
  #isJoining = false
  #isClosing = false
  #drained: { promise: Promise<void>; resolve: () => void } | null = null

  /** @param wire the network stream of this WebSocket */
  attach(wire: Duplex, owner: SocketOwner): void {
    this.owner = owner
    this.#wire = wire
    // Shared functions instead of closures: there are very many sockets.
    this.on('close', onClose)
    Object.assign(wire, { [socketOfWire]: this }).on('drain', onDrain)
    // ws passes all bytes to its receiver's `write`, and stops reading when that returns false.
    Object.assign(receiverOf(this), { [socketOfReceiver]: this, write: onBytes })
  }

  /** Takes bytes of the network apart into messages and control frames. */
  takeApart(bytes: Buffer): void {
    const receiver = receiverOf(this)
    // After a close frame or a broken one there is nothing more to read.
    if (!receiver.writableEnded && !receiver.destroyed) write.call(receiver, bytes)
  }

  /** Reads on after `onBytes` returned false, or after a pause. */
  readOn(): void {
    if (this.isPaused) this.resume()
    else receiverOf(this).emit('drain')
  }

  /** ws passes on here what it found in the bytes. tRPC's adapter listens too, but gets only what the owner passes to `run`. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'message') this.owner?.onMessage(args[0] as RawData, args[1] === true)
    else if (event === 'ping' || event === 'pong') this.owner?.onControlFrame()
    else return super.emit(event, ...args)
    return true
  }

  /** Passes a message to tRPC's adapter, as it came. */
  runWhole(data: RawData, isBinary: boolean): void {
    super.emit('message', data, isBinary)
  }

  /** Passes a call, or whatever else is the value of a message, to tRPC's adapter. */
  run(call: unknown): void {
    callBeingRun = call
    super.emit('message', singleCall, true)
    callBeingRun = undefined
  }

  drained(): void {
    this.#drained?.resolve()
    this.#drained = null
    this.owner?.onDrained()
  }

  closed(): void {
    this.#beginClosing('network', brokenCode)
    const writers = this.#writers
    this.#writers = noWriters
    for (const writer of writers) writer.subscription.close()
    this.drained()
    this.owner?.onClosed()
  }

  isReadable(): boolean {
    return (this.#wire?.writableLength ?? 0) < maxBufferedBytes
  }

  /** Resolves when the client has read most of what was written, or is gone; undefined when it has read most of it already. */
  untilReadable(): Promise<void> | undefined {
    if (this.isReadable() || this.readyState !== WebSocket.OPEN) return undefined
    this.#drained ??= withResolver()
    return this.#drained.promise
  }

  override send(data: unknown, ...rest: unknown[]): void {
    if (data instanceof DirectResponse) {
      this.#startDirect(data)
      return
    }
    this.joinWrites()
    if (data instanceof StoppedResponse) {
      if (!this.#find(data.id)) super.send(data.text)
    } else {
      if (typeof data === 'string') this.owner?.onAnswer(data.length)
      ;(super.send as (...all: unknown[]) => void)(data, ...rest)
    }
  }

  /**
   * ws calls this too: to answer a client's close frame (without a code if the client sent none), and when a frame violates
   * the protocol. The answer repeats the client's own code, because any other code would mean something to the client.
   */
  override close(code?: number, reason?: string | Buffer): void {
    if (hasReceivedClose(this)) {
      this.#beginClosing('client', code ?? noCode)
      super.close(code, reason)
      return
    }
    // tRPC closes without a code when it cannot read the sign-in frame.
    const own = code ?? this.owner?.malformedCode() ?? 1008
    this.#beginClosing('server', own)
    super.close(own, reason)
  }

  #beginClosing(by: ClosedBy, code: number): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.owner?.onClosing(by, code)
  }

  /** Sets the limit for the size of the client's messages from now on. */
  setMaxMessageBytes(bytes: number): void {
    // If a later release of ws keeps the limit elsewhere, the one that the socket was created with stays in force.
    receiverOf(this)._maxPayload = bytes
  }

  /** Stops a directly delivered subscription, which tRPC no longer knows. @returns whether it was one */
  stopDirect(id: unknown): boolean {
    const writer = this.#find(id)
    writer?.stop()
    return writer !== undefined
  }

  /** Writes below ws, always between its frames. */
  writeFrames(frames: Buffer): void {
    if (this.readyState === WebSocket.OPEN) this.#wire?.write(frames)
  }

  /** Joins everything that is written before the running callback ends into one write. */
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

  forget(writer: SocketWriter): void {
    this.#writers = this.#writers.filter((other) => other !== writer)
  }

  #find(id: unknown): SocketWriter | undefined {
    return this.#writers.find((writer) => writer.id === id)
  }

  #startDirect({ id, head, subscription }: DirectResponse): void {
    if (this.readyState !== WebSocket.OPEN) {
      subscription.close()
      return
    }
    if (head.length > maxHeadLength) {
      subscription.close()
      const tooLong = new Failure('BAD_REQUEST', { fields: { id: `must have at most ${maxHeadLength} characters` } })
      this.send(errorFrame(head, this.owner?.describeError(tooLong, subscription.path)))
      return
    }
    const writer = new SocketWriter(this, id, head, subscription)
    const replaced = this.#find(id)
    if (replaced) {
      this.forget(replaced)
      replaced.subscription.close()
    }
    this.#writers = this.#writers.length === 0 ? [writer] : [...this.#writers, writer]
    subscription.start(writer)
  }
}

/** Whether the client has sent a close frame. ws records it before it answers. */
const hasReceivedClose = (socket: WebSocket) => (socket as unknown as { _closeFrameReceived: boolean })._closeFrameReceived

const socketOfWire = Symbol('the WebSocket of this wire')

function onDrain(this: Duplex & { [socketOfWire]?: ClientSocket }) {
  this[socketOfWire]?.drained()
}

interface Receiver extends Writable {
  _maxPayload?: number
  [socketOfReceiver]?: ClientSocket
}

const socketOfReceiver = Symbol('the WebSocket of this receiver')

/** Without the types of its callbacks. */
const write = Writable.prototype.write as (bytes: Buffer) => boolean

const receiverOf = (socket: WebSocket) => (socket as unknown as { _receiver: Receiver })._receiver

function onBytes(this: Receiver, bytes: Buffer): boolean {
  return this[socketOfReceiver]?.owner?.onBytes(bytes) ?? true
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

class SocketWriter implements SubscriptionWriter {
  constructor(
    private readonly socket: ClientSocket,
    readonly id: number | string,
    readonly head: string,
    readonly subscription: DirectSubscription,
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

  /** Sends what tRPC would send for a stream that threw. */
  fail(error: unknown): void {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(errorFrame(this.head, this.socket.owner?.describeError(error, this.subscription.path)))
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

/** Whether this release of tRPC's adapter passes the encoder's results to the socket, as direct delivery needs it. */
export async function canDeliverDirectly(handlerFor: typeof getWSConnectionHandler = getWSConnectionHandler): Promise<boolean> {
  const trpc = initTRPC.create()
  const nothing: DirectSubscription = { start: () => {}, close: () => {}, path: 'probe' }
  const router = trpc.router({ probe: trpc.procedure.subscription(() => deliverDirectly(nothing)) })
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
  handlerFor({ router, wss: null as never, experimental_encoder: directDeliveryEncoder })(
    socket as never,
    { url: '/', headers: { host: 'localhost' } } as never,
  )
  socket.emit('message', Buffer.from('{"id":1,"method":"subscription","params":{"path":"probe"}}'), false)
  await probed.catch(() => {})
  socket.emit('close')
  const [started, response, stopped] = sent
  return (
    started === '{"id":1,"result":{"type":"started"}}' &&
    response instanceof DirectResponse &&
    stopped instanceof StoppedResponse &&
    sent.length === 3
  )
}
