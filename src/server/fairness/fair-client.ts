import { Failure } from '../../contract/failures'
import type { Allowance } from './allowance'
import type { Turns, TurnTaker } from './turns'

/** Work of a client that waits for its turn, for example a socket with calls that have not been run. */
export interface TurnWorker {
  /** Does one small piece of it. @returns what that cost, or null when there is nothing to do for now */
  step(): number | null
}

/**
 * Costs in units of about one microsecond of processor time: the server's and, for calls, the database's too. They are fixed
 * rather than measured, so that a busy machine does not make anybody's budget smaller.
 */
export const costs = {
  /** A call, whatever becomes of it. */
  call: 200,
  /** Each byte that was received, whatever it is part of. */
  byteIn: 0.05,
  /** Each byte of an answer. */
  byteOut: 0.02,
  /** A WebSocket or a request without an accepted session. */
  connect: 1_000,
} as const

/** About how long one client may keep the process busy before others have their turn. */
export const sliceUnits = 1_000
/** How many calls of a person run at the same time, over all their sockets and requests. */
const maxRunning = 8
/** How many calls over HTTP wait for one person. Sockets are simply not read any further. */
const maxWaiting = 1_000

/**
 * One person with all their sockets and HTTP requests on this node, or an address with all that is not signed in yet. Both
 * have one budget of processor time, and whatever exceeds it waits. What waits is done in turn with others, a slice at a time.
 *
 * For HTTP:
 * @example
 * const client = fairness.person(caller.user.id)
 * client.spend(body.length * costs.byteIn)
 * // Throws TOO_MANY_REQUESTS, with the time to wait, when too much is waiting already: answer 429 with Retry-After.
 * const result = await client.run(() => call())
 * client.spend(answer.length * costs.byteOut)
 * // Junk that no honest client sends in such numbers: refuse from then on.
 * if (!client.allowsJunk()) response.destroy()
 */
export class FairClient implements TurnTaker {
  readonly #workers: TurnWorker[] = []
  /** Workers that wait until fewer calls are running. */
  #blocked: TurnWorker[] = []
  #isWaiting = false
  #running = 0
  #waiting = 0
  #round = -1
  #usedInRound = 0

  /**
   * @param budget in units of about a microsecond
   * @param junk the number of useless things that are forgiven
   */
  constructor(
    private readonly turns: Turns,
    private readonly budget: Allowance,
    private readonly junk: Allowance,
  ) {}

  /** Takes this from the budget. It never fails: what exceeds the budget makes the client's next work wait. */
  spend(units: number): void {
    this.budget.take(units)
    const round = this.turns.round()
    if (round !== this.#round) {
      this.#round = round
      this.#usedInRound = 0
    }
    this.#usedInRound += units
  }

  /** For costs that turn out to be somebody else's. */
  giveBack(units: number): void {
    this.budget.giveBack(units)
  }

  /** How long the next work would have to wait; 0 when the budget is not used up. */
  waitMs(): number {
    return this.budget.left() > 0 ? 0 : Math.max(this.budget.msUntil(sliceUnits), 1)
  }

  /** Whether work may be done at once: nothing else of this client is waiting, and its slice of this round is not used up. */
  mayRunNow(): boolean {
    if (this.#workers.length > 0 || this.budget.left() <= 0) return false
    return this.#round !== this.turns.round() || this.#usedInRound < sliceUnits
  }

  /** Counts useless things: what an honest client sends rarely or never. @returns false from when there are too many */
  allowsJunk(points = 1): boolean {
    // Not overdrawn further: a flood that has ended must not cost its person another hour.
    if (this.junk.left() <= 0) return false
    this.junk.take(points)
    return this.junk.left() > 0
  }

  /** Whether as many calls are running as may run at the same time. */
  isBusy(): boolean {
    return this.#running >= maxRunning
  }

  /** Does the worker's steps when it is the client's turn, in turn with its other workers, until it has nothing to do. */
  schedule(worker: TurnWorker): void {
    if (this.#workers.includes(worker)) return
    this.#workers.push(worker)
    this.#join()
  }

  /** Schedules the worker again when a running call has ended. */
  scheduleWhenFree(worker: TurnWorker): void {
    if (!this.isBusy()) this.schedule(worker)
    else if (!this.#blocked.includes(worker)) this.#blocked.push(worker)
  }

  /** Counts a running call, without waiting. @returns a function to call once when it has ended */
  begin(): () => void {
    this.#running++
    return () => {
      this.#running--
      const blocked = this.#blocked
      this.#blocked = []
      for (const worker of blocked) this.schedule(worker)
    }
  }

  /**
   * Runs a call when it is the client's turn, when its budget allows it, and when fewer than the allowed number are running.
   * @param units what the call costs, apart from its bytes
   * @param signal ends the wait at no cost, and rejects with its reason; a call that runs already goes on
   * @throws {Failure} TOO_MANY_REQUESTS when too many are waiting
   */
  async run<Value>(call: () => Promise<Value>, units: number = costs.call, signal?: AbortSignal): Promise<Value> {
    const end = await this.#turn(units, signal)
    try {
      return await call()
    } finally {
      end()
    }
  }

  /** Does a short piece of work at once or, when the client has had its slice, in its turn. */
  runInTurn(units: number, work: () => void): void {
    if (this.mayRunNow()) {
      this.spend(units)
      work()
      return
    }
    let isDone = false
    const step = () => {
      if (isDone) return null
      isDone = true
      work()
      return units
    }
    this.schedule({ step })
  }

  /** Whether nothing is known about this client that a new one would not have. */
  isIdle(): boolean {
    return this.#workers.length === 0 && this.#running === 0 && this.#waiting === 0 && this.budget.isFull() && this.junk.isFull()
  }

  runSlice(): boolean {
    this.#isWaiting = false
    this.#usedInRound = 0
    this.#round = this.turns.round()
    while (this.#workers.length > 0 && this.#usedInRound < sliceUnits) {
      const waitMs = this.waitMs()
      if (waitMs > 0) {
        this.#isWaiting = true
        setTimeout(() => {
          this.#isWaiting = false
          this.#join()
        }, waitMs).unref()
        return false
      }
      const worker = this.#workers.shift() as TurnWorker
      const units = worker.step()
      if (units === null) continue
      this.spend(units)
      if (!this.#workers.includes(worker)) this.#workers.push(worker)
    }
    this.#isWaiting = this.#workers.length > 0
    return this.#isWaiting
  }

  #join(): void {
    if (this.#isWaiting || this.#workers.length === 0) return
    this.#isWaiting = true
    this.turns.join(this)
  }

  #forget(worker: TurnWorker): void {
    for (const workers of [this.#workers, this.#blocked]) {
      const at = workers.indexOf(worker)
      if (at >= 0) workers.splice(at, 1)
    }
  }

  async #turn(units: number, signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.mayRunNow() && !this.isBusy()) {
      this.spend(units)
      return this.begin()
    }
    if (this.#waiting >= maxWaiting) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs: Math.max(this.waitMs(), 1_000) })
    this.#waiting++
    return new Promise((resolve, reject) => {
      let isDone = false
      signal?.addEventListener('abort', () => {
        if (isDone) return
        isDone = true
        this.#waiting--
        this.#forget(worker)
        reject(signal.reason)
      })
      const worker: TurnWorker = {
        step: () => {
          if (isDone) return null
          if (this.isBusy()) {
            this.scheduleWhenFree(worker)
            return null
          }
          isDone = true
          this.#waiting--
          resolve(this.begin())
          return units
        },
      }
      this.schedule(worker)
    })
  }
}
