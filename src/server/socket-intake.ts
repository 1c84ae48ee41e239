import { costs, type FairClient, type TurnWorker } from './fairness/fair-client'
import { isMonstrousJson } from './fairness/json-shape'
import { maxCallsTogether } from './trpc'

/** The socket that an intake reads for. */
export interface IntakeSocket {
  /** Who pays: the person, or the address until somebody is signed in. */
  client(): FairClient
  /** Whether calls may be run: its session is known, and it reads its answers. Otherwise it schedules the intake again. */
  takesCalls(): boolean
  /** Passes bytes on to be taken apart. What they contain comes back to the intake at once. */
  takeApart(bytes: Buffer): void
  /** All that was received has been taken apart: more may be read. */
  readOn(): void
  /** Refuses a message as a whole. @returns whether it did */
  refuse(message: Buffer): boolean
  /** Runs a message as it came. */
  runWhole(message: Buffer, isBinary: boolean): void
  /** Runs one call, or something that is none. */
  run(call: unknown): void
  /** Answers calls of a message with too many, each by its id. */
  refuseCalls(ids: readonly (number | string)[]): void
  /** Answers a message that is not even parsed. @param id that of its first call, if it can be seen */
  refuseMonster(id: number | string | null): void
  /** Something useless arrived. */
  countJunk(): void
  /** Nothing waits in this intake any more. */
  onEmpty(intake: SocketIntake): void
}

/** Bytes are taken apart in parts of this size: even if they are nothing but tiny frames, that takes less than a slice. */
const partBytes = 4 * 1024
/** Up to here reading goes on while calls wait, so that pings are answered meanwhile. */
const maxWaiting = { calls: 2_000, bytes: 1024 * 1024 } as const
/** How many calls of a message with too many are refused in one step. */
const refusedTogether = 100

/** Per byte, for turning a message into calls. */
const parseCost = 0.02
const emptyCost = 50
const refusedCost = 5

interface Message {
  data: Buffer
  isBinary: boolean
}

/**
 * What a socket has received and not done yet. Ordinary traffic passes through at once. When there is more than the client's
 * slice or budget allows, the rest waits here, piece by piece: bytes, messages, then single calls. A socket has one only while
 * something waits.
 */
export class SocketIntake implements TurnWorker {
  #bytes: Buffer[] = []
  #messages: Message[] = []
  #messageBytes = 0
  #calls: unknown[] = []
  #nextCall = 0
  #refused: (number | string)[] = []

  constructor(private readonly socket: IntakeSocket) {}

  addBytes(bytes: Buffer): void {
    this.#bytes.push(bytes)
  }

  addMessage(data: Buffer, isBinary: boolean): void {
    this.#messages.push({ data, isBinary })
    this.#messageBytes += data.length
  }

  /** Does what may be done at once, and schedules the rest. */
  begin(): void {
    const client = this.socket.client()
    while (client.mayRunNow()) {
      const units = this.step()
      if (units === null) return
      client.spend(units)
    }
    client.schedule(this)
  }

  holdsBytes(): boolean {
    return this.#bytes.length > 0
  }

  isEmpty(): boolean {
    return this.#bytes.length === 0 && this.waitingCalls() === 0
  }

  /** Calls of messages that have not been read yet count as one. */
  waitingCalls(): number {
    return this.#messages.length + this.#calls.length - this.#nextCall + this.#refused.length
  }

  /** Drops all calls. The bytes stay: the close frame of the client may be among them. */
  dropCalls(): void {
    this.#messages = []
    this.#messageBytes = 0
    this.#calls = []
    this.#nextCall = 0
    this.#refused = []
  }

  dropAll(): void {
    this.dropCalls()
    this.#bytes = []
  }

  step(): number | null {
    if (this.#bytes.length > 0 && this.#readsAhead()) return this.#takeApart()
    if (this.waitingCalls() === 0 || !this.socket.takesCalls()) {
      if (this.isEmpty()) this.socket.onEmpty(this)
      return null
    }
    if (this.#refused.length > 0) return this.#refuseSome()
    if (this.#nextCall < this.#calls.length) return this.#runNext()
    return this.#readMessage()
  }

  #readsAhead(): boolean {
    return this.waitingCalls() < maxWaiting.calls && this.#messageBytes < maxWaiting.bytes
  }

  #takeApart(): number {
    const [bytes] = this.#bytes as [Buffer]
    if (bytes.length > partBytes) this.#bytes[0] = bytes.subarray(partBytes)
    else this.#bytes.shift()
    const part = bytes.subarray(0, partBytes)
    this.socket.takeApart(part)
    if (this.#bytes.length === 0) this.socket.readOn()
    return part.length * costs.byteIn
  }

  #runNext(): number | null {
    const client = this.socket.client()
    if (client.isBusy()) {
      client.scheduleWhenFree(this)
      return null
    }
    const call = this.#calls[this.#nextCall]
    this.#calls[this.#nextCall++] = undefined
    if (this.#nextCall === this.#calls.length) {
      this.#calls = []
      this.#nextCall = 0
    }
    this.socket.run(call)
    return costs.call
  }

  #refuseSome(): number {
    const ids = this.#refused.splice(0, refusedTogether)
    this.socket.refuseCalls(ids)
    return ids.length * refusedCost
  }

  #readMessage(): number {
    const { data, isBinary } = this.#messages.shift() as Message
    this.#messageBytes -= data.length
    const units = data.length * parseCost
    if (this.socket.refuse(data)) return units + costs.call
    if (isMonstrousJson(data)) {
      this.socket.countJunk()
      this.socket.refuseMonster(firstIdOf(data))
      return units + costs.call
    }
    const value = isBinary ? undefined : parseJson(data)
    if (value === undefined) {
      this.socket.countJunk()
      this.socket.runWhole(data, isBinary)
      return 2 * units + costs.call
    }
    const calls: unknown[] = Array.isArray(value) ? value : [value]
    if (calls.length === 0) {
      this.socket.countJunk()
      return units + emptyCost
    }
    const ids = calls.length > maxCallsTogether ? idsOf(calls) : []
    if (ids.length > 0) this.#refused = ids
    // tRPC answers a message as a whole when it has too many calls or one of them is malformed.
    else if (calls.length > maxCallsTogether || !calls.every(isWellFormed)) {
      this.socket.countJunk()
      this.socket.run(value)
      return units + costs.call + calls.length
    } else this.#calls = calls
    return units
  }
}

/** The value of a JSON text; undefined when it is none. */
function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString())
  } catch {
    return undefined
  }
}

/** The id of the first call as tRPC's client writes it; null when it looks otherwise. */
function firstIdOf(data: Buffer): number | string | null {
  const [, id] = /^\[?\{"id":(\d{1,15}|"[\w-]{1,64}"),/.exec(data.toString('latin1', 0, 100)) ?? []
  return id === undefined ? null : JSON.parse(id)
}

type Ids = (number | string)[]

/** The ids of the calls that are answered when there are too many. */
function idsOf(calls: readonly unknown[]): Ids {
  return calls.flatMap((call): Ids => {
    const { id, method } = (call ?? {}) as { id?: unknown; method?: unknown }
    return method !== 'subscription.stop' && (typeof id === 'number' || typeof id === 'string') ? [id] : []
  })
}

const procedureTypes: readonly unknown[] = ['query', 'mutation', 'subscription']

/** Whether tRPC takes this as a call. */
function isWellFormed(call: unknown): boolean {
  if (typeof call !== 'object' || call === null || Array.isArray(call)) return false
  const { id, jsonrpc, method, params } = call as Record<string, unknown>
  if (id !== null && typeof id !== 'string' && typeof id !== 'number') return false
  if (jsonrpc !== undefined && jsonrpc !== '2.0') return false
  if (method === 'subscription.stop') return true
  if (!procedureTypes.includes(method) || typeof params !== 'object' || params === null || Array.isArray(params)) return false
  const { path, lastEventId } = params as Record<string, unknown>
  return typeof path === 'string' && (lastEventId === undefined || typeof lastEventId === 'string')
}
