import { Failure } from '../../contract/failures'
import type { Member } from '../../contract/room'
import { limits, type RoomRole, roomRoles } from '../../contract/rules'
import { patternOf, type Querying } from '../platform/database'
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
const members = 'FROM memberships s JOIN users u ON u.id = s.user_id WHERE s.room_id = $1'
/** 0 for owners, then moderators, then members. */
const rank = `array_position('{${roomRoles.toReversed().join()}}', s.role::text) - 1`

/** The members of a room, owners first, then moderators, each by name. @returns `count` of all members, whatever the query is */
export async function listMembers(
  { parts, caller }: RoomsContext,
  { room, query = '', cursor }: { room: string; query?: string | undefined; cursor?: string | null | undefined },
): Promise<{ members: Member[]; cursor: string | null; count: number }> {
  const [afterRank = null, afterName = ''] = readCursor(cursor, 'number', 'string') ?? []
  const [{ rows }, counted] = await Promise.all([
    parts.pool.query<MemberRow & { rank: number }>(
      `SELECT ${memberColumns}, ${rank} AS rank ${members} AND ($2 = '%%' OR u.username LIKE $2 OR lower(u.display_name) LIKE $2)
         AND ($3::int IS NULL OR (${rank}, u.username) > ($3, $4))
       ORDER BY ${rank}, u.username LIMIT $5`,
      [room, patternOf(query), afterRank, afterName, limits.membersPage + 1],
    ),
    parts.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM memberships WHERE room_id = $1', [room]),
  ])
  // Checked once more after the read: the caller may have been removed meanwhile.
  await parts.rooms.requireMembership(room, caller.user.id)
  const { page, cursor: next } = cutPage(rows, limits.membersPage, (last) => [last.rank, last.username])
  return { members: page.map(toMember), cursor: next, count: counted.rows[0]?.count ?? 0 }
}

/** @throws {Failure} MEMBER_NOT_FOUND */
export async function readMember(querying: Querying, room: string, userId: string): Promise<Member> {
  const { rows } = await querying.query<MemberRow>(`SELECT ${memberColumns} ${members} AND s.user_id = $2`, [room, userId])
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
