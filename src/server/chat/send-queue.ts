import { Failure } from '../../contract/failures'
import { createGate } from '../platform/background'

/** Something to be stored in a room. */
export interface Send {
  room: string
  authorId: string
  uid: string | null
  clientId: string | null
  text: string
  /** The seq of the message that it answers. */
  replyTo?: number | null
  /** Usernames and "@room", as they stand in the text. */
  mentions?: readonly string[]
}

/** Stores sends together; `busy` are those whose room somebody else holds, and only when it may not wait. */
export type StoreTogether<Outcome> = (sends: readonly Send[], options: { mayWait: boolean }) => Promise<(Outcome | 'busy')[]>

export interface SendQueue<Outcome> {
  /**
   * Sends to one room are stored in the order in which they are put here.
   * @throws {Failure} UNAVAILABLE when too much waits, or when it waited too long
   */
  put(send: Send): Promise<Outcome>
}

interface Waiting<Outcome> {
  send: Send
  since: number
  resolve(outcome: Outcome): void
  reject(error: unknown): void
}

interface Lane<Outcome> {
  room: string
  waiting: Waiting<Outcome>[]
}

/** More would only wait for each other in Postgres. */
const batchesAtOnce = 4
/** Rooms that another holds are waited for beside the batches, each with a connection to Postgres of its own. */
const heldAtOnce = 8
const batchSends = 500
const batchCharacters = 256 * 1024
const mostCharacters = 32 * 1024 * 1024
const patienceMs = 10_000
/** What a send costs beside its text. */
const sendCharacters = 200

/**
 * Commits together what waits together: while a batch is on its way to Postgres, what comes for its rooms waits for the
 * next one. A send that finds nothing under way waits for nobody but those that came in the same turn of the event loop.
 * @param isHarmless whether an error says nothing about what was sent: any other makes each send of a batch be tried alone
 */
export function createSendQueue<Outcome>(store: StoreTogether<Outcome>, isHarmless: (error: unknown) => boolean): SendQueue<Outcome> {
  const lanes = new Map<string, Lane<Outcome>>()
  /** Lanes with something waiting and nothing under way, the longest waiting first. */
  let ready = new Set<Lane<Outcome>>()
  const held = createGate(heldAtOnce)
  let batches = 0
  let characters = 0
  let scheduled = false

  function schedule() {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      while (batches < batchesAtOnce && ready.size > 0) void runBatch(take())
    })
  }

  /** The next batch: of each ready lane what fits, in its order. */
  function take(): Map<Lane<Outcome>, Waiting<Outcome>[]> {
    const batch = new Map<Lane<Outcome>, Waiting<Outcome>[]>()
    const left = { sends: batchSends, characters: batchCharacters }
    const now = performance.now()
    const later = new Set<Lane<Outcome>>()
    for (const lane of ready) {
      if (left.sends <= 0 || left.characters <= 0) {
        later.add(lane)
        continue
      }
      const taken = takeOf(lane, left, now)
      if (taken.length > 0) batch.set(lane, taken)
      else lanes.delete(lane.room)
    }
    ready = later
    return batch
  }

  function takeOf(lane: Lane<Outcome>, left: { sends: number; characters: number }, now: number): Waiting<Outcome>[] {
    const taken: Waiting<Outcome>[] = []
    const keys = new Set<string>()
    let count = 0
    for (const waiting of lane.waiting) {
      const { send } = waiting
      const key = send.clientId === null ? null : `${send.authorId} ${send.clientId}`
      // The second of the same clientId has to find the first one stored.
      if (left.sends <= 0 || left.characters <= 0 || (key !== null && keys.has(key))) break
      count++
      if (isTooLate(waiting, now)) continue
      if (key !== null) keys.add(key)
      left.sends--
      left.characters -= costOf(send)
      taken.push(waiting)
    }
    lane.waiting.splice(0, count)
    return taken
  }

  async function runBatch(batch: Map<Lane<Outcome>, Waiting<Outcome>[]>) {
    if (batch.size === 0) return
    batches++
    const all = [...batch.values()].flat()
    try {
      const outcomes = await store(
        all.map(({ send }) => send),
        { mayWait: false },
      )
      const busy = new Set<Waiting<Outcome>>()
      for (const [index, waiting] of all.entries()) {
        const outcome = outcomes[index]
        if (outcome === 'busy') busy.add(waiting)
        else settle(waiting, () => waiting.resolve(outcome as Outcome))
      }
      for (const [lane, sends] of batch) {
        const left = sends.filter((waiting) => busy.has(waiting))
        if (left.length > 0) void waitFor(lane, left)
        else release(lane)
      }
    } catch (error) {
      const alone = all.length === 1 || isHarmless(error)
      for (const [lane, sends] of batch) {
        if (alone) for (const waiting of sends) settle(waiting, () => waiting.reject(error))
        else await storeAlone(sends)
        release(lane)
      }
    } finally {
      batches--
      schedule()
    }
  }

  /** A room that somebody else holds. Those behind it in its lane wait too, nobody else does. */
  async function waitFor(lane: Lane<Outcome>, sends: Waiting<Outcome>[]) {
    await held.run(() => storeWaiting(sends.filter((waiting) => !isTooLate(waiting))))
    release(lane)
  }

  async function storeWaiting(sends: Waiting<Outcome>[]) {
    if (sends.length === 0) return
    try {
      const outcomes = await store(
        sends.map(({ send }) => send),
        { mayWait: true },
      )
      for (const [index, waiting] of sends.entries()) {
        const outcome = outcomes[index]
        // Its room was made between two looks at it.
        if (outcome === 'busy') settle(waiting, () => waiting.reject(new Failure('UNAVAILABLE')))
        else settle(waiting, () => waiting.resolve(outcome as Outcome))
      }
    } catch (error) {
      if (isHarmless(error) || sends.length === 1) for (const waiting of sends) settle(waiting, () => waiting.reject(error))
      else await storeAlone(sends)
    }
  }

  /** One of them cannot be stored: that must not cost the others anything. */
  async function storeAlone(sends: Waiting<Outcome>[]) {
    for (const waiting of sends) if (!isTooLate(waiting)) await storeWaiting([waiting])
  }

  function release(lane: Lane<Outcome>) {
    if (lane.waiting.length > 0) ready.add(lane)
    else lanes.delete(lane.room)
    schedule()
  }

  /** Whoever has waited so long is told so, and may send again. */
  function isTooLate(waiting: Waiting<Outcome>, now = performance.now()): boolean {
    const late = now - waiting.since > patienceMs
    if (late) settle(waiting, () => waiting.reject(new Failure('UNAVAILABLE')))
    return late
  }

  function settle(waiting: Waiting<Outcome>, how: () => void) {
    characters -= costOf(waiting.send)
    how()
  }

  return {
    put: (send) =>
      new Promise((resolve, reject) => {
        if (characters > mostCharacters) return reject(new Failure('UNAVAILABLE'))
        characters += costOf(send)
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

const costOf = (send: Send) => send.text.length + sendCharacters
