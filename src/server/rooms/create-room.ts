import { randomInt, randomUUID } from 'node:crypto'
import { Failure } from '../../contract/failures'
import type { Room } from '../../contract/room'
import { isUuid, limits, toSlug } from '../../contract/rules'
import { writeAudit } from '../admin/audit-log'
import { announceToPeople } from '../bus/announce'
import { claimRoomName } from '../names/room-names'
import { inTransaction, type Querying } from '../platform/database'
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
  const slug = input.kind === 'public' ? slugOf(input.name) : null
  const usernames = [...new Set(input.members ?? [])]
  const { id, people } = await inTransaction(parts.pool, async (transaction) => {
    // Locked, so that nobody becomes a member while their account is being deleted.
    const { rows } = await transaction.query<{ id: string; username: string }>(
      `SELECT id, username FROM users WHERE (id = $1 OR username = ANY($2)) AND deleted_at IS NULL AND disabled_at IS NULL
       ORDER BY id FOR SHARE`,
      [ownerId, usernames],
    )
    if (!rows.some((person) => person.id === ownerId)) throw new Failure('UNAUTHORIZED')
    if (usernames.some((username) => !rows.some((person) => person.username === username)))
      throw new Failure('USER_NOT_FOUND', { fields: { members: 'must all be usernames of people here' } })
    const ids = slug === null ? [randomUUID()] : await idsOf(transaction, slug, ownerId)
    const id = await insertRoom(transaction, ids, [input.kind, input.name, input.topic ?? '', ownerId])
    if (input.kind === 'public') await claimRoomName(transaction, { id, name: input.name }, ownerId)
    const userIds = rows.map((person) => person.id)
    await transaction.query(
      `INSERT INTO memberships (room_id, user_id, role)
       SELECT $1, person, CASE WHEN person = $3 THEN 'owner' ELSE 'member' END::room_role FROM unnest($2::uuid[]) person`,
      [id, userIds, ownerId],
    )
    await writeAudit(transaction, {
      ...{ kind: 'room.created', actorId: ownerId, room: id, ip: caller.ip },
      detail: { kind: input.kind, name: input.name, members: userIds.length },
    })
    return { id, people: userIds }
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

/**
 * The ids that a public room may get, the best first. One with a suffix says that a room had the slug once: one that was
 * renamed, archived or deleted. For somebody who is banned from a room all have it, so that it does not tell which.
 */
async function idsOf(transaction: Querying, slug: string, ownerId: string): Promise<string[]> {
  const { rows } = await transaction.query<{ needsSuffix: boolean }>(
    `SELECT EXISTS (SELECT FROM past_room_ids WHERE id = $1) OR EXISTS (SELECT FROM bans WHERE user_id = $2) AS "needsSuffix"`,
    [slug, ownerId],
  )
  const suffixed = Array.from({ length: 3 }, () => {
    const suffix = `-${randomInt(36 ** 5, 36 ** 6).toString(36)}`
    return cutToUnits(slug, limits.roomId - suffix.length) + suffix
  })
  return rows[0]?.needsSuffix ? suffixed : [slug, ...suffixed]
}

/** Inserts the room with the first of these ids that is free. */
async function insertRoom(transaction: Querying, ids: readonly string[], values: readonly string[]): Promise<string> {
  for (const id of ids) {
    const { rowCount } = await transaction.query(
      'INSERT INTO rooms (id, kind, name, topic, created_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING',
      [id, ...values],
    )
    if (rowCount) return id
  }
  throw new Failure('UNAVAILABLE')
}

/** Without half a character at its end. */
const cutToUnits = (text: string, units: number) =>
  [...text].reduce((cut, character) => (cut.length + character.length <= units ? cut + character : cut), '')

function slugOf(name: string): string {
  const slug = toSlug(name)
  if (slug === '') throw new Failure('BAD_REQUEST', { fields: { name: 'must have a letter or a digit' } })
  // The answer would say whether there is a private room with that id.
  if (isUuid(slug)) throw new Failure('BAD_REQUEST', { fields: { name: 'must not look like an id' } })
  if (slug.length > limits.roomId) throw new Failure('BAD_REQUEST', { fields: { name: 'is too long' } })
  return slug
}
