import type { Pool } from 'pg'
import { showsReads } from '../shown-reads'

/** A member of a room, with what presence shows of them. */
export interface PresenceMember {
  userId: string
  username: string
  hidesLastSeen: boolean
  lastSeenAt: Date | null
  hidesReads: boolean
  /** How far they have read; null in a room that does not show it. */
  readSeq: number | null
}

interface MemberRow {
  user_id: string
  username: string
  hide_last_seen: boolean
  last_seen_at: Date | null
  hide_reads: boolean
  read_seq: number | null
}

const toMember = (row: MemberRow): PresenceMember => ({
  userId: row.user_id,
  username: row.username,
  hidesLastSeen: row.hide_last_seen,
  lastSeenAt: row.last_seen_at,
  hidesReads: row.hide_reads,
  readSeq: row.read_seq,
})

const members = `SELECT m.user_id, u.username, u.hide_last_seen, u.last_seen_at, u.hide_reads,
    CASE WHEN ${showsReads('r')} THEN least(m.read_seq, r.last_seq) END AS read_seq
  FROM memberships m JOIN users u ON u.id = m.user_id CROSS JOIN (SELECT * FROM rooms WHERE id = $1 LIMIT 1) r WHERE m.room_id = $1`

/** Reads who is in a room, and stores when people were last online. */
export function createPresenceStore(pool: Pick<Pool, 'query'>) {
  return {
    membersOf: async (roomId: string): Promise<PresenceMember[]> => (await pool.query<MemberRow>(members, [roomId])).rows.map(toMember),

    /** The members of the room among these people. */
    membersAmong: async (roomId: string, userIds: readonly string[]): Promise<PresenceMember[]> =>
      (await pool.query<MemberRow>(`${members} AND m.user_id = ANY($2::uuid[])`, [roomId, userIds])).rows.map(toMember),

    /** Stores the times of many people at once. A stored time never goes back. */
    recordLastSeen: async (people: readonly { userId: string; at: Date }[]): Promise<void> => {
      // A locked row is skipped, and written the next time: waiting for it could deadlock.
      await pool.query(
        `UPDATE users u SET last_seen_at = s.at FROM unnest($1::uuid[], $2::timestamptz[]) AS s(user_id, at)
         WHERE u.id = s.user_id AND (u.last_seen_at IS NULL OR u.last_seen_at < s.at)
           AND u.id IN (SELECT id FROM users WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL FOR NO KEY UPDATE SKIP LOCKED)`,
        [people.map(({ userId }) => userId), people.map(({ at }) => at)],
      )
    },
  }
}

export type PresenceStore = ReturnType<typeof createPresenceStore>
