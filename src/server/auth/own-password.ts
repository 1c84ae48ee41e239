import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { createGuessGuard } from './guesses'
import { verifyPassword } from './passwords'
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
  const guard = createGuessGuard(pool)
  return {
    require: async (userId, password) => {
      if ((await store.findPasswordHash(userId)) === null) throw new Failure('NO_PASSWORD')
      // A counter of its own: guesses with a stolen session must not lock the person out of signing in.
      const limit = { key: `own password ${userId}`, free: 5, pauseMs: 1_000, longestMs: 15 * 60_000 }
      const verified = await guard.run([limit], async () => {
        const hash = await store.findPasswordHash(userId)
        const matches = await verifyPassword(hash, password, { line: userId, isKnown: true })
        return matches ? hash : null
      })
      if (verified === null) throw new Failure('WRONG_PASSWORD')
      return verified
    },
  }
}
