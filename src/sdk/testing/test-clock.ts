import type { Clock } from '../clock'
import { inNextTurn } from './turns'

/** The time of a test server and its clients. It stands still until the test moves it. */
export interface TestClock extends Clock {
  /** The time of day, in milliseconds since the epoch. */
  now(): number
  /**
   * Lets time pass: every timer of the clients and the server that is due runs at its time, and what it causes is settled
   * before the next one.
   * @param ms how long, in milliseconds
   * @example await server.clock.advance(3_000) // a client that lost its connection has it back
   */
  advance(ms: number): Promise<void>
  /** Sets the time of day, for example before `say` writes the messages of an earlier day. No timer runs for it. */
  set(time: Date | string | number): void
}

interface Timer {
  dueAt: number
  everyMs: number | null
  callback: () => void
}

/** @param settle resolves when everything that has been caused so far has happened */
export function createTestClock(start: Date | string | number, settle: () => Promise<void>): TestClock & { clearAll(): void } {
  let elapsed = 0
  /** What the time of day was when nothing had elapsed. */
  let epoch = toMs(start)
  const timers = new Set<Timer>()

  function add(timer: Timer): Timer {
    timers.add(timer)
    return timer
  }

  function run(timer: Timer) {
    if (timer.everyMs === null) timers.delete(timer)
    else timer.dueAt += timer.everyMs
    timer.callback()
  }

  /** The first one, of those that are due first the one that was set first. */
  function nextUntil(end: number): Timer | null {
    let next: Timer | null = null
    for (const timer of timers) if (timer.dueAt <= end && (!next || timer.dueAt < next.dueAt)) next = timer
    return next
  }

  return {
    now: () => epoch + elapsed,
    elapsed: () => elapsed,
    setTimeout: (callback, ms) => {
      // Whole milliseconds, as real timers have: a fraction that is lost in the sum would let time stand still.
      const timer = add({ dueAt: elapsed + Math.max(0, Math.ceil(ms)), everyMs: null, callback })
      if (ms <= 0) inNextTurn(() => timers.has(timer) && run(timer))
      return timer
    },
    setInterval: (callback, ms) => {
      const everyMs = Math.max(1, Math.ceil(ms))
      return add({ dueAt: elapsed + everyMs, everyMs, callback })
    },
    clear: (timer) => void timers.delete(timer as Timer),
    clearAll: () => timers.clear(),
    advance: async (ms) => {
      await settle()
      const end = elapsed + Math.ceil(ms)
      for (let timer = nextUntil(end); timer; timer = nextUntil(end)) {
        elapsed = Math.max(elapsed, timer.dueAt)
        run(timer)
        await settle()
      }
      elapsed = Math.max(elapsed, end)
    },
    set: (time) => {
      epoch = toMs(time) - elapsed
    },
  }
}

function toMs(time: Date | string | number): number {
  const ms = new Date(time).getTime()
  if (!Number.isFinite(ms)) throw new Error(`createTestServer: ${String(time)} is not a time`)
  return ms
}
