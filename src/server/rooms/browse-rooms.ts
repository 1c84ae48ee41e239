import type { PublicRoom } from '../../contract/room'
import { limits } from '../../contract/rules'
import type { Querying } from '../platform/database'
import { fewOf, namePart, readFew } from '../platform/name-search'
import { cutPage, readCursor } from '../platform/page-cursor'
import type { RoomsContext } from './needs'

type BrowsedRow = Omit<PublicRoom, 'kind'> & { sortKey: string }

/** The folded name, in the order of its bytes: the same on every server, whatever the database's locale is. */
const sortKey = `split_part(r.search_name, E'\\n', 1)`
const wanted = 'fold_name($5)'
const named = namePart('r.search_name', wanted)
const columns = `r.id, r.name, r.topic, r.member_count AS "memberCount", ${sortKey} AS "sortKey",
  EXISTS (SELECT FROM memberships WHERE room_id = r.id AND user_id = $1) AS joined`
const isPublic = `r.kind = 'public' AND r.archived_at IS NULL`
const mayJoin = 'NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = $1)'
/** Of public rooms: those after the cursor, and one more than a page. The index of public rooms has this order. */
const after = `(${sortKey}, r.id) > ($2, $3) AND ${mayJoin}`
const order = `ORDER BY ${sortKey}, r.id LIMIT $4`

const everyRoom = `SELECT ${columns} FROM rooms r WHERE ${isPublic} AND ${after} ${order}`
const namedInOrder = `SELECT ${columns} FROM rooms r WHERE ${isPublic} AND ${after} AND ${named.isIn} ${order}`
/** Names that begin with the query are together in the order of names: from it, or the cursor, to the greatest character there is. */
const nameBegins = `(${sortKey}, r.id) > (greatest($2 COLLATE "C", ${wanted}), CASE WHEN $2 COLLATE "C" >= ${wanted} THEN $3 ELSE '' END)
  AND ${sortKey} < ${wanted} || chr(1114111) AND ${mayJoin}`
/** They may be many, and far from the first room, so they are read in order all the same. */
const namedByIndex = fewOf(
  `SELECT r.id, r.search_name FROM rooms r WHERE ${isPublic} AND ${named.isFound} AND NOT starts_with(r.search_name, ${wanted}) AND ${mayJoin}`,
  2_000,
  `SELECT ${columns}, row_number() OVER (ORDER BY ${sortKey}, r.id) AS place FROM (
     (SELECT r.id FROM rooms r WHERE ${isPublic} AND ${nameBegins} ${order})
     UNION ALL (SELECT r.id FROM namesakes r WHERE (${sortKey}, r.id) > ($2, $3) ${order})
   ) k CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = k.id LIMIT 1) r ${order}`,
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
