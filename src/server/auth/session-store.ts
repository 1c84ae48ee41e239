import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import type { ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { claimNames } from '../names/person-names'
import { inTransaction, type Querying } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'
import { revokeSessions } from './revoke-sessions'

export interface SessionRow {
  id: string
  user: User
  role: ServerRole
  createdAt: Date
  lastSeenAt: Date
}

/** Somebody with more sessions sees the latest. */
const maxListed = 200
/** The advisory lock for creating the first account of this database. */
const firstPersonLock = 7_306_001

interface ListedSession {
  id: string
  userAgent: string | null
  ip: string | null
  createdAt: Date
  lastSeenAt: Date
}

const userColumns = 'id, username, display_name AS "displayName", avatar'

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

/**
 * Stores sessions, and the people they belong to.
 * @param lookUps finds the sessions of those who connect: a pool that is not busy with what they do afterwards
 */
export function createSessionStore(pool: Pool, lookUps: Pool = pool) {
  const lookUp = joinLookUps<string, LiveRow | undefined>(async (ids) => {
    const { rows } = await lookUps.query<LiveRow>(
      `SELECT s.id, s.user_id, s.created_at, s.last_seen_at, u.username, u.display_name, u.avatar, u.role
       FROM sessions s JOIN users u ON u.id = s.user_id
       WHERE s.id = ANY($1) AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL AND u.deleted_at IS NULL`,
      [[...new Set(ids)], new Date()],
    )
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => byId.get(id))
  })

  return {
    /** Null when the session is revoked or expired, or its person is disabled or deleted. */
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
     * @param verified the hash that the password was checked against
     * @returns null when the person's hash is another by now: an old password must not get anybody in
     */
    create: async (
      session: { userId: string; ip: string; userAgent: string | null; expiresAt: Date },
      verified: { passwordHash: string },
    ): Promise<{ id: string; createdAt: Date } | null> => {
      const { userId, ip, userAgent, expiresAt } = session
      // The lock makes a concurrent password change wait and then end this session too, or makes this statement wait for it.
      const { rows } = await pool.query<{ id: string; createdAt: Date }>(
        `INSERT INTO sessions (user_id, ip, user_agent, expires_at)
         SELECT id, $2, $3, $4 FROM users
         WHERE id = $1 AND password_hash = $5 AND disabled_at IS NULL AND deleted_at IS NULL FOR SHARE
         RETURNING id, created_at AS "createdAt"`,
        [userId, ip, userAgent, expiresAt, verified.passwordHash],
      )
      return rows[0] ?? null
    },

    /** @returns false when the session is over */
    prolong: async (sessionId: string, expiresAt: Date): Promise<boolean> => {
      const now = new Date()
      const { rowCount } = await pool.query(
        'UPDATE sessions SET expires_at = $2, last_seen_at = $3 WHERE id = $1 AND revoked_at IS NULL AND expires_at > $3',
        [sessionId, expiresAt, now],
      )
      return rowCount === 1
    },

    /** Live sessions: `first` at the front, the others by last use. */
    listLive: async (userId: string, first: string): Promise<ListedSession[]> => {
      const { rows } = await pool.query<ListedSession>(
        `SELECT id, user_agent AS "userAgent", ip, created_at AS "createdAt", last_seen_at AS "lastSeenAt" FROM sessions
         WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY last_seen_at DESC LIMIT $3`,
        [userId, new Date(), maxListed],
      )
      return rows.sort((a, b) => Number(b.id === first) - Number(a.id === first))
    },

    /** @returns whether it was a live session of this person */
    revoke: async (sessionId: string, userId: string, reason: string): Promise<boolean> =>
      (await revokeSessions(pool, { userId, reason, only: sessionId })) > 0,

    /** @returns the number of revoked sessions */
    revokeOthers: (userId: string, except: string): Promise<number> => revokeSessions(pool, { userId, reason: 'others revoked', except }),

    findPasswordHash: async (userId: string): Promise<string | null> => {
      const { rows } = await pool.query<{ hash: string | null }>(
        'SELECT password_hash AS hash FROM users WHERE id = $1 AND deleted_at IS NULL AND disabled_at IS NULL',
        [userId],
      )
      return rows[0]?.hash ?? null
    },

    findByUsername: async (username: string): Promise<(User & { passwordHash: string | null }) | null> => {
      const { rows } = await pool.query<User & { passwordHash: string | null }>(
        `SELECT ${userColumns}, password_hash AS "passwordHash" FROM users WHERE username = $1 AND deleted_at IS NULL AND disabled_at IS NULL`,
        [username],
      )
      return rows[0] ?? null
    },

    /**
     * Creates a person as a member of `general`. The first person on the server becomes its admin.
     * @throws {Failure} USERNAME_TAKEN, NAME_TAKEN
     */
    createPerson: (person: {
      username: string
      displayName: string
      passwordHash: string
    }): Promise<{ user: User; joined: { room: string; version: number } | null }> =>
      inTransaction(pool, async (transaction) => {
        const role: ServerRole = (await isFirstPerson(transaction)) ? 'admin' : 'member'
        const { rows: users } = await transaction.query<User>(
          `INSERT INTO users (username, display_name, password_hash, role) VALUES ($1, $2, $3, $4)
           ON CONFLICT (username) DO NOTHING RETURNING ${userColumns}`,
          [person.username, person.displayName, person.passwordHash, role],
        )
        const [user] = users
        if (!user) throw new Failure('USERNAME_TAKEN', { fields: { username: 'is taken' } })
        await claimNames(transaction, user.id, user)
        // Joining is a change in the room's order.
        const { rows: joined } = await transaction.query<{ room: string; version: number }>(
          `WITH room AS (
             UPDATE rooms SET last_version = last_version + 1 WHERE id = 'general' AND archived_at IS NULL RETURNING id, last_seq, last_version
           )
           INSERT INTO memberships (room_id, user_id, version, read_seq) SELECT id, $1, last_version, last_seq FROM room
           RETURNING room_id AS room, version`,
          [user.id],
        )
        return { user, joined: joined[0] ?? null }
      }),
  }
}

export type SessionStore = ReturnType<typeof createSessionStore>

async function isFirstPerson(transaction: Querying): Promise<boolean> {
  const isEmpty = async () => {
    const { rows } = await transaction.query<{ empty: boolean }>('SELECT NOT EXISTS (SELECT FROM users) AS empty')
    return rows[0]?.empty ?? false
  }
  if (!(await isEmpty())) return false
  // Two people who sign up at once both find nobody. The second waits here for the first, and then checks again.
  await transaction.query('SELECT pg_advisory_xact_lock($1)', [firstPersonLock])
  return isEmpty()
}
