import type { Clock } from './clock'

/** How long others see that a person is typing is longer than this, in milliseconds. */
const resendMs = 3_000
/** Sending a message ends the typing state, and for this long after it the server ignores a new one. */
const ignoredAfterMessageMs = 1_000

/** Tells the server now and then that the person is typing. */
export function createTyping(clock: Pick<Clock, 'elapsed'>, tell: () => Promise<unknown>) {
  let toldAt = Number.NEGATIVE_INFINITY
  return {
    /** Call it after each change of the text. */
    notify: () => {
      if (clock.elapsed() - toldAt < resendMs) return
      toldAt = clock.elapsed()
      // A failure needs no handling: a later change of the text tells the server again.
      tell().catch(() => {})
    },
    /** The text was sent, or is empty again. */
    end: () => {
      toldAt = Math.min(toldAt, clock.elapsed() - resendMs + ignoredAfterMessageMs)
    },
  }
}
