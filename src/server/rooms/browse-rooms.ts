import type { PublicRoom } from '../../contract/room'
import { limits } from '../../contract/rules'
import type { Querying } from '../platform/database'
import { fewOf, namePart, readFew } from '../platform/name-search'
import { cutPage, readCursor } from '../platform/page-cursor'
import type { RoomsContext } from './needs'

type BrowsedRow = Omit<PublicRoom, 'kind'> & { sortKey: string }

const named = namePart(`(fold_name(r.name) || E'\\n' || fold_name(r.topic))`, 'fold_name($5)')
const columns = `r.id, r.name, r.topic, r.member_count AS "memberCount", lower(r.name) AS "sortKey",
  EXISTS (SELECT FROM memberships WHERE room_id = r.id AND user_id = $1) AS joined`
const isPublic = `r.kind = 'public' AND r.archived_at IS NULL`
/** Of public rooms `r`: those after the cursor that the caller is not banned from, and one more than a page. */
const after = '(lower(r.name), r.id) > ($2, $3) AND NOT EXISTS (SELECT FROM bans WHERE room_id = r.id AND user_id = $1)'
const order = 'ORDER BY lower(r.name), r.id LIMIT $4'

const everyRoom = `SELECT ${columns} FROM rooms r WHERE ${isPublic} AND ${after} ${order}`
const namedInOrder = `SELECT ${columns} FROM rooms r WHERE ${isPublic} AND ${after} AND ${named.isIn} ${order}`
const namedByIndex = fewOf(
  `SELECT r.* FROM rooms r WHERE ${isPublic} AND ${named.isFound}`,
  1_000,
  `SELECT ${columns}, row_number() OVER (ORDER BY lower(r.name), r.id) AS place FROM namesakes r WHERE ${after} ${order}`,
)

/** Public rooms by name, a page at a time. @param input `query` is a part of the name or topic */
export async function browseRooms(
  { parts, caller }: RoomsContext,
  { query = '', cursor }: { query?: string | undefined; cursor?: string | null | undefined } = {},
): Promise<{ rooms: PublicRoom[]; cursor: string | null }> {
  const position = [caller.user.id, ...(readCursor(cursor, 'string', 'string') ?? ['', '']), limits.roomsPage + 1]
  const { page, cursor: next } = cutPage(await readPage(parts.pool, position, query), limits.roomsPage, (last) => [last.sortKey, last.id])
  return { rooms: page.map(({ sortKey: _, ...room }) => ({ ...room, kind: 'public' })), cursor: next }
}

async function readPage(querying: Querying, position: unknown[], name: string): Promise<BrowsedRow[]> {
  if (name === '') return (await querying.query<BrowsedRow>(everyRoom, position)).rows
  const found = await readFew<BrowsedRow>(querying, namedByIndex, [...position, name])
  return found ?? (await querying.query<BrowsedRow>(namedInOrder, [...position, name])).rows
}
