import type { Pool } from 'pg'

/** Of a member of a room, what presence tells. */
export interface PresenceMember {
  userId: string
  username: string
  hidesLastSeen: boolean
  lastSeenAt: Date | null
}

interface MemberRow {
  user_id: string
  username: string
  hide_last_seen: boolean
  last_seen_at: Date | null
}

const toMember = (row: MemberRow): PresenceMember => ({
  userId: row.user_id,
  username: row.username,
  hidesLastSeen: row.hide_last_seen,
  lastSeenAt: row.last_seen_at,
})

const members = `SELECT m.user_id, u.username, u.hide_last_seen, u.last_seen_at
  FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.room_id = $1`

/** What presence reads and writes down: who is in a room, and when people were last here. */
export function createPresenceStore(pool: Pick<Pool, 'query'>) {
  return {
    membersOf: async (roomId: string): Promise<PresenceMember[]> => (await pool.query<MemberRow>(members, [roomId])).rows.map(toMember),

    /** Those of these people who are members of the room. */
    membersAmong: async (roomId: string, userIds: readonly string[]): Promise<PresenceMember[]> =>
      (await pool.query<MemberRow>(`${members} AND m.user_id = ANY($2::uuid[])`, [roomId, userIds])).rows.map(toMember),

    /** For many people at once. What is stored never goes back in time. */
    recordLastSeen: async (people: readonly { userId: string; at: Date }[]): Promise<void> => {
      // A row that somebody holds is written by the next sign of life: nobody waits for it, so nobody can wait in a circle.
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
