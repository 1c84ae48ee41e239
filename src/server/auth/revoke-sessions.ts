import type { Querying } from '../platform/database'

interface Revocation {
  userId: string
  /** Stored in the revocation log. */
  reason: string
  /** Only this session; otherwise all of the person's. */
  only?: string
  /** All except this session. */
  except?: string
  /** Only those from this device. */
  device?: Buffer
}

/**
 * Revokes live sessions of a person, and writes them to the revocation log that every realtime node reads, in one statement.
 * The caller announces it after the commit.
 * @returns the number of revoked sessions
 */
export async function revokeSessions(querying: Querying, { userId, reason, only, except, device }: Revocation): Promise<number> {
  const { rowCount } = await querying.query(
    `WITH revoked AS (
       UPDATE sessions SET revoked_at = now()
       WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now() AND ($3::uuid IS NULL OR id = $3) AND ($4::uuid IS NULL OR id <> $4)
         AND ($5::bytea IS NULL OR device_hash = $5)
       RETURNING id, user_id
     )
     INSERT INTO session_revocations (session_id, user_id, reason) SELECT id, user_id, $2 FROM revoked`,
    [userId, reason, only ?? null, except ?? null, device ?? null],
  )
  return rowCount ?? 0
}
