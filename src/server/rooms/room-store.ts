import { Failure } from '../../contract/failures'
import type { NotificationLevel, PublicRoom, RoomKind, RoomRole } from '../../contract/room'
import { type Database, isUniqueViolation } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'

export interface Membership {
  role: RoomRole
  readSeq: number
  notify: NotificationLevel
  room: { id: string; kind: RoomKind; name: string; topic: string; lastSeq: number }
}

const roomFields = { id: true, kind: true, name: true, topic: true, lastSeq: true } as const
const membershipFields = { role: true, readSeq: true, notify: true, room: { select: roomFields } } as const

interface LookUpRow {
  nth: number
  id: string
  kind: RoomKind
  name: string
  topic: string
  last_seq: number
  is_archived: boolean
  /** Null, like what follows, for who is not in it. */
  role: RoomRole | null
  read_seq: number
  notify: NotificationLevel
}

/** Where rooms are kept, and who is in them. */
export function createRoomStore({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const lookUp = joinLookUps<{ roomId: string; userId: string }, LookUpRow | undefined>(async (asked) => {
    const { rows } = await pool.query<LookUpRow>(
      `SELECT a.nth::int, r.id, r.kind, r.name, r.topic, r.last_seq, r.archived_at IS NOT NULL AS is_archived, s.role, s.read_seq, s.notify
       FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS a(room_id, user_id, nth)
       JOIN rooms r ON r.id = a.room_id
       LEFT JOIN memberships s ON s.room_id = a.room_id AND s.user_id = a.user_id`,
      [asked.map(({ roomId }) => roomId), asked.map(({ userId }) => userId)],
    )
    const byPlace = new Map(rows.map((row) => [row.nth, row]))
    return asked.map((_, index) => byPlace.get(index + 1))
  })

  const findMembership = (roomId: string, userId: string): Promise<Membership | null> =>
    prisma.membership.findUnique({ where: { roomId_userId: { roomId, userId } }, select: membershipFields })

  const findPublic = (id: string) => prisma.room.findFirst({ where: { id, kind: 'public', archivedAt: null }, select: roomFields })

  return {
    /** @throws {Failure} NOT_A_MEMBER of a public room; ROOM_NOT_FOUND, the same for no room and one that may not be seen */
    requireMembership: async (roomId: string, userId: string): Promise<Membership> => {
      const row = await lookUp({ roomId, userId })
      if (!row || (row.role === null && (row.kind !== 'public' || row.is_archived))) throw new Failure('ROOM_NOT_FOUND')
      if (row.role === null) throw new Failure('NOT_A_MEMBER')
      const { id, kind, name, topic, last_seq: lastSeq, role, read_seq: readSeq, notify } = row
      return { role, readSeq, notify, room: { id, kind, name, topic, lastSeq } }
    },

    /** Which of these people are members of the room. */
    membersAmong: async (roomId: string, userIds: string[]): Promise<Set<string>> => {
      const members = await prisma.membership.findMany({ where: { roomId, userId: { in: userIds } }, select: { userId: true } })
      return new Set(members.map(({ userId }) => userId))
    },

    /** This person's rooms, those with the newest talk first is up to the caller. */
    membershipsOf: (userId: string): Promise<Membership[]> =>
      prisma.membership.findMany({ where: { userId, room: { archivedAt: null } }, select: membershipFields, orderBy: { joinedAt: 'asc' } }),

    /** How many messages since the read mark mention this person, by room. */
    unreadMentions: async (userId: string): Promise<Map<string, number>> => {
      const rows = await prisma.$queryRaw<{ room_id: string; count: number }[]>`
        SELECT n.room_id, count(*)::int AS count FROM mentions n
        JOIN memberships s ON s.room_id = n.room_id AND s.user_id = n.user_id AND n.seq > s.read_seq
        WHERE n.user_id = ${userId}::uuid GROUP BY n.room_id`
      return new Map(rows.map((row) => [row.room_id, row.count]))
    },

    /** The next page of public rooms by name, after a room's name and id. */
    browse: async (
      userId: string,
      page: { query: string; after: { name: string; id: string } | null; limit: number },
    ): Promise<PublicRoom[]> => {
      const pattern = `%${page.query.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      const rows = await prisma.$queryRaw<{ id: string; name: string; topic: string; member_count: number; joined: boolean }[]>`
        SELECT r.id, r.name, r.topic,
          (SELECT count(*)::int FROM memberships WHERE room_id = r.id) AS member_count,
          EXISTS (SELECT FROM memberships WHERE room_id = r.id AND user_id = ${userId}::uuid) AS joined
        FROM rooms r
        WHERE r.kind = 'public' AND r.archived_at IS NULL AND (lower(r.name) LIKE ${pattern} OR lower(r.topic) LIKE ${pattern})
          AND (${page.after === null} OR (lower(r.name), r.id) > (${page.after?.name ?? ''}, ${page.after?.id ?? ''}))
        ORDER BY lower(r.name), r.id LIMIT ${page.limit}`
      return rows.map(({ member_count, ...room }) => ({ ...room, kind: 'public' as const, memberCount: member_count }))
    },

    /** @throws {Failure} ROOM_NAME_TAKEN, USER_NOT_FOUND; then nothing was made */
    create: async (room: {
      id: string
      kind: 'public' | 'private'
      name: string
      topic: string
      ownerId: string
      members: readonly string[]
    }): Promise<void> => {
      const { members, ownerId, ...fields } = room
      const people = await prisma.user.findMany({ where: { username: { in: [...members] }, deletedAt: null }, select: { id: true } })
      if (people.length < members.length)
        throw new Failure('USER_NOT_FOUND', { fields: { members: 'must all be usernames of people here' } })
      const others = people.filter((person) => person.id !== ownerId)
      try {
        await prisma.room.create({
          data: {
            ...fields,
            createdById: ownerId,
            memberships: { create: [{ userId: ownerId, role: 'owner' }, ...others.map((person) => ({ userId: person.id }))] },
          },
        })
      } catch (error) {
        throw isUniqueViolation(error) ? new Failure('ROOM_NAME_TAKEN', { fields: { name: 'is taken' } }) : error
      }
    },

    /** Makes this person a member of a public room, once. @throws {Failure} ROOM_NOT_FOUND */
    join: async (roomId: string, userId: string): Promise<void> => {
      const membership = await findMembership(roomId, userId)
      if (membership) return
      const room = await findPublic(roomId)
      const banned = room && (await prisma.ban.findUnique({ where: { roomId_userId: { roomId, userId } }, select: { roomId: true } }))
      if (!room || banned) throw new Failure('ROOM_NOT_FOUND')
      await prisma.membership.createMany({ data: [{ roomId, userId, readSeq: room.lastSeq }], skipDuplicates: true })
    },

    /**
     * Ends this person's membership, if there is one, as a change in the room's order: what is stored after it has a
     * higher version, so that a node that hands it on has heard of the leaving or knows that it missed something.
     * @returns the version of the change @throws {Failure} LAST_OWNER
     */
    leave: (roomId: string, userId: string): Promise<number | null> =>
      prisma.$transaction(async (transaction) => {
        // The room's row lock makes two owners who leave at once do so one after the other.
        await transaction.$queryRaw`SELECT id FROM rooms WHERE id = ${roomId} FOR UPDATE`
        const membership = await transaction.membership.findUnique({ where: { roomId_userId: { roomId, userId } }, select: { role: true } })
        if (!membership) return null
        if (membership.role === 'owner') {
          const others = await transaction.membership.groupBy({ by: ['role'], where: { roomId, userId: { not: userId } }, _count: true })
          const owners = others.find(({ role }) => role === 'owner')?._count ?? 0
          if (others.length > 0 && owners === 0) throw new Failure('LAST_OWNER')
        }
        await transaction.membership.delete({ where: { roomId_userId: { roomId, userId } } })
        const data = { lastVersion: { increment: 1 } }
        const { lastVersion } = await transaction.room.update({ where: { id: roomId }, data, select: { lastVersion: true } })
        return lastVersion
      }),
  }
}

export type RoomStore = ReturnType<typeof createRoomStore>
