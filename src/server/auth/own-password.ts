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
  return {
    require: async (userId, password) => {
      // Of its own: guessing with a session that was stolen must not lock its person out of signing in.
      const key = `own password ${userId}`
      const retryAfterMs = await findFailureDelay(pool, key)
      if (retryAfterMs > 0) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs })
      // Before it is checked: many guesses at once would else all be checked before the first of them counts.
      await countFailure(pool, key)
      const hash = await store.findPasswordHash(userId)
      const matches = await verifyPassword(hash, password)
      if (hash === null || !matches) throw new Failure('WRONG_PASSWORD')
      await forgetFailures(pool, key)
      return hash
    },
  }
}
