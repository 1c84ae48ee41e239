import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { deletedUsernamePrefix } from '../../contract/rules'
import { revokeSessions } from '../auth/revoke-sessions'
import { inTransaction, type Querying, retried } from '../platform/database'
import { removeSecondFactors } from '../security/authenticator-store'

/** A deletion starts again when the person joins a room meanwhile. */
const maxAttempts = 5

/** Changes of an account that also end sessions. */
export function createAccountStore(pool: Pool) {
  return {
    /**
     * Changes the password and ends all other sessions, in one transaction.
     * @returns the number of ended sessions
     * @throws {Failure} WRONG_PASSWORD when the verified password is no longer the current one
     */
    changePassword: (change: { userId: string; verifiedHash: string; passwordHash: string; keep: string }): Promise<number> =>
      inTransaction(pool, async (transaction) => {
        const { userId, verifiedHash, passwordHash, keep } = change
        const { rowCount } = await transaction.query('UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2', [
          userId,
          verifiedHash,
          passwordHash,
        ])
        if (rowCount === 0) throw new Failure('WRONG_PASSWORD')
        return revokeSessions(transaction, { userId, reason: 'password', except: keep })
      }),

    /**
     * Deletes a person. An anonymous row stays as the author of their messages, and direct rooms stay for the others in them.
     * @returns the rooms that they left, with the new version of each
     * @throws {Failure} LAST_OWNER; WRONG_PASSWORD when the verified password is no longer the current one
     */
    delete: async (userId: string, verifiedHash: string): Promise<{ room: string; version: number }[]> => {
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        // Direct rooms are not locked, so it can deadlock with a message that the person writes there.
        const left = await retried(() => inTransaction(pool, (transaction) => deletePerson(transaction, userId, verifiedHash))).catch(
          nullWhenJoinedMeanwhile,
        )
        if (left) return left
      }
      throw new Failure('UNAVAILABLE')
    },
  }
}

export type AccountStore = ReturnType<typeof createAccountStore>

/** The person joined a room that was not locked. */
class JoinedMeanwhile extends Error {}

function nullWhenJoinedMeanwhile(error: unknown): null {
  if (error instanceof JoinedMeanwhile) return null
  throw error
}

async function deletePerson(transaction: Querying, userId: string, verifiedHash: string): Promise<{ room: string; version: number }[]> {
  // Rooms are always locked in the order of their ids, to avoid deadlocks.
  const { rows: locked } = await transaction.query<{ id: string }>(
    `SELECT id FROM rooms WHERE kind <> 'direct' AND id IN (SELECT room_id FROM memberships WHERE user_id = $1)
     ORDER BY id FOR NO KEY UPDATE`,
    [userId],
  )
  const rooms = locked.map(({ id }) => id)
  const { rows: ownerless } = await transaction.query<{ name: string }>(
    `SELECT r.name FROM rooms r JOIN memberships own ON own.room_id = r.id AND own.user_id = $1 AND own.role = 'owner'
     WHERE r.id = ANY($2)
       AND EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id <> $1)
       AND NOT EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id <> $1 AND s.role = 'owner')
     ORDER BY lower(r.name)`,
    [userId, rooms],
  )
  if (ownerless.length > 0) throw new Failure('LAST_OWNER', { fields: { rooms: ownerless.map(({ name }) => name).join(', ') } })

  // From here on no statement elsewhere can store anything of this person, or a new session: each needs this row's lock.
  const { rowCount: held } = await transaction.query(
    'SELECT FROM users WHERE id = $1 AND password_hash = $2 AND deleted_at IS NULL FOR UPDATE',
    [userId, verifiedHash],
  )
  if (held === 0) throw new Failure('WRONG_PASSWORD')

  const { rows: memberships } = await transaction.query<{ room_id: string }>(
    `DELETE FROM memberships s USING rooms r WHERE s.user_id = $1 AND r.id = s.room_id AND r.kind <> 'direct' RETURNING s.room_id`,
    [userId],
  )
  const left = memberships.map(({ room_id }) => room_id)
  if (left.some((room) => !rooms.includes(room))) throw new JoinedMeanwhile()
  const { rows: versions } = await transaction.query<{ room: string; version: number }>(
    'UPDATE rooms SET last_version = last_version + 1 WHERE id = ANY($1) RETURNING id AS room, last_version AS version',
    [left],
  )

  // After they have left: a new username is written to each membership that they still have.
  await transaction.query(
    `UPDATE users SET
       username = $2::text || right(replace(id::text, '-', ''), 12), display_name = 'Deleted user', password_hash = NULL,
       external_issuer = NULL, external_subject = NULL, avatar = NULL, status = '', last_seen_at = NULL, role = 'member', deleted_at = now()
     WHERE id = $1`,
    [userId, deletedUsernamePrefix],
  )
  await removeSecondFactors(transaction, userId)
  await transaction.query('DELETE FROM bans WHERE user_id = $1', [userId])
  await transaction.query('DELETE FROM invites WHERE created_by = $1', [userId])
  await revokeSessions(transaction, { userId, reason: 'deleted' })
  await transaction.query('UPDATE sessions SET ip = NULL, user_agent = NULL WHERE user_id = $1', [userId])
  await transaction.query(`INSERT INTO audit_log (actor_id, action, subject_id) VALUES ($1, 'user.delete', $1)`, [userId])
  return versions
}
