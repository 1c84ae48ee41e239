import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { deletedUsernamePrefix } from '../../contract/rules'
import { endBotSessionsOf } from '../auth/bot-sessions'
import { revokeSessions } from '../auth/revoke-sessions'
import { inTransaction, type Querying, retried } from '../platform/database'

/** A deletion starts again when the person joins a room meanwhile. */
const maxAttempts = 5

interface Erasure {
  /** Runs first in the transaction. @returns the person's id @throws whatever forbids it */
  begin(transaction: Querying): Promise<string>
  /** What becomes of rooms that only this person owns: the deletion is refused, or somebody else in them becomes the owner. */
  ownedRooms: 'refuse' | 'hand over'
  /** Runs while the person's row is locked, before anything of it is erased. */
  record(transaction: Querying, userId: string): Promise<void>
}

/** Memberships that have changed, with the room's version at each change, in the room's order. */
export interface ChangedMembership {
  room: string
  userId: string
  version: number
}

/**
 * Deletes a person. An anonymous row stays as the author of their messages, and direct rooms stay for the others in them.
 * @throws {Failure} LAST_OWNER, USER_NOT_FOUND, and what `begin` throws
 */
export async function eraseAccount(pool: Pool, erasure: Erasure): Promise<{ userId: string; changed: ChangedMembership[] }> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    // Direct rooms are not locked, so it can deadlock with a message that the person writes there.
    const erased = await retried(() => inTransaction(pool, (transaction) => erase(transaction, erasure))).catch(nullWhenJoinedMeanwhile)
    if (erased) return erased
  }
  throw new Failure('UNAVAILABLE')
}

/** The person joined a room that was not locked. */
class JoinedMeanwhile extends Error {}

function nullWhenJoinedMeanwhile(error: unknown): null {
  if (error instanceof JoinedMeanwhile) return null
  throw error
}

async function erase(transaction: Querying, { begin, ownedRooms, record }: Erasure) {
  const userId = await begin(transaction)
  // Rooms are always locked in the order of their ids, to avoid deadlocks.
  const { rows: locked } = await transaction.query<{ id: string }>(
    `SELECT id FROM rooms WHERE kind <> 'direct' AND id IN (SELECT room_id FROM memberships WHERE user_id = $1)
     ORDER BY id FOR NO KEY UPDATE`,
    [userId],
  )
  const rooms = locked.map(({ id }) => id)
  const { rows: ownerless } = await transaction.query<{ id: string; name: string }>(
    `SELECT r.id, r.name FROM rooms r JOIN memberships own ON own.room_id = r.id AND own.user_id = $1 AND own.role = 'owner'
     WHERE r.id = ANY($2)
       AND EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id <> $1)
       AND NOT EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id <> $1 AND s.role = 'owner')
     ORDER BY lower(r.name)`,
    [userId, rooms],
  )
  if (ownerless.length > 0 && ownedRooms === 'refuse')
    throw new Failure('LAST_OWNER', { fields: { rooms: ownerless.map(({ name }) => name).join(', ') } })

  // From here on no statement elsewhere can store anything of this person, or a new session: each needs this row's lock.
  const { rowCount: held } = await transaction.query('SELECT FROM users WHERE id = $1 AND deleted_at IS NULL FOR UPDATE', [userId])
  if (held === 0) throw new Failure('USER_NOT_FOUND')
  await record(transaction, userId)

  const changed: ChangedMembership[] = []
  for (const { id } of ownerless) changed.push(await handOver(transaction, id, userId))
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
  for (const row of versions) changed.push({ ...row, userId })
  await erasePerson(transaction, userId)
  return { userId, changed }
}

/** Makes the moderator, or else the member, who has been there for longest the owner. People who are disabled come last. */
async function handOver(transaction: Querying, room: string, userId: string): Promise<ChangedMembership> {
  const { rows } = await transaction.query<ChangedMembership>(
    `WITH heir AS (
       SELECT s.user_id FROM memberships s JOIN users u ON u.id = s.user_id WHERE s.room_id = $1 AND s.user_id <> $2
       ORDER BY u.disabled_at IS NOT NULL OR u.role = 'bot', s.role, s.joined_at, s.member_name LIMIT 1
     ),
     taken AS (UPDATE rooms SET last_version = last_version + 1 WHERE id = $1 RETURNING last_version AS version)
     UPDATE memberships s SET role = 'owner', version = t.version FROM heir h, taken t WHERE s.room_id = $1 AND s.user_id = h.user_id
     RETURNING s.room_id AS room, s.user_id AS "userId", t.version`,
    [room, userId],
  )
  const [heir] = rows
  if (!heir) throw new JoinedMeanwhile()
  return heir
}

/** What else there is of somebody who has left their rooms. */
async function erasePerson(transaction: Querying, userId: string): Promise<void> {
  // After they have left: a new username is written to each membership that they still have.
  await transaction.query(
    `UPDATE users SET
       username = $2::text || right(replace(id::text, '-', ''), 12), display_name = 'Deleted user', password_hash = NULL,
       external_issuer = NULL, external_subject = NULL, avatar = NULL, status = '', time_zone = NULL, last_seen_at = NULL, role = 'member', deleted_at = now()
     WHERE id = $1`,
    [userId, deletedUsernamePrefix],
  )
  await endBotSessionsOf(transaction, userId, 'owner deleted')
  await transaction.query('UPDATE bots SET owner_id = NULL WHERE owner_id = $1', [userId])
  await transaction.query('UPDATE hooks SET created_by = NULL WHERE created_by = $1', [userId])
  await transaction.query('UPDATE outgoing_hooks SET created_by = NULL WHERE created_by = $1', [userId])
  for (const { table, column } of ownRows) await transaction.query(`DELETE FROM ${table} WHERE ${column} = $1`, [userId])
  await revokeSessions(transaction, { userId, reason: 'deleted' })
  await transaction.query('UPDATE sessions SET ip = NULL, user_agent = NULL, device_hash = NULL WHERE user_id = $1', [userId])
}

/** Rows that are nobody's after the deletion. */
const ownRows = [
  {
    column: 'user_id',
    tables: [
      'person_names',
      'known_devices',
      'bans',
      'past_memberships',
      'passkeys',
      'authenticators',
      'recovery_codes',
      'sign_in_tickets',
      'password_resets',
      'bots',
    ],
  },
  { column: 'created_by', tables: ['invites', 'server_invites'] },
  { column: 'bot_id', tables: ['hooks'] },
  { column: 'author_id', tables: ['posts'] },
].flatMap(({ column, tables }) => tables.map((table) => ({ table, column })))
