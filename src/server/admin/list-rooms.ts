import type { z } from 'zod'
import type { AdminRoom, AdminRooms, adminRoomsInput } from '../../contract/admin'
import { limits } from '../../contract/rules'
import { namePart, readNamed } from '../platform/name-search'
import { cutPage, readCursor } from '../platform/page-cursor'
import { requireAdmin } from './acting'
import type { AdminContext } from './needs'

type RoomRow = Omit<AdminRoom, 'createdAt' | 'archivedAt' | 'lastMessageAt'> & {
  createdAt: Date
  archivedAt: Date | null
  lastMessageAt: Date | null
  sortKey: string
}

/** The folded name, in the order of its bytes: the same on every server, whatever the database's locale is. */
const sortKey = `split_part(r.search_name, E'\\n', 1)`
const wanted = 'fold_name($4)'

const columns = `r.id, r.kind, r.name, r.topic, r.member_count AS "memberCount", r.last_seq AS "lastSeq", r.created_at AS "createdAt",
  r.archived_at AS "archivedAt", ${sortKey} AS "sortKey",
  (SELECT m."time" FROM messages m WHERE m.room_id = r.id AND m.seq = r.last_seq LIMIT 1) AS "lastMessageAt"`
const isListed = `r.kind <> 'direct' AND r.deleted_at IS NULL AND (${sortKey}, r.id) > ($1, $2)`
const order = `ORDER BY ${sortKey}, r.id`

const everyRoom = `SELECT ${columns} FROM rooms r WHERE ${isListed} ${order} LIMIT $3`

const name = namePart('r.search_name', wanted)
const named = {
  byIndex: {
    namesakes: `SELECT r.id, r.search_name FROM rooms r WHERE ${isListed} AND ${name.isFound}`,
    page: `SELECT ${columns}, k.place FROM (SELECT r.id, row_number() OVER (${order}) AS place FROM namesakes r ORDER BY place LIMIT $3) k
      CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = k.id LIMIT 1) r`,
  },
  inOrder: (stretch: string) =>
    `SELECT ${columns} FROM (SELECT * FROM rooms r WHERE ${isListed} ${order} LIMIT ${stretch}) r WHERE ${name.isIn} ${order} LIMIT $3`,
}

/** All rooms but direct ones, by name. @param input `query` is a part of the name or topic */
export async function listAllRooms({ parts, actorId }: AdminContext, input: z.output<typeof adminRoomsInput>): Promise<AdminRooms> {
  const { query = '', cursor } = input ?? {}
  const values = [...(readCursor(cursor, 'string', 'string') ?? ['', '']), limits.roomsPage + 1]
  const rows =
    query === ''
      ? (await parts.pool.query<RoomRow>(everyRoom, values)).rows
      : await readNamed<RoomRow>(parts.pool, named, [...values, query], limits.roomsPage + 1)
  await requireAdmin(parts.pool, actorId)
  const { page, cursor: next } = cutPage(rows, limits.roomsPage, (last) => [last.sortKey, last.id])
  return { rooms: page.map(toAdminRoom), cursor: next }
}

const toAdminRoom = ({ sortKey: _, createdAt, archivedAt, lastMessageAt, ...room }: RoomRow): AdminRoom => ({
  ...room,
  createdAt: createdAt.toISOString(),
  archivedAt: archivedAt?.toISOString() ?? null,
  lastMessageAt: lastMessageAt?.toISOString() ?? null,
})
