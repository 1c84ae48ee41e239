import type { ServerRole, User } from '../../contract/session'
import type { Database } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'

export interface SessionRow {
  id: string
  user: User
  role: ServerRole
  createdAt: Date
}

const userFields = { id: true, username: true, displayName: true, avatar: true } as const

interface LiveRow {
  id: string
  user_id: string
  created_at: Date
  username: string
  display_name: string
  avatar: string | null
  role: ServerRole
}

/** Where sessions and the people they belong to are kept. */
export function createSessionStore({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const lookUp = joinLookUps<string, LiveRow | undefined>(async (ids) => {
    const { rows } = await pool.query<LiveRow>(
      `SELECT s.id, s.user_id, s.created_at, u.username, u.display_name, u.avatar, u.role
       FROM sessions s JOIN users u ON u.id = s.user_id
       WHERE s.id = ANY($1) AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL AND u.deleted_at IS NULL`,
      [[...new Set(ids)], new Date()],
    )
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => byId.get(id))
  })

  return {
    /** Null when it is revoked or past its time, or when its person was disabled or deleted. */
    findLive: async (sessionId: string, userId: string): Promise<SessionRow | null> => {
      const row = await lookUp(sessionId)
      if (row?.user_id !== userId) return null
      const { username, display_name: displayName, avatar, role } = row
      return { id: row.id, createdAt: row.created_at, role, user: { id: userId, username, displayName, avatar } }
    },

    create: (session: {
      userId: string
      ip: string
      userAgent: string | null
      expiresAt: Date
    }): Promise<{ id: string; createdAt: Date }> => prisma.session.create({ data: session, select: { id: true, createdAt: true } }),

    prolong: async (sessionId: string, expiresAt: Date): Promise<void> => {
      await prisma.session.updateMany({ where: { id: sessionId, revokedAt: null }, data: { expiresAt, lastSeenAt: new Date() } })
    },

    /** Together with its entry in the log that every realtime node reads, or not at all. */
    revoke: async (sessionId: string, userId: string, reason: string): Promise<void> => {
      await prisma.$transaction(async (transaction) => {
        const { count } = await transaction.session.updateMany({
          where: { id: sessionId, userId, revokedAt: null },
          data: { revokedAt: new Date() },
        })
        if (count > 0) await transaction.sessionRevocation.create({ data: { sessionId, userId, reason } })
      })
    },

    findPerson: (username: string): Promise<(User & { passwordHash: string | null }) | null> =>
      prisma.user.findFirst({ where: { username, disabledAt: null, deletedAt: null }, select: { ...userFields, passwordHash: true } }),

    /** A member of the first room from the start. @throws a unique violation when the name is taken */
    createPerson: (person: { username: string; displayName: string; passwordHash: string }): Promise<User> =>
      prisma.$transaction(async (transaction) => {
        const user = await transaction.user.create({ data: person, select: userFields })
        const room = await transaction.room.findFirst({ where: { id: 'general', archivedAt: null }, select: { lastSeq: true } })
        if (room) await transaction.membership.create({ data: { roomId: 'general', userId: user.id, readSeq: room.lastSeq } })
        return user
      }),
  }
}

export type SessionStore = ReturnType<typeof createSessionStore>
