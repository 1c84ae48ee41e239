/**
 * How long to wait before the next attempt: half to all of a time that doubles from half a second to thirty, so that the
 * clients of a server that comes back do not all come at once.
 * @param attempt 0 for the first
 * @returns milliseconds
 */
export function backoffWithJitter(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(500 * 2 ** attempt, 30_000)
  return longest / 2 + random() * (longest / 2)
}
