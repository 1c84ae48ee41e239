import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { seesRoom } from '../../contract/rights'
import type { NotificationLevel, RoomKind } from '../../contract/room'
import type { RoomRole, ServerRole } from '../../contract/rules'
import { joinLookUps } from '../platform/look-ups'
import { showsReads } from '../shown-reads'

/** What a member may do in a room. */
export interface Membership {
  role: RoomRole
  isMuted: boolean
}

interface MembershipRow {
  position: number
  kind: RoomKind
  is_archived: boolean
  /** Null when they are not a member. */
  role: RoomRole | null
  is_muted: boolean | null
  /** This and `server` are null for members. */
  is_banned: boolean | null
  server: ServerRole | null
  /** False when the account is disabled or deleted. */
  may_act: boolean
}

/** Whether the account of a membership `s` is neither disabled nor deleted. */
const mayAct = 'EXISTS (SELECT FROM users u WHERE u.id = s.user_id AND u.disabled_at IS NULL AND u.deleted_at IS NULL)'

/** Memberships. All of it is SQL: locks, clocks and arrays of pairs are what the hot paths need, and Prisma has no words for them. */
export function createRoomStore(pool: Pool) {
  const lookUp = joinLookUps<{ roomId: string; userId: string }, MembershipRow | undefined>(async (keys) => {
    const { rows } = await pool.query<MembershipRow>(
      `SELECT k.position::int, r.kind, r.archived_at IS NOT NULL AS is_archived, s.role,
         s.muted_until > now() AS is_muted,
         CASE WHEN s.role IS NULL THEN EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = k.user_id) END AS is_banned,
         CASE WHEN s.role IS NULL THEN u.role END AS server, u.disabled_at IS NULL AND u.deleted_at IS NULL AS may_act
       FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS k(room_id, user_id, position)
       -- LATERAL with LIMIT 1: looked up by key, also when very many ask at once.
       CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = k.room_id LIMIT 1) r
       CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = k.user_id LIMIT 1) u
       LEFT JOIN LATERAL (SELECT * FROM memberships s WHERE s.room_id = k.room_id AND s.user_id = k.user_id LIMIT 1) s ON true`,
      [keys.map(({ roomId }) => roomId), keys.map(({ userId }) => userId)],
    )
    const byPosition = new Map(rows.map((row) => [row.position, row]))
    return keys.map((_, index) => byPosition.get(index + 1))
  })

  return {
    /**
     * @throws {Failure} UNAUTHORIZED when the account is disabled or deleted, NOT_A_MEMBER for a room that this person may see,
     * ROOM_NOT_FOUND for one that they may not see or that does not exist
     */
    requireMembership: async (roomId: string, userId: string): Promise<Membership> => {
      const row = await lookUp({ roomId, userId })
      if (!row) throw new Failure('ROOM_NOT_FOUND')
      if (!row.may_act) throw new Failure('UNAUTHORIZED')
      const { kind, role, is_archived: isArchived } = row
      if (role !== null) return { role, isMuted: row.is_muted === true }
      const stranger = { server: row.server ?? 'guest', room: null, isBanned: row.is_banned === true }
      throw new Failure(seesRoom({ kind, isArchived }, stranger) ? 'NOT_A_MEMBER' : 'ROOM_NOT_FOUND')
    },

    /** Which of these people are members of the room. */
    membersAmong: async (roomId: string, userIds: string[]): Promise<Set<string>> => {
      const { rows } = await pool.query<{ user_id: string }>('SELECT user_id FROM memberships WHERE room_id = $1 AND user_id = ANY($2)', [
        ...[roomId, userIds],
      ])
      return new Set(rows.map(({ user_id }) => user_id))
    },

    /** Which of these rooms this person is in. */
    roomsAmong: async (userId: string, roomIds: readonly string[]): Promise<Set<string>> => {
      if (roomIds.length === 0) return new Set()
      const { rows } = await pool.query<{ room_id: string }>('SELECT room_id FROM memberships WHERE user_id = $1 AND room_id = ANY($2)', [
        ...[userId, roomIds],
      ])
      return new Set(rows.map(({ room_id }) => room_id))
    },

    /**
     * Moves this person's read mark: `upTo` only forward, `set` in either direction.
     * @returns where it is now, if it has moved and the others in the room may see it
     */
    moveReadMark: async (roomId: string, userId: string, mark: { upTo: number } | { set: number }): Promise<number | null> => {
      const forward = 'upTo' in mark
      const { rows } = await pool.query<{ shown: number | null }>(
        `UPDATE memberships s SET read_seq = CASE WHEN $4 THEN greatest(s.read_seq, least($3::int, r.last_seq)) ELSE least($3::int, r.last_seq) END
         FROM rooms r WHERE r.id = s.room_id AND s.room_id = $1 AND s.user_id = $2 AND ${mayAct}
           AND CASE WHEN $4 THEN s.read_seq < least($3::int, r.last_seq) ELSE s.read_seq <> least($3::int, r.last_seq) END
         RETURNING CASE WHEN ${showsReads('r')} AND NOT (SELECT u.hide_reads FROM users u WHERE u.id = s.user_id) THEN s.read_seq END AS shown`,
        [roomId, userId, forward ? mark.upTo : mark.set, forward],
      )
      return rows[0]?.shown ?? null
    },

    /** The rooms of this person that show how far people have read. */
    roomsShowingReads: async (userId: string): Promise<string[]> => {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT r.id FROM (SELECT room_id FROM memberships WHERE user_id = $1 OFFSET 0) s
         CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = s.room_id AND ${showsReads('r')} LIMIT 1) r`,
        [userId],
      )
      return rows.map(({ id }) => id)
    },

    setFavorite: async (roomId: string, userId: string, favorite: boolean): Promise<void> => {
      await pool.query(
        `UPDATE memberships s SET favorite = $3 WHERE s.room_id = $1 AND s.user_id = $2 AND s.favorite <> $3 AND ${mayAct}`,
        [...[roomId, userId, favorite]],
      )
    },

    setNotify: async (roomId: string, userId: string, notify: NotificationLevel): Promise<void> => {
      await pool.query(`UPDATE memberships s SET notify = $3 WHERE s.room_id = $1 AND s.user_id = $2 AND ${mayAct}`, [
        ...[roomId, userId, notify],
      ])
    },
  }
}

/** Null for a mute that is over. */
export const toMutedUntil = (until: Date | null): string | null => (until && until > new Date() ? until.toISOString() : null)

export type RoomStore = ReturnType<typeof createRoomStore>
