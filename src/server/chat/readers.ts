import type { Readers } from '../../contract/presence'
import type { CallContext } from '../caller'
import type { Querying } from '../platform/database'
import type { RoomsNeeds } from '../rooms/needs'
import { showsReads } from '../shown-reads'

/**
 * How far the members of a direct or small room have read it; nobody in a larger room. People who hide it are left out, and
 * to them it shows nobody.
 */
export async function listReaders(
  { parts, caller }: CallContext<Pick<RoomsNeeds, 'rooms'> & { pool: Querying }>,
  room: string,
): Promise<Readers> {
  const { rows } = await parts.pool.query<Readers['readers'][number]>(
    `SELECT show_user(u) AS user, least(s.read_seq, r.last_seq) AS "readSeq"
     FROM (SELECT * FROM rooms r WHERE r.id = $1 AND ${showsReads('r')} AND NOT (SELECT hide_reads FROM users WHERE id = $2) LIMIT 1) r
     CROSS JOIN LATERAL (SELECT * FROM memberships s WHERE s.room_id = r.id OFFSET 0) s
     CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = s.user_id AND NOT u.hide_reads LIMIT 1) u
     ORDER BY u.username`,
    [room, caller.user.id],
  )
  // Checked again after they were read: somebody may have been removed since.
  await parts.rooms.requireMembership(room, caller.user.id)
  return { readers: rows }
}
