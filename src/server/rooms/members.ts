import { Failure } from '../../contract/failures'
import type { Member } from '../../contract/room'
import { limits, type RoomRole, roomRoles } from '../../contract/rules'
import type { Querying } from '../platform/database'
import { namePart, readNamed } from '../platform/name-search'
import { cutPage, readCursor } from '../platform/page-cursor'
import type { RoomsContext } from './needs'
import { toMutedUntil } from './room-store'

interface MemberRow {
  user_id: string
  username: string
  display_name: string
  avatar: string | null
  role: RoomRole
  status: string
  joined_at: Date
  muted_until: Date | null
}

const memberColumns = 's.user_id, u.username, u.display_name, u.avatar, u.status, s.role, s.joined_at, s.muted_until'
/** By key, whatever the planner believes about the tables' sizes. */
const person = 'CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = s.user_id LIMIT 1) u'

/** Of a room's members `s`: those after the cursor, and one more than a page. The index of members has this order. */
const after = 's.room_id = $1 AND (s.role, s.member_name) > ($2::room_role, $3)'
const order = 'ORDER BY s.role, s.member_name'

const everybody = `SELECT ${memberColumns} FROM memberships s ${person} WHERE ${after} ${order} LIMIT $4`

const name = namePart('u.search_name', 'fold_name($5)')
const named = {
  // People of the whole server. They are looked up in the room by name, which for plain members is the order of the list.
  byIndex: {
    namesakes: `SELECT u.id, u.username FROM users u WHERE ${name.isFound}`,
    page: `SELECT ${memberColumns}, row_number() OVER (${order}) AS place FROM (
        (SELECT s.* FROM memberships s ${person} WHERE ${after} AND s.role < 'member' AND ${name.isIn} ${order} LIMIT $4)
        UNION ALL (
          SELECT s.* FROM (SELECT * FROM namesakes WHERE $2 <> 'member' OR username > $3 ORDER BY username) n
          CROSS JOIN LATERAL (SELECT * FROM memberships s WHERE s.room_id = $1 AND s.user_id = n.id LIMIT 1) s
          WHERE s.role = 'member' ORDER BY n.username LIMIT $4
        )
      ) s ${person} ORDER BY place LIMIT $4`,
  },
  inOrder: (stretch: string) =>
    `SELECT ${memberColumns} FROM (SELECT * FROM memberships s WHERE ${after} ${order} LIMIT ${stretch}) s ${person}
     WHERE ${name.isIn} ${order} LIMIT $4`,
}
/** A room of no more members is read in order, whatever is looked for. */
const smallRoom = 500

/** The members of a room, owners first, then moderators, each by name. @returns `count` of all members, whatever the query is */
export async function listMembers(
  { parts, caller }: RoomsContext,
  { room, query = '', cursor }: { room: string; query?: string | undefined; cursor?: string | null | undefined },
): Promise<{ members: Member[]; cursor: string | null; count: number }> {
  const [afterRole, afterName] = readCursor(cursor, 'string', 'string') ?? [roomRoles.at(-1), '']
  if (!roomRoles.some((role) => role === afterRole))
    throw new Failure('BAD_REQUEST', { fields: { cursor: 'must come from an earlier answer' } })
  const counted = await parts.pool.query<{ count: number }>('SELECT member_count AS count FROM rooms WHERE id = $1', [room])
  const count = counted.rows[0]?.count ?? 0
  const rows = await readPage(parts.pool, [room, afterRole, afterName, limits.membersPage + 1], query, count)
  // Checked once more after the read: the caller may have been removed meanwhile.
  await parts.rooms.requireMembership(room, caller.user.id)
  const { page, cursor: next } = cutPage(rows, limits.membersPage, (last) => [last.role, last.username])
  return { members: page.map(toMember), cursor: next, count }
}

/** @param count of the room's members */
async function readPage(querying: Querying, position: unknown[], query: string, count: number): Promise<MemberRow[]> {
  if (query === '') return (await querying.query<MemberRow>(everybody, position)).rows
  const values = [...position, query]
  if (count <= smallRoom) return (await querying.query<MemberRow>(named.inOrder('ALL'), values)).rows
  return readNamed<MemberRow>(querying, named, values, limits.membersPage + 1)
}

/** @throws {Failure} MEMBER_NOT_FOUND */
export async function readMember(querying: Querying, room: string, userId: string): Promise<Member> {
  const { rows } = await querying.query<MemberRow>(
    `SELECT ${memberColumns} FROM memberships s ${person} WHERE s.room_id = $1 AND s.user_id = $2`,
    [room, userId],
  )
  const [row] = rows
  if (!row) throw new Failure('MEMBER_NOT_FOUND')
  return toMember(row)
}

const toMember = ({ user_id: id, username, display_name: displayName, avatar, ...row }: MemberRow): Member => ({
  user: { id, username, displayName, avatar },
  role: row.role,
  status: row.status,
  joinedAt: row.joined_at.toISOString(),
  mutedUntil: toMutedUntil(row.muted_until),
})
