import { Failure } from '../../contract/failures'

export interface Limit {
  /** @throws {Failure} TOO_MANY_REQUESTS with the time to wait */
  count(userId: string): void
}

/**
 * A rate limit for each person on this node.
 * @param perMinute 0 means no limit
 * @param burst how many are allowed at once
 */
export function createLimit(perMinute: number, burst: number, now: () => number = () => performance.now()): Limit {
  const intervalMs = 60_000 / perMinute
  const fullAfterMs = burst * intervalMs
  /** When each person's allowance is full again. In order of latest use, so that the oldest can be dropped first. */
  const fullAt = new Map<string, number>()
  return {
    count: (userId) => {
      if (perMinute === 0) return
      const time = now()
      const next = Math.max(fullAt.get(userId) ?? time, time) + intervalMs
      if (next - time > fullAfterMs) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs: Math.ceil(next - time - fullAfterMs) })
      fullAt.delete(userId)
      fullAt.set(userId, next)
      for (const [oldest, at] of fullAt) {
        if (at > time) break
        fullAt.delete(oldest)
      }
    },
  }
}
