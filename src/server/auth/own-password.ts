import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { verifyPassword } from './passwords'
import { countFailure, findFailureDelay, forgetFailures } from './rate-limits'
import type { SessionStore } from './session-store'

/** Checks a signed-in person's password before acts that need it. */
export interface OwnPasswords {
  /**
   * @returns the verified hash: the act must check that it is still the person's hash
   * @throws {Failure} WRONG_PASSWORD, NO_PASSWORD, TOO_MANY_REQUESTS
   */
  require(userId: string, password: string): Promise<string>
}

export function createOwnPasswords(pool: Pool, store: Pick<SessionStore, 'findPasswordHash'>): OwnPasswords {
  const latest = new Map<string, Promise<unknown>>()
  /** Runs one person's attempts one after the other, so that each sees the failures before it. */
  const inTurn = async <Value>(userId: string, attempt: () => Promise<Value>): Promise<Value> => {
    const attempting = (latest.get(userId) ?? Promise.resolve()).then(attempt)
    const settled = attempting.then(
      () => {},
      () => {},
    )
    latest.set(userId, settled)
    void settled.then(() => latest.get(userId) === settled && latest.delete(userId))
    return attempting
  }

  return {
    require: (userId, password) =>
      inTurn(userId, async () => {
        // A counter of its own: guesses with a stolen session must not lock the person out of signing in.
        const key = `own password ${userId}`
        if ((await store.findPasswordHash(userId)) === null) throw new Failure('NO_PASSWORD')
        const retryAfterMs = await findFailureDelay(pool, key)
        if (retryAfterMs > 0) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs })
        // Counted before the check. Otherwise simultaneous guesses on several nodes would all be checked before the first counts.
        await countFailure(pool, key)
        const hash = await store.findPasswordHash(userId)
        const matches = await verifyPassword(hash, password)
        if (hash === null || !matches) throw new Failure('WRONG_PASSWORD')
        await forgetFailures(pool, key)
        return hash
      }),
  }
}
