import { randomUUID } from 'node:crypto'
import { Failure } from '../../contract/failures'
import type { Room } from '../../contract/room'
import { isUuid, limits, toSlug } from '../../contract/rules'
import { announceToPeople } from '../bus/announce'
import { inTransaction, isUniqueViolation } from '../platform/database'
import type { RoomsContext } from './needs'
import { getRoom } from './room-list'

/**
 * Creates a room with the caller as its owner and these people as members.
 * @throws {Failure} ROOM_NAME_TAKEN, USER_NOT_FOUND, BAD_REQUEST; then nothing was created
 */
export async function createRoom(
  ctx: RoomsContext,
  input: { name: string; kind: 'public' | 'private'; topic?: string | undefined; members?: string[] | undefined },
): Promise<Room> {
  const { parts, caller } = ctx
  const ownerId = caller.user.id
  const id = input.kind === 'public' ? slugOf(input.name) : randomUUID()
  const usernames = [...new Set(input.members ?? [])]
  const people = await inTransaction(parts.pool, async (transaction) => {
    // Locked, so that nobody becomes a member while their account is being deleted.
    const { rows } = await transaction.query<{ id: string; username: string }>(
      `SELECT id, username FROM users WHERE (id = $1 OR username = ANY($2)) AND deleted_at IS NULL AND disabled_at IS NULL
       ORDER BY id FOR SHARE`,
      [ownerId, usernames],
    )
    if (!rows.some((person) => person.id === ownerId)) throw new Failure('UNAUTHORIZED')
    if (usernames.some((username) => !rows.some((person) => person.username === username)))
      throw new Failure('USER_NOT_FOUND', { fields: { members: 'must all be usernames of people here' } })
    await transaction.query('INSERT INTO rooms (id, kind, name, topic, created_by) VALUES ($1, $2, $3, $4, $5)', [
      ...[id, input.kind, input.name, input.topic ?? '', ownerId],
    ])
    const userIds = rows.map((person) => person.id)
    await transaction.query(
      `INSERT INTO memberships (room_id, user_id, role)
       SELECT $1, person, CASE WHEN person = $3 THEN 'owner' ELSE 'member' END::room_role FROM unnest($2::uuid[]) person`,
      [id, userIds, ownerId],
    )
    return userIds
  }).catch((error: unknown) => {
    throw isUniqueViolation(error) ? new Failure('ROOM_NAME_TAKEN', { fields: { name: 'is taken' } }) : error
  })
  announceToPeople(parts, id, people)
  return getRoom(ctx, id)
}

/**
 * The one direct room of the caller and these people, created if it does not exist. Nobody owns it.
 * @throws {Failure} USER_NOT_FOUND
 */
export async function openDirectRoom(ctx: RoomsContext, usernames: readonly string[]): Promise<Room> {
  const { parts, caller } = ctx
  const named = await parts.pool.query<{ id: string }>(
    'SELECT id FROM users WHERE username = ANY($1) AND deleted_at IS NULL AND disabled_at IS NULL',
    [usernames],
  )
  if (named.rows.length < new Set(usernames).size)
    throw new Failure('USER_NOT_FOUND', { fields: { usernames: 'must all be usernames of people here' } })
  const people = [...new Set([caller.user.id, ...named.rows.map(({ id }) => id)])].sort()
  const newId = randomUUID()
  const findOrCreate = () =>
    parts.pool.query<{ id: string; is_new: boolean }>(
      `WITH people AS (
         SELECT id FROM users WHERE id = ANY($4::uuid[]) AND deleted_at IS NULL AND disabled_at IS NULL ORDER BY id FOR SHARE
       ),
       created AS (
         INSERT INTO rooms (id, kind, name, direct_key, created_by)
         SELECT $1, 'direct', '', $2, $3 WHERE (SELECT count(*) FROM people) = cardinality($4::uuid[])
         ON CONFLICT (direct_key) DO NOTHING RETURNING id
       ),
       joined AS (INSERT INTO memberships (room_id, user_id) SELECT created.id, person FROM created, unnest($4::uuid[]) person)
       SELECT id, true AS is_new FROM created UNION ALL SELECT id, false FROM rooms WHERE direct_key = $2`,
      [newId, people.join(' '), caller.user.id, people],
    )
  // When somebody else creates it at the same moment, the first statement waits for them but does not see their row.
  const row = (await findOrCreate()).rows[0] ?? (await findOrCreate()).rows[0]
  if (!row) throw new Failure('UNAVAILABLE')
  if (row.is_new) announceToPeople(parts, row.id, people)
  return getRoom(ctx, row.id)
}

function slugOf(name: string): string {
  const slug = toSlug(name)
  if (slug === '') throw new Failure('BAD_REQUEST', { fields: { name: 'must have a letter or a digit' } })
  // The answer would say whether there is a private room with that id.
  if (isUuid(slug)) throw new Failure('BAD_REQUEST', { fields: { name: 'must not look like an id' } })
  if (slug.length > limits.roomId) throw new Failure('BAD_REQUEST', { fields: { name: 'is too long' } })
  return slug
}
