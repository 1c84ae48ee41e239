import type { Log } from './log'

export interface BackgroundLoop {
  /** Runs the work now. If it is already running, it runs once more afterwards, for what the running one may have missed. */
  runNow(): void
  /** Moves the next run forward, if it would start later. A running one counts as the next. */
  runWithin(ms: number): void
  /** Resolves when a run that started after this call has ended, successful or not. */
  untilRun(): Promise<void>
  /** Starts no further run, and resolves when the running one has ended. */
  close(): Promise<void>
}

interface LoopOptions {
  /** The time between the starts of two runs. A run that takes longer skips the missed starts. */
  everyMs: number | (() => number)
  /** The name of this work in the log. */
  name: string
  log: Log
  /** Starts the first run at once instead of after `everyMs`. */
  startsNow?: boolean
  /** A random part of this is added to each pause, so that nodes that start together do not stay in step. */
  jitterMs?: number
  /** Runs once more before it closes, for what was recorded since the last run. */
  runsOnClose?: boolean
}

/**
 * Repeats a piece of work, never twice at the same time. After an error the loop continues. Repeated errors are logged once,
 * and the next success is logged too.
 * @example
 * const loop = startEvery(() => deleteExpiredRows(pool), { everyMs: 60_000, name: 'delete expired rows', log })
 * await loop.close()
 */
export function startEvery(work: () => unknown, options: LoopOptions): BackgroundLoop {
  const { everyMs, name, log, startsNow = false, jitterMs = 0, runsOnClose = false } = options
  let running: Promise<void> | null = null
  let mustRunAgain = false
  /** Those who wait for the end of the next run. */
  const waiters: (() => void)[] = []
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
      const ended = waiters.splice(0)
      await runOnce()
      for (const resolve of ended) resolve()
    } while (mustRunAgain && !isClosed)
    running = null
    for (const resolve of waiters.splice(0)) resolve()
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
    untilRun: () =>
      new Promise((resolve) => {
        if (isClosed) return resolve()
        // A running one may have started too early, so this waits for the one after it, and for no later one.
        waiters.push(resolve)
        runNow()
      }),
    close: async () => {
      if (isClosed) return
      isClosed = true
      clearTimeout(timer)
      await running
      if (runsOnClose) await runOnce()
    },
  }
}

/** Lets the process's other work run in the middle of a long piece of work. */
export const untilNextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const longestTurnMs = 3

/**
 * For parts that each take longer or shorter: lets other work run when the last turn began some milliseconds ago.
 * @example
 * const pause = createPauses()
 * for (const message of messages) {
 *   compute(message)
 *   await pause()
 * }
 */
export function createPauses(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < longestTurnMs) return
    await untilNextTurn()
    since = performance.now()
  }
}

export interface Gate {
  /**
   * Runs `work` as soon as fewer than the allowed number are running, in the order of arrival.
   * @param signal ends the wait, which then rejects with its reason; work that runs already goes on
   */
  run<Value>(work: () => Promise<Value>, signal?: AbortSignal): Promise<Value>
  isBusy(): boolean
  /** How many have not started yet. */
  waiting(): number
  /** Rejects everything that is waiting, and all later work, with this error. Running work is left to finish. */
  close(reason: Error): void
}

/** Limits how many pieces of work run at the same time. The others wait, without a limit: callers have to set one. */
export const createGate = (maxRunning: number): Gate => new FairGate(maxRunning)

/** A class, because each busy connection has one. */
class FairGate implements Gate {
  #running = 0
  #closedFor: Error | null = null
  readonly #queue: { begin(): void; reject(reason: Error): void }[] = []

  constructor(private readonly maxRunning: number) {}

  async run<Value>(work: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    if (this.#closedFor) throw this.#closedFor
    signal?.throwIfAborted()
    // Finished work hands its place to the next in line, so that newcomers cannot overtake.
    if (this.#running >= this.maxRunning) await this.#wait(signal)
    else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next) next.begin()
      else this.#running--
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((begin, reject) => {
      const waiter = { begin, reject }
      this.#queue.push(waiter)
      signal?.addEventListener('abort', () => {
        const at = this.#queue.indexOf(waiter)
        if (at < 0) return
        this.#queue.splice(at, 1)
        reject(signal.reason)
      })
    })
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
