import type { Log } from './log'

export interface BackgroundLoop {
  /** Runs the work now; when it is running already, once more as soon as that is over, for what came too late for it. */
  runNow(): void
  /** Brings the next run forward, unless it begins sooner anyway. The run under way counts as the next one. */
  runWithin(ms: number): void
  /** Resolves when a run that began after this call is over, whether it failed or not. */
  untilRun(): Promise<void>
  /** Starts no further run, and resolves when the one under way is over. */
  close(): Promise<void>
}

interface LoopOptions {
  /** From the beginning of one run to the beginning of the next. A run that takes longer makes the loop skip beats. */
  everyMs: number | (() => number)
  /** What the log calls this work. */
  name: string
  log: Log
  /** The first run begins at once, and not after `everyMs`. */
  startsNow?: boolean
  /** Each pause is longer by a random part of this, so that nodes that start together do not stay in step. */
  jitterMs?: number
  /** Runs once more before it closes, for what was noted since the last run. */
  runsOnClose?: boolean
}

/**
 * Does a piece of work again and again, never twice at the same time. An error is logged, and the loop goes on; an error
 * that repeats is logged once, and once more when the work succeeds again.
 * @example
 * const loop = startEvery(() => deleteExpiredRows(pool), { everyMs: 60_000, name: 'delete expired rows', log })
 * await loop.close()
 */
export function startEvery(work: () => unknown, options: LoopOptions): BackgroundLoop {
  const { everyMs, name, log, startsNow = false, jitterMs = 0, runsOnClose = false } = options
  let running: Promise<void> | null = null
  let mustRunAgain = false
  let isFailing = false
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  let nextAt = Number.POSITIVE_INFINITY

  async function runOnce() {
    try {
      await work()
      if (isFailing) log.info({ work: name }, 'background work succeeds again')
      isFailing = false
    } catch (error) {
      log[isFailing ? 'debug' : 'warn']({ work: name, error: (error as Error).message }, 'background work failed and will be retried')
      isFailing = true
    }
  }

  async function runAll() {
    const startedAt = performance.now()
    do {
      mustRunAgain = false
      await runOnce()
    } while (mustRunAgain && !isClosed)
    running = null
    schedule(performance.now() - startedAt)
  }

  function run() {
    clearTimeout(timer)
    running ??= runAll()
  }

  function schedule(elapsedMs: number) {
    const ms = typeof everyMs === 'function' ? everyMs() : everyMs
    runAfter(ms - (elapsedMs % ms) + Math.random() * jitterMs)
  }

  function runAfter(ms: number) {
    if (isClosed) return
    clearTimeout(timer)
    nextAt = performance.now() + ms
    timer = setTimeout(run, ms)
  }

  function runNow() {
    if (isClosed) return
    if (running) mustRunAgain = true
    else run()
  }

  if (startsNow) run()
  else schedule(0)

  return {
    runNow,
    runWithin: (ms) => {
      if (!running && performance.now() + ms < nextAt) runAfter(ms)
    },
    untilRun: async () => {
      // The run under way may have begun too early: it is over when the one after it is.
      runNow()
      await running
    },
    close: async () => {
      if (isClosed) return
      isClosed = true
      clearTimeout(timer)
      await running
      if (runsOnClose) await runOnce()
    },
  }
}

export interface Gate {
  /** Runs `work` when fewer than the allowed number are running, those that have waited longest first. */
  run<Value>(work: () => Promise<Value>): Promise<Value>
  isBusy(): boolean
  /** How many have not begun yet. */
  waiting(): number
  /** Rejects those that wait, and all that come, with this error. Those that are running are left to finish. */
  close(reason: Error): void
}

/** Lets a number of pieces of work run at the same time. The others wait, however many they are: callers bound that. */
export const createGate = (maxRunning: number): Gate => new FairGate(maxRunning)

/** A class, because each busy connection has one. */
class FairGate implements Gate {
  #running = 0
  #closedFor: Error | null = null
  readonly #queue: { begin(): void; reject(reason: Error): void }[] = []

  constructor(private readonly maxRunning: number) {}

  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#closedFor) throw this.#closedFor
    // Whoever finishes hands its place over, so nobody can slip in before those that wait.
    if (this.#running >= this.maxRunning) await new Promise<void>((begin, reject) => this.#queue.push({ begin, reject }))
    else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next) next.begin()
      else this.#running--
    }
  }

  isBusy(): boolean {
    return this.#running > 0
  }

  waiting(): number {
    return this.#queue.length
  }

  close(reason: Error): void {
    this.#closedFor = reason
    for (const { reject } of this.#queue.splice(0)) reject(reason)
  }
}
