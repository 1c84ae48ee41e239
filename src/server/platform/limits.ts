import { Failure } from '../../contract/failures'

export interface Limit {
  /** @throws {Failure} TOO_MANY_REQUESTS with the time to wait */
  count(userId: string): void
}

/**
 * So many of something a minute for each person on this node.
 * @param perMinute 0 means no limit
 * @param burst so many of them at once
 */
export function createLimit(perMinute: number, burst: number, now: () => number = () => performance.now()): Limit {
  const msEach = 60_000 / perMinute
  const fullAfterMs = burst * msEach
  /** When each person's allowance is whole again. Insertion order is by latest use, so the oldest can be dropped first. */
  const wholeAt = new Map<string, number>()
  return {
    count: (userId) => {
      if (perMinute === 0) return
      const time = now()
      const next = Math.max(wholeAt.get(userId) ?? time, time) + msEach
      if (next - time > fullAfterMs) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs: Math.ceil(next - time - fullAfterMs) })
      wholeAt.delete(userId)
      wholeAt.set(userId, next)
      for (const [oldest, whole] of wholeAt) {
        if (whole > time) break
        wholeAt.delete(oldest)
      }
    },
  }
}
