import { Failure } from '../../contract/failures'

export interface SendLimits {
  /** @throws {Failure} TOO_MANY_REQUESTS with the time to wait */
  countSend(userId: string): void
}

const burst = 20

/**
 * So many sends a minute per person on this node, 20 of them at once.
 * @param perMinute 0 means no limit
 */
export function createSendLimits(perMinute: number, now: () => number = () => performance.now()): SendLimits {
  const msPerSend = 60_000 / perMinute
  const fullAfterMs = burst * msPerSend
  /** When each person's allowance is whole again. Insertion order is by latest send, so the oldest can be dropped first. */
  const wholeAt = new Map<string, number>()
  return {
    countSend: (userId) => {
      if (perMinute === 0) return
      const time = now()
      const next = Math.max(wholeAt.get(userId) ?? time, time) + msPerSend
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
