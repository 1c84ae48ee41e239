import { Failure } from '../../contract/failures'
import type { NotificationLevel, PostingPolicy, PublicRoom, Room, RoomKind } from '../../contract/room'
import type { RoomRole, ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { type Database, isUniqueViolation, patternOf } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'
import { seesRoom } from '../rights'

export interface Membership {
  role: RoomRole
  isMuted: boolean
  room: { id: string; kind: RoomKind; name: string; topic: string; lastSeq: number }
}

/** A room in somebody's list, without its newest message. */
export type ListedRoom = Omit<Room, 'lastMessage'> & { userId: string }

interface LookUpRow {
  nth: number
  id: string
  kind: RoomKind
  name: string
  topic: string
  last_seq: number
  is_archived: boolean
  /** Null for who is not in it. */
  role: RoomRole | null
  is_muted: boolean | null
  /** These are of who is not in it. */
  is_banned: boolean | null
  server: ServerRole | null
  /** Whether the person may still act at all. */
  may_sign_in: boolean
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

/** So many mentions of the whole room are counted: one person must not make everybody's lists dear. */
const mostRoomMentions = 1_000

/**
 * Mentions are counted by the rows that were made when they were sent, and of the whole room by the messages themselves,
 * because a row for each member would make one message a thousand.
 */
const listed = `SELECT s.user_id, r.id, r.kind, r.name, r.topic, s.role, r.last_seq, s.read_seq, s.notify, r.posting_policy,
  r.slow_mode_seconds, s.muted_until,
  CASE WHEN s.notify = 'nothing' OR s.read_seq >= r.last_seq THEN 0 ELSE (
    SELECT count(*)::int FROM mentions n WHERE n.user_id = s.user_id AND n.room_id = s.room_id AND n.seq > s.read_seq
  ) + (
    SELECT count(*)::int FROM (
      SELECT FROM messages m
      WHERE m.room_id = s.room_id AND m.mentions_room AND m.seq > s.read_seq AND m.author_id <> s.user_id
        AND NOT EXISTS (SELECT FROM mentions n WHERE n.user_id = s.user_id AND n.room_id = s.room_id AND n.seq = m.seq)
      LIMIT ${mostRoomMentions}
    ) of_the_room
  ) END AS mentions,
  CASE WHEN r.kind = 'direct' THEN (
    SELECT json_agg(json_build_object('id', u.id, 'username', u.username, 'displayName', u.display_name, 'avatar', u.avatar) ORDER BY u.username)
    FROM memberships o JOIN users u ON u.id = o.user_id WHERE o.room_id = r.id AND o.user_id <> s.user_id
  ) END AS people`

/** Of a membership `s`, that its person may still act at all. */
const mayAct = 'EXISTS (SELECT FROM users u WHERE u.id = s.user_id AND u.disabled_at IS NULL AND u.deleted_at IS NULL)'

/** Where rooms are kept, and who is in them. */
export function createRoomStore({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const lookUp = joinLookUps<{ roomId: string; userId: string }, LookUpRow | undefined>(async (asked) => {
    const { rows } = await pool.query<LookUpRow>(
      `SELECT a.nth::int, r.id, r.kind, r.name, r.topic, r.last_seq, r.archived_at IS NOT NULL AS is_archived, s.role,
         s.muted_until > now() AS is_muted,
         CASE WHEN s.role IS NULL THEN EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = a.user_id) END AS is_banned,
         CASE WHEN s.role IS NULL THEN u.role END AS server, u.disabled_at IS NULL AND u.deleted_at IS NULL AS may_sign_in
       FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS a(room_id, user_id, nth)
       JOIN rooms r ON r.id = a.room_id JOIN users u ON u.id = a.user_id
       LEFT JOIN memberships s ON s.room_id = a.room_id AND s.user_id = a.user_id`,
      [asked.map(({ roomId }) => roomId), asked.map(({ userId }) => userId)],
    )
    const byPlace = new Map(rows.map((row) => [row.nth, row]))
    return asked.map((_, index) => byPlace.get(index + 1))
  })

  return {
    /** @throws {Failure} UNAUTHORIZED for who may not act at all; NOT_A_MEMBER of a public room; ROOM_NOT_FOUND, the same for no room and one that may not be seen */
    requireMembership: async (roomId: string, userId: string): Promise<Membership> => {
      const row = await lookUp({ roomId, userId })
      if (!row) throw new Failure('ROOM_NOT_FOUND')
      if (!row.may_sign_in) throw new Failure('UNAUTHORIZED')
      const { id, kind, name, topic, last_seq: lastSeq, role, is_archived: isArchived } = row
      if (role !== null) return { role, isMuted: row.is_muted === true, room: { id, kind, name, topic, lastSeq } }
      const stranger = { server: row.server ?? 'guest', room: null, isBanned: row.is_banned === true }
      throw new Failure(seesRoom({ kind, isArchived }, stranger) ? 'NOT_A_MEMBER' : 'ROOM_NOT_FOUND')
    },

    /** Which of these people are members of the room. */
    membersAmong: async (roomId: string, userIds: string[]): Promise<Set<string>> => {
      const members = await prisma.membership.findMany({ where: { roomId, userId: { in: userIds } }, select: { userId: true } })
      return new Set(members.map(({ userId }) => userId))
    },

    /** Which of these rooms this person is in. */
    roomsAmong: async (userId: string, roomIds: readonly string[]): Promise<Set<string>> => {
      if (roomIds.length === 0) return new Set()
      const { rows } = await pool.query<{ room_id: string }>('SELECT room_id FROM memberships WHERE user_id = $1 AND room_id = ANY($2)', [
        ...[userId, roomIds],
      ])
      return new Set(rows.map(({ room_id }) => room_id))
    },

    /** The rooms of this person's list. Archived ones are in nobody's. */
    listOf: async (userId: string): Promise<ListedRoom[]> => {
      const { rows } = await pool.query<ListedRow>(
        `${listed} FROM memberships s JOIN rooms r ON r.id = s.room_id WHERE s.user_id = $1 AND r.archived_at IS NULL`,
        [userId],
      )
      return rows.map(toListedRoom)
    },

    /** The same of some people and rooms; what is missing is in nobody's list. */
    listedAmong: async (pairs: readonly { userId: string; room: string }[]): Promise<ListedRoom[]> => {
      const { rows } = await pool.query<ListedRow>(
        `${listed} FROM unnest($1::uuid[], $2::text[]) AS a(user_id, room_id)
         JOIN memberships s ON s.user_id = a.user_id AND s.room_id = a.room_id JOIN rooms r ON r.id = s.room_id
         WHERE r.archived_at IS NULL`,
        [pairs.map(({ userId }) => userId), pairs.map(({ room }) => room)],
      )
      return rows.map(toListedRoom)
    },

    /** A room as one of its members has it, archived or not; null for who is not in it. */
    findListed: async (roomId: string, userId: string): Promise<ListedRoom | null> => {
      const { rows } = await pool.query<ListedRow & { archived_at: Date | null }>(
        `${listed}, r.archived_at FROM memberships s JOIN rooms r ON r.id = s.room_id WHERE s.user_id = $1 AND s.room_id = $2`,
        [userId, roomId],
      )
      const [row] = rows
      return row ? { ...toListedRoom(row), archivedAt: row.archived_at?.toISOString() ?? null } : null
    },

    /** Memberships that changed in the latest seconds, by Postgres' clock, and those of `since` again. */
    changedSince: async (
      since: Date | null,
      overlapMs: number,
    ): Promise<{ now: Date; changes: { userId: string; room: string; at: Date }[] }> => {
      const { rows } = await pool.query<{ now: Date; user_id: string | null; room_id: string; changed_at: Date }>(
        `SELECT n.now, s.user_id, s.room_id, s.changed_at FROM (SELECT clock_timestamp() AS now) n
         LEFT JOIN memberships s ON s.changed_at > coalesce($1::timestamptz, n.now) - $2 * interval '1 ms'`,
        [since, overlapMs],
      )
      return {
        now: rows[0]?.now ?? new Date(),
        changes: rows.flatMap(({ user_id, room_id, changed_at }) =>
          user_id === null ? [] : [{ userId: user_id, room: room_id, at: changed_at }],
        ),
      }
    },

    /** How far this person has read. It moves forward only, unless it is set. */
    moveReadMark: async (roomId: string, userId: string, mark: { upTo: number } | { set: number }): Promise<void> => {
      const forward = 'upTo' in mark
      await pool.query(
        `UPDATE memberships s SET read_seq = CASE WHEN $4 THEN greatest(s.read_seq, least($3::int, r.last_seq)) ELSE least($3::int, r.last_seq) END,
           changed_at = clock_timestamp()
         FROM rooms r WHERE r.id = s.room_id AND s.room_id = $1 AND s.user_id = $2 AND ${mayAct}
           AND CASE WHEN $4 THEN s.read_seq < least($3::int, r.last_seq) ELSE s.read_seq <> least($3::int, r.last_seq) END`,
        [roomId, userId, forward ? mark.upTo : mark.set, forward],
      )
    },

    setNotify: async (roomId: string, userId: string, notify: NotificationLevel): Promise<void> => {
      await pool.query(
        `UPDATE memberships s SET notify = $3, changed_at = clock_timestamp() WHERE s.room_id = $1 AND s.user_id = $2 AND ${mayAct}`,
        [roomId, userId, notify],
      )
    },

    /** The next page of public rooms by name, after a room's folded name and id. */
    browse: async (
      userId: string,
      page: { query: string; after: { name: string; id: string } | null; limit: number },
    ): Promise<{ room: PublicRoom; folded: string }[]> => {
      const pattern = patternOf(page.query)
      const rows = await prisma.$queryRaw<
        { id: string; name: string; folded: string; topic: string; member_count: number; joined: boolean }[]
      >`
        SELECT r.id, r.name, lower(r.name) AS folded, r.topic,
          (SELECT count(*)::int FROM memberships WHERE room_id = r.id) AS member_count,
          EXISTS (SELECT FROM memberships WHERE room_id = r.id AND user_id = ${userId}::uuid) AS joined
        FROM rooms r
        WHERE r.kind = 'public' AND r.archived_at IS NULL
          AND NOT EXISTS (SELECT FROM bans WHERE room_id = r.id AND user_id = ${userId}::uuid) AND (lower(r.name) LIKE ${pattern} OR lower(r.topic) LIKE ${pattern})
          AND (${page.after === null} OR (lower(r.name), r.id) > (${page.after?.name ?? ''}, ${page.after?.id ?? ''}))
        ORDER BY lower(r.name), r.id LIMIT ${page.limit}`
      return rows.map(({ member_count, folded, ...room }) => ({
        room: { ...room, kind: 'public' as const, memberCount: member_count },
        folded,
      }))
    },

    /** @throws {Failure} ROOM_NAME_TAKEN, USER_NOT_FOUND; then nothing was made */
    create: async (room: {
      id: string
      kind: 'public' | 'private'
      name: string
      topic: string
      ownerId: string
      members: readonly string[]
    }): Promise<{ people: string[] }> => {
      const { members, ownerId, ...fields } = room
      try {
        return await prisma.$transaction(async (transaction) => {
          // Locked, so that nobody whose account is being deleted is left in it.
          const people = await transaction.$queryRaw<{ id: string; username: string }[]>`
            SELECT id, username FROM users WHERE (id = ${ownerId}::uuid OR username = ANY(${[...members]}::text[])) AND deleted_at IS NULL AND disabled_at IS NULL
            ORDER BY id FOR SHARE`
          const others = people.filter(({ id }) => id !== ownerId)
          const named = people.filter(({ username }) => members.includes(username))
          if (others.length === people.length) throw new Failure('UNAUTHORIZED')
          if (named.length < new Set(members).size)
            throw new Failure('USER_NOT_FOUND', { fields: { members: 'must all be usernames of people here' } })
          await transaction.room.create({
            data: {
              ...fields,
              createdById: ownerId,
              memberships: { create: [{ userId: ownerId, role: 'owner' }, ...others.map(({ id }) => ({ userId: id }))] },
            },
          })
          return { people: people.map(({ id }) => id) }
        })
      } catch (error) {
        throw isUniqueViolation(error) ? new Failure('ROOM_NAME_TAKEN', { fields: { name: 'is taken' } }) : error
      }
    },

    /**
     * The one room of exactly these people, made if it is not there. Nobody owns it.
     * @throws {Failure} USER_NOT_FOUND
     */
    direct: async (
      actorId: string,
      usernames: readonly string[],
      newId: string,
    ): Promise<{ room: string; people: string[]; isNew: boolean }> => {
      const named = await prisma.user.findMany({
        where: { username: { in: [...usernames] }, deletedAt: null, disabledAt: null },
        select: { id: true },
      })
      if (named.length < usernames.length)
        throw new Failure('USER_NOT_FOUND', { fields: { usernames: 'must all be usernames of people here' } })
      const people = [...new Set([actorId, ...named.map(({ id }) => id)])].sort()
      const find = () =>
        pool.query<{ id: string; is_new: boolean }>(
          `WITH people AS (
           SELECT id FROM users WHERE id = ANY($4::uuid[]) AND deleted_at IS NULL AND disabled_at IS NULL ORDER BY id FOR SHARE
         ),
         made AS (
           INSERT INTO rooms (id, kind, name, direct_key, created_by)
           SELECT $1, 'direct', '', $2, $3 WHERE (SELECT count(*) FROM people) = cardinality($4::uuid[])
           ON CONFLICT (direct_key) DO NOTHING RETURNING id
         ),
         joined AS (INSERT INTO memberships (room_id, user_id) SELECT made.id, p FROM made, unnest($4::uuid[]) p)
         SELECT id, true AS is_new FROM made UNION ALL SELECT id, false FROM rooms WHERE direct_key = $2`,
          [newId, people.join(' '), actorId, people],
        )
      // Somebody else was making it at the same moment: the statement waited for them, and does not see what they made.
      const row = (await find()).rows[0] ?? (await find()).rows[0]
      if (!row) throw new Failure('UNAVAILABLE')
      return { room: row.id, people, isNew: row.is_new }
    },
  }
}

const toListedRoom = (row: ListedRow): ListedRoom => {
  const { user_id: userId, id, kind, topic, role, last_seq: lastSeq, read_seq: readSeq, mentions, notify } = row
  const people = row.people ?? []
  return {
    ...{ userId, id, kind, topic, role, lastSeq, readSeq, unread: lastSeq - readSeq, mentions, notify, people },
    name: kind === 'direct' ? people.map(({ displayName }) => displayName).join(', ') || 'Notes to yourself' : row.name,
    postingPolicy: row.posting_policy,
    slowModeSeconds: row.slow_mode_seconds,
    mutedUntil: row.muted_until && row.muted_until > new Date() ? row.muted_until.toISOString() : null,
    archivedAt: null,
  }
}

export type RoomStore = ReturnType<typeof createRoomStore>
