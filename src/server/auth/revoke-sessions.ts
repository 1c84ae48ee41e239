import type { Statements } from '../platform/database'

interface Revocation {
  userId: string
  /** For the log. */
  reason: string
  /** This one; without it, all of the person's. */
  only?: string
  /** All but this one. */
  except?: string
}

/**
 * Revokes live sessions of a person, together with their entries in the log that every realtime node reads, or not at all.
 * Whoever calls it announces that, once it is committed.
 * @returns how many
 */
export function revokeSessions(statements: Statements, { userId, reason, only, except }: Revocation): Promise<number> {
  return statements.$executeRaw`
    WITH revoked AS (
      UPDATE sessions SET revoked_at = now()
      WHERE user_id = ${userId}::uuid AND revoked_at IS NULL AND expires_at > now()
        AND (${only ?? null}::uuid IS NULL OR id = ${only ?? null}::uuid)
        AND (${except ?? null}::uuid IS NULL OR id <> ${except ?? null}::uuid)
      RETURNING id, user_id
    )
    INSERT INTO session_revocations (session_id, user_id, reason) SELECT id, user_id, ${reason} FROM revoked`
}
