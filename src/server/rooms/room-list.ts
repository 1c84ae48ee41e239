import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { PublicRoom, Room } from '../../contract/room'
import { compareRooms, limits } from '../../contract/rules'
import type { CallContext } from '../caller'
import { patternOf } from '../platform/database'
import { cutPage, readCursor } from '../platform/page-cursor'
import type { RoomsContext, RoomsNeeds } from './needs'
import type { ListedRoom } from './room-store'

type ListNeeds = Pick<RoomsNeeds, 'rooms' | 'messages'>

/** The caller's rooms, the one with the latest message first. Archived ones are not in it. */
export const listRooms = ({ parts, caller }: CallContext<ListNeeds>): Promise<Room[]> => readRoomList(parts, caller.user.id)

export async function readRoomList({ rooms, messages }: ListNeeds, userId: string): Promise<Room[]> {
  // Messages first: one that was written after the person was removed is then in none of the rooms that are still theirs.
  const newest = await messages.newestOfPerson(userId)
  const listed = await rooms.listOf(userId)
  return listed.map((room) => toRoom(room, newest.get(room.id))).sort(compareRooms)
}

/** A room of the caller's as it is now, archived or not. @throws {Failure} ROOM_NOT_FOUND when they are not a member */
export async function getRoom(ctx: CallContext<ListNeeds>, roomId: string): Promise<Room> {
  const room = await findRoom(ctx, roomId)
  if (!room) throw new Failure('ROOM_NOT_FOUND')
  return room
}

export async function findRoom({ parts, caller }: CallContext<ListNeeds>, roomId: string): Promise<Room | null> {
  // The message first, as in `readRoomList`.
  const newest = await parts.messages.newestOf([roomId])
  const listed = await parts.rooms.findListed(roomId, caller.user.id)
  return listed && toRoom(listed, newest.get(roomId))
}

export function toRoom({ userId: _, ...room }: ListedRoom, lastMessage: Message | null = null): Room {
  return { ...room, lastMessage }
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
