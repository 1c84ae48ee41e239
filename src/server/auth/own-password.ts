import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { verifyPassword } from './passwords'
import { countFailure, findFailureDelay, forgetFailures } from './rate-limits'
import type { SessionStore } from './session-store'

/** Asks somebody who is signed in for their password, before what only they may do. */
export interface OwnPasswords {
  /**
   * @returns the hash that it was checked against: what follows must hold only as long as this is still the person's
   * @throws {Failure} WRONG_PASSWORD, TOO_MANY_REQUESTS
   */
  require(userId: string, password: string): Promise<string>
}

export function createOwnPasswords(pool: Pool, store: Pick<SessionStore, 'findPasswordHash'>): OwnPasswords {
  const latest = new Map<string, Promise<unknown>>()
  /** One person's attempts go one after the other: each knows of those before it. */
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
        // Of its own: guessing with a session that was stolen must not lock its person out of signing in.
        const key = `own password ${userId}`
        const retryAfterMs = await findFailureDelay(pool, key)
        if (retryAfterMs > 0) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs })
        // Before it is checked: guesses on several nodes at once would else all be checked before the first of them counts.
        await countFailure(pool, key)
        const hash = await store.findPasswordHash(userId)
        const matches = await verifyPassword(hash, password)
        if (hash === null || !matches) throw new Failure('WRONG_PASSWORD')
        await forgetFailures(pool, key)
        return hash
      }),
  }
}
