import type { ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import type { Database, Statements } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'
import { revokeSessions } from './revoke-sessions'

export interface SessionRow {
  id: string
  user: User
  role: ServerRole
  createdAt: Date
  lastSeenAt: Date
}

/** One who has signed in more often than that sees the latest. */
const maxListed = 200
/** Of this database: whoever makes the first account holds it. */
const firstPersonLock = 7_306_001

const userFields = { id: true, username: true, displayName: true, avatar: true } as const

interface LiveRow {
  id: string
  user_id: string
  created_at: Date
  last_seen_at: Date
  username: string
  display_name: string
  avatar: string | null
  role: ServerRole
}

/** Where sessions and the people they belong to are kept. */
export function createSessionStore({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const lookUp = joinLookUps<string, LiveRow | undefined>(async (ids) => {
    const { rows } = await pool.query<LiveRow>(
      `SELECT s.id, s.user_id, s.created_at, s.last_seen_at, u.username, u.display_name, u.avatar, u.role
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
      return {
        id: row.id,
        createdAt: row.created_at,
        lastSeenAt: row.last_seen_at,
        role,
        user: { id: userId, username, displayName, avatar },
      }
    },

    /**
     * @param verified the hash that the person's password was checked against
     * @returns null when it is theirs no longer: who knows a password that was changed meanwhile must not get in by it
     */
    create: async (
      session: { userId: string; ip: string; userAgent: string | null; expiresAt: Date },
      verified: { passwordHash: string },
    ): Promise<{ id: string; createdAt: Date } | null> => {
      const { userId, ip, userAgent, expiresAt } = session
      // The lock makes a change of the password wait, and then end this session too; or makes this one wait for it.
      const rows = await prisma.$queryRaw<{ id: string; createdAt: Date }[]>`
        INSERT INTO sessions (user_id, ip, user_agent, expires_at)
        SELECT id, ${ip}, ${userAgent}, ${expiresAt} FROM users
        WHERE id = ${userId}::uuid AND password_hash = ${verified.passwordHash} AND disabled_at IS NULL AND deleted_at IS NULL FOR SHARE
        RETURNING id, created_at AS "createdAt"`
      return rows[0] ?? null
    },

    /** @returns whether it still could be */
    prolong: async (sessionId: string, expiresAt: Date): Promise<boolean> => {
      const now = new Date()
      const { count } = await prisma.session.updateMany({
        where: { id: sessionId, revokedAt: null, expiresAt: { gt: now } },
        data: { expiresAt, lastSeenAt: now },
      })
      return count > 0
    },

    /** The live ones, `first` at the front, then those that were used last. */
    listLive: async (userId: string, first: string) => {
      const sessions = await prisma.session.findMany({
        where: { userId, revokedAt: null, expiresAt: { gt: new Date() } },
        select: { id: true, userAgent: true, ip: true, createdAt: true, lastSeenAt: true },
        orderBy: { lastSeenAt: 'desc' },
        take: maxListed,
      })
      return sessions.sort((a, b) => Number(b.id === first) - Number(a.id === first))
    },

    /** @returns whether it was a live one of this person */
    revoke: async (sessionId: string, userId: string, reason: string): Promise<boolean> =>
      (await revokeSessions(prisma, { userId, reason, only: sessionId })) > 0,

    /** @returns how many */
    revokeOthers: (userId: string, except: string): Promise<number> => revokeSessions(prisma, { userId, reason: 'others revoked', except }),

    findPasswordHash: async (userId: string): Promise<string | null> => {
      const person = await prisma.user.findFirst({
        where: { id: userId, deletedAt: null, disabledAt: null },
        select: { passwordHash: true },
      })
      return person?.passwordHash ?? null
    },

    findPerson: (username: string): Promise<(User & { passwordHash: string | null }) | null> =>
      prisma.user.findFirst({ where: { username, disabledAt: null, deletedAt: null }, select: { ...userFields, passwordHash: true } }),

    /**
     * A member of the first room from the start. The very first person becomes the server's admin.
     * @throws a unique violation when the name is taken
     */
    createPerson: (person: {
      username: string
      displayName: string
      passwordHash: string
    }): Promise<{ user: User; joined: { room: string; version: number } | null }> =>
      prisma.$transaction(async (transaction) => {
        const role = (await isFirstPerson(transaction)) ? 'admin' : 'member'
        const user = await transaction.user.create({ data: { ...person, role }, select: userFields })
        // Joining is a change in the room's order.
        const [joined] = await transaction.$queryRaw<{ room: string; version: number }[]>`
          WITH room AS (
            UPDATE rooms SET last_version = last_version + 1 WHERE id = 'general' AND archived_at IS NULL RETURNING id, last_seq, last_version
          )
          INSERT INTO memberships (room_id, user_id, version, read_seq) SELECT id, ${user.id}::uuid, last_version, last_seq FROM room
          RETURNING room_id AS room, version`
        return { user, joined: joined ?? null }
      }),
  }
}

export type SessionStore = ReturnType<typeof createSessionStore>

async function isFirstPerson(transaction: Statements): Promise<boolean> {
  const isEmpty = async () => (await transaction.$queryRaw<{ empty: boolean }[]>`SELECT NOT EXISTS (SELECT FROM users) AS empty`)[0]?.empty
  if (!(await isEmpty())) return false
  // Two who sign up at once both find nobody: the second waits here for the first, and then looks again.
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${firstPersonLock})`
  return (await isEmpty()) ?? false
}
