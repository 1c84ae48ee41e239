import type { Pool } from 'pg'
import { writeAudit } from '../admin/audit-log'
import { inTransaction, type Querying } from '../platform/database'

/** A setup that was not confirmed for this long has to begin again. */
const setupMinutes = 15

/** Stores the secrets of authenticator apps, and recovery codes. */
export function createAuthenticatorStore(pool: Pool) {
  return {
    /** The sealed secret of somebody whose two-step sign-in is on. */
    findEnabled: async (userId: string): Promise<Uint8Array | null> => {
      const { rows } = await pool.query<{ sealed: Uint8Array }>(
        'SELECT sealed_secret AS sealed FROM authenticators WHERE user_id = $1 AND enabled_at IS NOT NULL',
        [userId],
      )
      return rows[0]?.sealed ?? null
    },

    /** Replaces a setup that was not confirmed. @returns false when two-step sign-in is on already */
    beginSetup: async (userId: string, sealed: Uint8Array): Promise<boolean> => {
      const { rowCount } = await pool.query(
        `INSERT INTO authenticators (user_id, sealed_secret) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, created_at = now() WHERE authenticators.enabled_at IS NULL`,
        [userId, sealed],
      )
      return rowCount === 1
    },

    findSetup: async (userId: string): Promise<Uint8Array | null> => {
      const { rows } = await pool.query<{ sealed: Uint8Array }>(
        `SELECT sealed_secret AS sealed FROM authenticators
         WHERE user_id = $1 AND enabled_at IS NULL AND created_at > now() - $2 * interval '1 minute'`,
        [userId, setupMinutes],
      )
      return rows[0]?.sealed ?? null
    },

    /**
     * Turns two-step sign-in on. The code that confirmed it counts as used.
     * @returns false when this setup was replaced or confirmed meanwhile
     */
    enable: (userId: string, setup: { sealed: Uint8Array; step: number; codes: readonly Uint8Array[] }, ip: string): Promise<boolean> =>
      inTransaction(pool, async (transaction) => {
        const { rowCount } = await transaction.query(
          'UPDATE authenticators SET enabled_at = now(), last_step = $3 WHERE user_id = $1 AND sealed_secret = $2 AND enabled_at IS NULL',
          [userId, setup.sealed, setup.step],
        )
        if (rowCount !== 1) return false
        await replaceCodes(transaction, userId, setup.codes)
        await writeAudit(transaction, { kind: 'account.secondFactorAdded', actorId: userId, ip })
        return true
      }),

    /** @returns false when two-step sign-in was off already */
    disable: (userId: string, ip: string): Promise<boolean> =>
      inTransaction(pool, async (transaction) => {
        const wasOn = await deleteAuthenticator(transaction, userId)
        if (wasOn) await writeAudit(transaction, { kind: 'account.secondFactorRemoved', actorId: userId, ip })
        return wasOn
      }),

    /** @returns false when two-step sign-in is off */
    replaceRecoveryCodes: (userId: string, codes: readonly Uint8Array[]): Promise<boolean> =>
      inTransaction(pool, async (transaction) => {
        const { rowCount } = await transaction.query(
          'SELECT FROM authenticators WHERE user_id = $1 AND enabled_at IS NOT NULL FOR NO KEY UPDATE',
          [userId],
        )
        if (rowCount !== 1) return false
        await replaceCodes(transaction, userId, codes)
        return true
      }),

    /** @returns false when the code of this step, or a later one, was used already: of two at once, one gets in */
    spendStep: async (userId: string, step: number): Promise<boolean> => {
      const { rowCount } = await pool.query(
        'UPDATE authenticators SET last_step = $2 WHERE user_id = $1 AND last_step < $2 AND enabled_at IS NOT NULL',
        [userId, step],
      )
      return rowCount === 1
    },

    /** @returns how many are left; null when this is no unused code of theirs */
    spendRecoveryCode: async (userId: string, hash: Uint8Array): Promise<number | null> => {
      const { rowCount } = await pool.query(
        'UPDATE recovery_codes SET used_at = now() WHERE user_id = $1 AND hash = $2 AND used_at IS NULL',
        [userId, hash],
      )
      return rowCount === 1 ? countCodes(pool, userId) : null
    },

    findState: async (userId: string): Promise<{ since: Date; recoveryCodesLeft: number } | null> => {
      const { rows } = await pool.query<{ since: Date }>(
        'SELECT enabled_at AS since FROM authenticators WHERE user_id = $1 AND enabled_at IS NOT NULL',
        [userId],
      )
      return rows[0] ? { since: rows[0].since, recoveryCodesLeft: await countCodes(pool, userId) } : null
    },

    /** Secrets of all people, in order of their ids. */
    listSealed: async (after: string | null, limit: number): Promise<{ userId: string; sealed: Uint8Array }[]> => {
      const { rows } = await pool.query<{ userId: string; sealed: Uint8Array }>(
        `SELECT user_id AS "userId", sealed_secret AS sealed FROM authenticators WHERE $1::uuid IS NULL OR user_id > $1 ORDER BY user_id LIMIT $2`,
        [after, limit],
      )
      return rows
    },

    /** Stores a secret that was sealed again, unless it was replaced meanwhile. */
    reseal: async (userId: string, change: { from: Uint8Array; to: Uint8Array }): Promise<void> => {
      await pool.query('UPDATE authenticators SET sealed_secret = $3 WHERE user_id = $1 AND sealed_secret = $2', [
        userId,
        change.from,
        change.to,
      ])
    },
  }
}

export type AuthenticatorStore = ReturnType<typeof createAuthenticatorStore>

async function countCodes(querying: Querying, userId: string): Promise<number> {
  const { rows } = await querying.query<{ left: number }>(
    'SELECT count(*)::int AS left FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL',
    [userId],
  )
  return rows[0]?.left ?? 0
}

async function replaceCodes(transaction: Querying, userId: string, codes: readonly Uint8Array[]): Promise<void> {
  await transaction.query('DELETE FROM recovery_codes WHERE user_id = $1', [userId])
  await transaction.query('INSERT INTO recovery_codes (user_id, hash) SELECT $1, unnest($2::bytea[])', [userId, codes])
}

async function deleteAuthenticator(transaction: Querying, userId: string): Promise<boolean> {
  await transaction.query('DELETE FROM sign_in_tickets WHERE user_id = $1', [userId])
  await transaction.query('DELETE FROM recovery_codes WHERE user_id = $1', [userId])
  const { rows } = await transaction.query<{ was_on: boolean }>(
    'DELETE FROM authenticators WHERE user_id = $1 RETURNING enabled_at IS NOT NULL AS was_on',
    [userId],
  )
  return rows[0]?.was_on ?? false
}

/** Removes everything but the password: for an admin who lets somebody in again, and for deleted accounts. */
export async function removeSecondFactors(transaction: Querying, userId: string): Promise<{ twoStep: boolean; passkeys: number }> {
  const twoStep = await deleteAuthenticator(transaction, userId)
  const { rowCount } = await transaction.query('DELETE FROM passkeys WHERE user_id = $1', [userId])
  return { twoStep, passkeys: rowCount ?? 0 }
}
