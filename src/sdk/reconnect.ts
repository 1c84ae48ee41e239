/**
 * How long to wait before the next attempt: anything up to a time that doubles from half a second to thirty (full
 * jitter), so that the clients of a server that comes back do not all come at once.
 * @param attempt 0 for the first
 * @returns milliseconds
 */
export function backoffWithJitter(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(500 * 2 ** attempt, 30_000)
}
