import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { createGate, type Gate } from '../platform/background'
import { type AttemptLimit, forgetAttempts, giveAttemptBack, takeAttempt } from './rate-limits'

/** Lets nobody guess a secret by trying. */
export interface GuessGuard {
  /**
   * Counts an attempt, and then makes it: of many at once, no more are made than the limits allow. Those under the same first
   * limit wait for each other in this process, so that many right ones at once all succeed.
   * @param limits the first is that of whoever tries. A right attempt clears those whose pauses grow
   * @param check resolves to null when the attempt was wrong
   * @throws {Failure} TOO_MANY_REQUESTS before it is made
   */
  run<Value>(
    limits: readonly [AttemptLimit, ...AttemptLimit[]],
    check: () => Promise<Value | null>,
    onRefused?: (retryAfterMs: number) => Promise<void>,
  ): Promise<Value | null>
}

const isGrowing = ({ longestMs }: AttemptLimit) => longestMs !== undefined

/** How many attempts under one limit may wait in this process. */
const maxWaiting = 50

export function createGuessGuard(pool: Pool): GuessGuard {
  const gates = new Map<string, Gate>()

  return {
    run: async (limits, check, onRefused) => {
      const { key } = limits[0]
      const gate = gates.get(key) ?? createGate(1)
      if (gate.waiting() >= maxWaiting) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs: 1_000 })
      gates.set(key, gate)
      try {
        return await gate.run(async () => {
          const retryAfterMs = await takeAttempt(pool, limits)
          if (retryAfterMs > 0) {
            await onRefused?.(retryAfterMs)
            throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs })
          }
          const found = await check().catch(async (error: unknown) => {
            await giveAttemptBack(pool, limits)
            throw error
          })
          if (found === null) return null
          // Their own earlier mistakes no longer count. Those of all others do.
          await forgetAttempts(
            pool,
            limits.filter(isGrowing).map((limit) => limit.key),
          )
          await giveAttemptBack(
            pool,
            limits.filter((limit) => !isGrowing(limit)),
          )
          return found
        })
      } finally {
        if (!gate.isBusy() && gates.get(key) === gate) gates.delete(key)
      }
    },
  }
}
