/** What a client takes the time from, and sets its timers with. Tests give it one that they move themselves. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds since any moment. They never go back, whatever becomes of the time of day. */
  elapsed(): number
  /** @returns the timer, for `clear` */
  setTimeout(callback: () => void, ms: number): unknown
  /** @returns the timer, for `clear` */
  setInterval(callback: () => void, ms: number): unknown
  clear(timer: unknown): void
}

/** The time of this machine. Looks up the functions at each call, so that fake timers of a test runner work. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  setInterval: (callback, ms) => setInterval(callback, ms),
  clear: (timer) => clearTimeout(timer as number),
}

/** In Node, this timer must not keep the process alive. */
export function unrefTimer(timer: unknown): void {
  if (typeof timer === 'object') (timer as { unref?(): void }).unref?.()
}
