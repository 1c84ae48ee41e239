import { Failure } from '../../contract/failures'
import { createGate } from '../platform/background'

/** A message that is to be stored. */
export interface Send {
  room: string
  authorId: string
  uid: string | null
  clientId: string | null
  text: string
  /** The seq of the message that it answers. */
  replyTo?: number | null
  /** What `findMentions` found in the text. */
  mentions?: readonly string[]
}

/**
 * Stores sends together. The outcome is `busy` where another transaction holds the room and `mayWait` is false.
 * @param options `mayWait`: waits for the room; all sends are to the same one then
 */
export type StoreTogether<Outcome> = (sends: readonly Send[], options: { mayWait: boolean }) => Promise<(Outcome | 'busy')[]>

export interface SendQueue<Outcome> {
  /**
   * Stores a send, after those to the same room that were put before it.
   * @throws {Failure} UNAVAILABLE when too much waits, or this has waited too long
   */
  put(send: Send): Promise<Outcome>
}

interface WaitingSend<Outcome> {
  send: Send
  since: number
  resolve(outcome: Outcome): void
  reject(error: unknown): void
}

/** The sends to one room. At most one batch with sends of a lane is under way. */
interface Lane<Outcome> {
  room: string
  waiting: WaitingSend<Outcome>[]
}

/** More batches at once would only wait for each other in Postgres. */
const concurrentBatches = 4
/** How many held rooms are waited for at once. Each takes a connection to Postgres, beside those of the batches. */
const concurrentWaits = 8
const maxBatchSends = 500
const maxBatchCharacters = 256 * 1024
const maxWaitingCharacters = 32 * 1024 * 1024
const maxWaitMs = 10_000
/** What a send counts for beside its text. */
const charactersPerSend = 200

/**
 * Stores sends that wait at the same time in one transaction: while a batch is on its way to Postgres, further sends to its
 * rooms wait for the next one. A send that finds nothing under way waits only for the end of this turn of the event loop.
 * @param isHarmless whether an error has nothing to do with what was sent. After any other error, each send of the batch is
 * stored alone.
 */
export function createSendQueue<Outcome>(store: StoreTogether<Outcome>, isHarmless: (error: unknown) => boolean): SendQueue<Outcome> {
  const lanes = new Map<string, Lane<Outcome>>()
  /** Lanes with sends waiting and no batch under way, the longest waiting first. */
  let ready = new Set<Lane<Outcome>>()
  const waits = createGate(concurrentWaits)
  let batches = 0
  let characters = 0
  let scheduled = false

  function schedule() {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      while (batches < concurrentBatches && ready.size > 0) void runBatch(takeBatch())
    })
  }

  /** As many sends of each ready lane as fit, in their order. */
  function takeBatch(): Map<Lane<Outcome>, WaitingSend<Outcome>[]> {
    const batch = new Map<Lane<Outcome>, WaitingSend<Outcome>[]>()
    const room = { sends: maxBatchSends, characters: maxBatchCharacters }
    const now = performance.now()
    const later = new Set<Lane<Outcome>>()
    for (const lane of ready) {
      if (room.sends <= 0 || room.characters <= 0) {
        later.add(lane)
        continue
      }
      const taken = takeFrom(lane, room, now)
      if (taken.length > 0) batch.set(lane, taken)
      else lanes.delete(lane.room)
    }
    ready = later
    return batch
  }

  function takeFrom(lane: Lane<Outcome>, room: { sends: number; characters: number }, now: number): WaitingSend<Outcome>[] {
    const taken: WaitingSend<Outcome>[] = []
    const keys = new Set<string>()
    let count = 0
    for (const waiting of lane.waiting) {
      const { send } = waiting
      const key = send.clientId === null ? null : `${send.authorId} ${send.clientId}`
      // A second send with the same clientId has to wait until the first is stored.
      if (room.sends <= 0 || room.characters <= 0 || (key !== null && keys.has(key))) break
      count++
      if (isTooLate(waiting, now)) continue
      if (key !== null) keys.add(key)
      room.sends--
      room.characters -= charactersOf(send)
      taken.push(waiting)
    }
    lane.waiting.splice(0, count)
    return taken
  }

  async function runBatch(batch: Map<Lane<Outcome>, WaitingSend<Outcome>[]>) {
    if (batch.size === 0) return
    batches++
    const all = [...batch.values()].flat()
    try {
      const outcomes = await store(
        all.map(({ send }) => send),
        { mayWait: false },
      )
      const busy = new Set<WaitingSend<Outcome>>()
      for (const [index, waiting] of all.entries()) {
        const outcome = outcomes[index]
        if (outcome === 'busy') busy.add(waiting)
        else settle(waiting, () => waiting.resolve(outcome as Outcome))
      }
      for (const [lane, sends] of batch) {
        const busySends = sends.filter((waiting) => busy.has(waiting))
        if (busySends.length > 0) void waitForRoom(lane, busySends)
        else release(lane)
      }
    } catch (error) {
      const isForAll = all.length === 1 || isHarmless(error)
      for (const [lane, sends] of batch) {
        if (isForAll) for (const waiting of sends) settle(waiting, () => waiting.reject(error))
        else await storeOneByOne(sends)
        release(lane)
      }
    } finally {
      batches--
      schedule()
    }
  }

  /** Another transaction holds the room. What waits behind in the same lane waits too, but nothing else does. */
  async function waitForRoom(lane: Lane<Outcome>, sends: WaitingSend<Outcome>[]) {
    await waits.run(() => storeWaiting(sends.filter((waiting) => !isTooLate(waiting))))
    release(lane)
  }

  async function storeWaiting(sends: WaitingSend<Outcome>[]) {
    if (sends.length === 0) return
    try {
      const outcomes = await store(
        sends.map(({ send }) => send),
        { mayWait: true },
      )
      for (const [index, waiting] of sends.entries()) {
        const outcome = outcomes[index]
        // The room was created while this statement ran.
        if (outcome === 'busy') settle(waiting, () => waiting.reject(new Failure('UNAVAILABLE')))
        else settle(waiting, () => waiting.resolve(outcome as Outcome))
      }
    } catch (error) {
      if (isHarmless(error) || sends.length === 1) for (const waiting of sends) settle(waiting, () => waiting.reject(error))
      else await storeOneByOne(sends)
    }
  }

  /** One of them cannot be stored: the others still must be. */
  async function storeOneByOne(sends: WaitingSend<Outcome>[]) {
    for (const waiting of sends) if (!isTooLate(waiting)) await storeWaiting([waiting])
  }

  function release(lane: Lane<Outcome>) {
    if (lane.waiting.length > 0) ready.add(lane)
    else lanes.delete(lane.room)
    schedule()
  }

  /** Rejects a send that has waited too long. Its client may send again. */
  function isTooLate(waiting: WaitingSend<Outcome>, now = performance.now()): boolean {
    const late = now - waiting.since > maxWaitMs
    if (late) settle(waiting, () => waiting.reject(new Failure('UNAVAILABLE')))
    return late
  }

  function settle(waiting: WaitingSend<Outcome>, resolveOrReject: () => void) {
    characters -= charactersOf(waiting.send)
    resolveOrReject()
  }

  return {
    put: (send) =>
      new Promise((resolve, reject) => {
        if (characters > maxWaitingCharacters) return reject(new Failure('UNAVAILABLE'))
        characters += charactersOf(send)
        const lane = lanes.get(send.room) ?? { room: send.room, waiting: [] }
        if (!lanes.has(send.room)) {
          lanes.set(send.room, lane)
          ready.add(lane)
        }
        lane.waiting.push({ send, since: performance.now(), resolve, reject })
        schedule()
      }),
  }
}

const charactersOf = (send: Send) => send.text.length + charactersPerSend
