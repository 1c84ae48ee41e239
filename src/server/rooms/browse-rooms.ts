import type { PublicRoom } from '../../contract/room'
import { limits } from '../../contract/rules'
import type { Querying } from '../platform/database'
import { namePart, readNamed } from '../platform/name-search'
import { cutPage, readCursor } from '../platform/page-cursor'
import type { RoomsContext } from './needs'

type BrowsedRow = Omit<PublicRoom, 'kind'> & { sortKey: string }

/** The folded name, in the order of its bytes: the same on every server, whatever the database's locale is. */
const sortKey = `split_part(r.search_name, E'\\n', 1)`
const wanted = 'fold_name($5)'

const columns = `r.id, r.name, r.topic, r.member_count AS "memberCount", ${sortKey} AS "sortKey",
  EXISTS (SELECT FROM memberships WHERE room_id = r.id AND user_id = $1) AS joined`
const isPublic = `r.kind = 'public' AND r.archived_at IS NULL`
const mayJoin = 'NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = $1)'
/** Of public rooms: those after the cursor. The index of public rooms has this order; a page has one more than it shows. */
const after = `(${sortKey}, r.id) > ($2, $3)`
const order = `ORDER BY ${sortKey}, r.id`

const everyRoom = `SELECT ${columns} FROM rooms r WHERE ${isPublic} AND ${after} AND ${mayJoin} ${order} LIMIT $4`

const name = namePart('r.search_name', wanted)
/** Names that begin with the query are together in the order: from it, or the cursor, to the greatest character there is. */
const nameBegins = `(${sortKey}, r.id) > (greatest($2 COLLATE "C", ${wanted}), CASE WHEN $2 COLLATE "C" >= ${wanted} THEN $3 ELSE '' END)
  AND ${sortKey} < ${wanted} || chr(1114111)`
const named = {
  // Names that begin with the query may be many, and far from the first room, so they are read in order all the same.
  byIndex: {
    namesakes: `SELECT r.id, r.search_name FROM rooms r
      WHERE ${isPublic} AND ${name.isFound} AND NOT starts_with(r.search_name, ${wanted}) AND ${mayJoin}`,
    page: `SELECT ${columns}, row_number() OVER (${order}) AS place FROM (
        (SELECT r.id FROM rooms r WHERE ${isPublic} AND ${nameBegins} AND ${mayJoin} ${order} LIMIT $4)
        UNION ALL (SELECT r.id FROM namesakes r WHERE ${after} ${order} LIMIT $4)
      ) k CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = k.id LIMIT 1) r ORDER BY place LIMIT $4`,
  },
  inOrder: (stretch: string) =>
    `SELECT ${columns} FROM (SELECT * FROM rooms r WHERE ${isPublic} AND ${after} ${order} LIMIT ${stretch}) r
     WHERE ${name.isIn} AND ${mayJoin} ${order} LIMIT $4`,
}

/** Public rooms by name, a page at a time. @param input `query` is a part of the name or topic */
export async function browseRooms(
  { parts, caller }: RoomsContext,
  { query = '', cursor }: { query?: string | undefined; cursor?: string | null | undefined } = {},
): Promise<{ rooms: PublicRoom[]; cursor: string | null }> {
  const position = [caller.user.id, ...(readCursor(cursor, 'string', 'string') ?? ['', '']), limits.roomsPage + 1]
  const { page, cursor: next } = cutPage(await readPage(parts.pool, position, query), limits.roomsPage, (last) => [last.sortKey, last.id])
  return { rooms: page.map(({ sortKey: _, ...room }) => ({ ...room, kind: 'public' })), cursor: next }
}

async function readPage(querying: Querying, position: unknown[], query: string): Promise<BrowsedRow[]> {
  if (query === '') return (await querying.query<BrowsedRow>(everyRoom, position)).rows
  return readNamed<BrowsedRow>(querying, named, [...position, query], limits.roomsPage + 1)
}
