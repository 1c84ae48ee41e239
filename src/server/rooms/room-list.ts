import { Failure } from '../../contract/failures'
import type { PublicRoom, Room } from '../../contract/room'
import { compareRooms, limits } from '../../contract/rules'
import type { CallContext } from '../caller'
import { patternOf } from '../platform/database'
import { cutPage, readCursor } from '../platform/page-cursor'
import { toRoom } from './list-entry'
import type { ListStore } from './list-store'
import type { RoomsContext, RoomsNeeds } from './needs'

type ListNeeds = Pick<RoomsNeeds, 'lists'>

/** A long list is read in slices, so that the node's other work does not wait for it. */
const roomsPerSlice = 500

/** The caller's rooms, the one with the latest message first. Archived ones are not in it. */
export async function listRooms({ parts: { lists }, caller }: CallContext<ListNeeds>): Promise<Room[]> {
  const userId = caller.user.id
  const ids = (await lists.roomsOf([userId])).get(userId) ?? []
  const listed: Room[] = []
  for (let from = 0; from < ids.length; from += roomsPerSlice) {
    listed.push(...(await readRooms(lists, userId, ids.slice(from, from + roomsPerSlice))))
  }
  return listed.sort(compareRooms)
}

async function readRooms(lists: ListStore, userId: string, ids: readonly string[], options?: { archivedToo: boolean }): Promise<Room[]> {
  // The rooms first: a message that was written after the person was removed is then in none of the rooms that are still theirs.
  const summaries = await lists.summariesOf(ids)
  const own = await lists.partsAmong(
    summaries.map(({ id }) => ({ userId, room: id })),
    options,
  )
  return summaries.flatMap((summary, index) => {
    const part = own[index]
    return part ? [toRoom(summary, part, userId)] : []
  })
}

/** A room of the caller's as it is now, archived or not. @throws {Failure} ROOM_NOT_FOUND when they are not a member */
export async function getRoom(ctx: CallContext<ListNeeds>, roomId: string): Promise<Room> {
  const room = await findRoom(ctx, roomId)
  if (!room) throw new Failure('ROOM_NOT_FOUND')
  return room
}

export async function findRoom({ parts, caller }: CallContext<ListNeeds>, roomId: string): Promise<Room | null> {
  const [room] = await readRooms(parts.lists, caller.user.id, [roomId], { archivedToo: true })
  return room ?? null
}

/** Public rooms by name, a page at a time. */
export async function browseRooms(
  { parts, caller }: RoomsContext,
  { query = '', cursor }: { query?: string | undefined; cursor?: string | null | undefined } = {},
): Promise<{ rooms: PublicRoom[]; cursor: string | null }> {
  const [afterName = null, afterId = ''] = readCursor(cursor, 'string', 'string') ?? []
  const { rows } = await parts.pool.query<Omit<PublicRoom, 'kind'> & { sortKey: string }>(
    `SELECT r.id, r.name, r.topic, lower(r.name) AS "sortKey",
       (SELECT count(*)::int FROM memberships WHERE room_id = r.id) AS "memberCount",
       EXISTS (SELECT FROM memberships WHERE room_id = r.id AND user_id = $1) AS joined
     FROM rooms r
     WHERE r.kind = 'public' AND r.archived_at IS NULL AND NOT EXISTS (SELECT FROM bans WHERE room_id = r.id AND user_id = $1)
       AND (lower(r.name) LIKE $2 OR lower(r.topic) LIKE $2)
       AND ($3::text IS NULL OR (lower(r.name), r.id) > ($3, $4))
     ORDER BY lower(r.name), r.id LIMIT $5`,
    [caller.user.id, patternOf(query), afterName, afterId, limits.roomsPage + 1],
  )
  const { page, cursor: next } = cutPage(rows, limits.roomsPage, (last) => [last.sortKey, last.id])
  return { rooms: page.map(({ sortKey: _, ...room }) => ({ ...room, kind: 'public' })), cursor: next }
}
