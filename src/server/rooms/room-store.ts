import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import type { NotificationLevel, PostingPolicy, Room, RoomKind } from '../../contract/room'
import type { RoomRole, ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { joinLookUps } from '../platform/look-ups'
import { seesRoom } from '../rights'

/** What a member may do in a room. */
export interface Membership {
  role: RoomRole
  isMuted: boolean
}

/** A room in somebody's list, without its newest message. */
export type ListedRoom = Omit<Room, 'lastMessage'> & { userId: string }

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

interface ListedRow {
  user_id: string
  id: string
  kind: RoomKind
  name: string
  topic: string
  role: RoomRole
  last_seq: number
  read_seq: number
  mentions: number
  notify: NotificationLevel
  posting_policy: PostingPolicy
  slow_mode_seconds: number
  muted_until: Date | null
  people: User[] | null
}

/**
 * Mentions of a person, and those of the whole room, are each counted up to this, so that nobody can make other people's
 * lists expensive.
 */
const maxMentions = 1_000

/**
 * Mentions of a person are counted from the table of mentions. Mentions of the whole room are counted from the messages,
 * because a row for each member would turn one message into a thousand rows.
 */
const selectListed = `SELECT s.user_id, r.id, r.kind, r.name, r.topic, s.role, r.last_seq, s.read_seq, s.notify, r.posting_policy,
  r.slow_mode_seconds, s.muted_until,
  CASE WHEN s.notify = 'nothing' OR s.read_seq >= r.last_seq THEN 0 ELSE (
    SELECT count(*)::int FROM (
      SELECT FROM mentions n WHERE n.user_id = s.user_id AND n.room_id = s.room_id AND n.seq > s.read_seq LIMIT ${maxMentions}
    ) own_mentions
  ) + (
    SELECT count(*)::int FROM (
      SELECT FROM messages m
      WHERE m.room_id = s.room_id AND m.mentions_room AND m.seq > s.read_seq AND m.author_id <> s.user_id
        AND NOT EXISTS (SELECT FROM mentions n WHERE n.user_id = s.user_id AND n.room_id = s.room_id AND n.seq = m.seq)
      LIMIT ${maxMentions}
    ) room_mentions
  ) END AS mentions,
  CASE WHEN r.kind = 'direct' THEN (
    SELECT json_agg(json_build_object('id', u.id, 'username', u.username, 'displayName', u.display_name, 'avatar', u.avatar) ORDER BY u.username)
    FROM memberships o JOIN users u ON u.id = o.user_id WHERE o.room_id = r.id AND o.user_id <> s.user_id
  ) END AS people`

// LATERAL with LIMIT 1 is looked up by key, whatever the planner expects of the tables.
const joinRoom = 'CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = s.room_id LIMIT 1) r'

/** Whether the account of a membership `s` is neither disabled nor deleted. */
const mayAct = 'EXISTS (SELECT FROM users u WHERE u.id = s.user_id AND u.disabled_at IS NULL AND u.deleted_at IS NULL)'

/**
 * Memberships, and rooms as their members see them. All of it is SQL: locks, clocks, arrays of pairs and counts in one
 * statement are what the hot paths need, and Prisma has no words for them.
 */
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

    /** The rooms in this person's list; archived ones are in nobody's. */
    listOf: async (userId: string): Promise<ListedRoom[]> => {
      const { rows } = await pool.query<ListedRow>(
        `${selectListed} FROM memberships s ${joinRoom} WHERE s.user_id = $1 AND r.archived_at IS NULL`,
        [userId],
      )
      return rows.map(toListedRoom)
    },

    /** The same for pairs of a person and a room. Pairs that are in no list are missing from the answer. */
    listedAmong: async (pairs: readonly { userId: string; room: string }[]): Promise<ListedRoom[]> => {
      const { rows } = await pool.query<ListedRow>(
        `${selectListed} FROM unnest($1::uuid[], $2::text[]) AS k(user_id, room_id)
         CROSS JOIN LATERAL (SELECT * FROM memberships s WHERE s.room_id = k.room_id AND s.user_id = k.user_id LIMIT 1) s ${joinRoom}
         WHERE r.archived_at IS NULL`,
        [pairs.map(({ userId }) => userId), pairs.map(({ room }) => room)],
      )
      return rows.map(toListedRoom)
    },

    /** A room as this member sees it, archived or not; null when they are not a member. */
    findListed: async (roomId: string, userId: string): Promise<ListedRoom | null> => {
      const { rows } = await pool.query<ListedRow & { archived_at: Date | null }>(
        `${selectListed}, r.archived_at FROM memberships s ${joinRoom} WHERE s.user_id = $1 AND s.room_id = $2`,
        [userId, roomId],
      )
      const [row] = rows
      return row ? { ...toListedRoom(row), archivedAt: row.archived_at?.toISOString() ?? null } : null
    },

    /** The rooms that each of these people is in. */
    roomsOf: async (userIds: readonly string[]): Promise<{ userId: string; room: string }[]> => {
      const { rows } = await pool.query<{ userId: string; room: string }>(
        'SELECT user_id AS "userId", room_id AS room FROM memberships WHERE user_id = ANY($1)',
        [userIds],
      )
      return rows
    },

    /** Moves this person's read mark: `upTo` only forward, `set` in either direction. */
    moveReadMark: async (roomId: string, userId: string, mark: { upTo: number } | { set: number }): Promise<void> => {
      const forward = 'upTo' in mark
      await pool.query(
        `UPDATE memberships s SET read_seq = CASE WHEN $4 THEN greatest(s.read_seq, least($3::int, r.last_seq)) ELSE least($3::int, r.last_seq) END
         FROM rooms r WHERE r.id = s.room_id AND s.room_id = $1 AND s.user_id = $2 AND ${mayAct}
           AND CASE WHEN $4 THEN s.read_seq < least($3::int, r.last_seq) ELSE s.read_seq <> least($3::int, r.last_seq) END`,
        [roomId, userId, forward ? mark.upTo : mark.set, forward],
      )
    },

    setNotify: async (roomId: string, userId: string, notify: NotificationLevel): Promise<void> => {
      await pool.query(`UPDATE memberships s SET notify = $3 WHERE s.room_id = $1 AND s.user_id = $2 AND ${mayAct}`, [
        roomId,
        userId,
        notify,
      ])
    },
  }
}

/** Null for a mute that is over. */
export const toMutedUntil = (until: Date | null): string | null => (until && until > new Date() ? until.toISOString() : null)

const toListedRoom = (row: ListedRow): ListedRoom => {
  const { user_id: userId, id, kind, topic, role, last_seq: lastSeq, read_seq: readSeq, mentions, notify } = row
  const people = row.people ?? []
  return {
    ...{ userId, id, kind, topic, role, lastSeq, readSeq, unread: lastSeq - readSeq, mentions, notify, people },
    name: kind === 'direct' ? people.map(({ displayName }) => displayName).join(', ') || 'Notes to yourself' : row.name,
    postingPolicy: row.posting_policy,
    slowModeSeconds: row.slow_mode_seconds,
    mutedUntil: toMutedUntil(row.muted_until),
    archivedAt: null,
  }
}

export type RoomStore = ReturnType<typeof createRoomStore>
