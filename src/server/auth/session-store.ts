import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { appToken, appUsernamePrefix, isUsername, type ServerRole } from '../../contract/rules'
import type { SignInMethod, User } from '../../contract/session'
import { writeAudit } from '../admin/audit-log'
import { claimNames } from '../names/person-names'
import { inTransaction, type Querying } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'
import { deviceHashSql, rememberDevice } from './devices'
import { methodOf, type Proof } from './proof'
import { revokeSessions } from './revoke-sessions'

/** What the audit log says of sessions that their person ends. */
export interface EndedBy {
  kind: 'account.signedOut' | 'account.sessionsEnded'
  ip: string | null
}

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

/** Nobody has more live sessions: a new one ends the one that was not used for longest. */
const maxSessions = 100

interface NewSession {
  userId: string
  ip: string
  userAgent: string | null
  expiresAt: Date
  proof: Proof
  deviceHash: Buffer
  /** The sessions whose cookies it replaces; of anybody. */
  replaces: readonly { userId: string; sessionId: string }[]
}

interface ListedSession {
  id: string
  userAgent: string | null
  ip: string | null
  createdAt: Date
  lastSeenAt: Date
  method: SignInMethod
  newDevice: boolean
}

/** What a sign-in needs to know of somebody. */
export interface PersonToSignIn {
  user: User
  /** Null for people who do not sign in with a password. */
  passwordHash: string | null
  /** Whether they have signed in from this device before. */
  isKnownDevice: boolean
}

/**
 * Decides, in the transaction that creates a person, whether there may be one more.
 * @throws {Failure} the reason why not
 */
export type Admit = (
  transaction: Querying,
  isFirst: boolean,
) => Promise<{
  role: ServerRole
  /** Runs at the end of the transaction, for what else they get. */
  welcome(user: User): Promise<void>
}>

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
     * Stores a new session, remembers its device, and ends those that it replaces: the person's others on this device, those
     * of its cookies, and the oldest beyond the most that somebody can have.
     * @returns null when the proof no longer holds, or the account is disabled or deleted
     */
    create: (session: NewSession): Promise<{ id: string; endedOthers: boolean } | null> =>
      inTransaction(pool, async (transaction) => {
        const { userId, ip, userAgent, expiresAt, proof, deviceHash, replaces } = session
        // The lock makes a concurrent password change wait and then end this session too, or makes this one wait for it.
        const { rows: people } = await transaction.query<{ before: boolean }>(
          `SELECT EXISTS (SELECT FROM sessions WHERE user_id = $1) AS before FROM users
           WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL
             AND ($2::text IS NULL OR password_hash = $2) AND ($3::text IS NULL OR external_issuer = $3)
           FOR NO KEY UPDATE`,
          [userId, proof.kind === 'password' ? proof.passwordHash : null, proof.kind === 'oidc' ? proof.issuer : null],
        )
        const [person] = people
        if (!person || (proof.kind === 'passkey' && !(await holdPasskey(transaction, userId, proof.credentialId)))) return null
        const isKnown = await rememberDevice(transaction, userId, deviceHash)
        // The first device of a new account is nothing to be warned of.
        const isNewDevice = !isKnown && person.before
        let ended = await revokeSessions(transaction, { userId, reason: 'replaced', device: deviceHash })
        for (const { userId: owner, sessionId } of replaces) {
          ended += await revokeSessions(transaction, { userId: owner, reason: 'replaced', only: sessionId })
        }
        const { rows } = await transaction.query<{ id: string }>(
          `INSERT INTO sessions (user_id, ip, user_agent, expires_at, method, new_device, device_hash)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
          [userId, ip, userAgent, expiresAt, methodOf(proof), isNewDevice, deviceHash],
        )
        const id = rows[0]?.id
        if (!id) throw new Error('the new session was not returned')
        ended += await revokeOldest(transaction, userId, id)
        const detail = { method: methodOf(proof), session: id, device: userAgent, ...(isNewDevice && { newDevice: true }) }
        await writeAudit(transaction, { kind: 'signIn.succeeded', actorId: userId, ip, detail })
        if (isNewDevice) await writeAudit(transaction, { kind: 'signIn.newDevice', actorId: userId, ip, detail })
        return { id, endedOthers: ended > 0 }
      }),

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
        `SELECT id, user_agent AS "userAgent", ip, created_at AS "createdAt", last_seen_at AS "lastSeenAt", method, new_device AS "newDevice"
         FROM sessions
         WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY last_seen_at DESC LIMIT $3`,
        [userId, new Date(), maxListed],
      )
      return rows.sort((a, b) => Number(b.id === first) - Number(a.id === first))
    },

    /** @returns whether it was a live session of this person */
    revoke: (sessionId: string, userId: string, reason: string, by: EndedBy | null): Promise<boolean> =>
      inTransaction(pool, async (transaction) => {
        const ended = await revokeSessions(transaction, { userId, reason, only: sessionId })
        if (ended > 0 && by) await writeAudit(transaction, { ...by, actorId: userId, detail: { session: sessionId } })
        return ended > 0
      }),

    /** @returns the number of revoked sessions */
    revokeOthers: (userId: string, except: string, ip: string | null): Promise<number> =>
      inTransaction(pool, async (transaction) => {
        const ended = await revokeSessions(transaction, { userId, reason: 'others revoked', except })
        if (ended > 0) await writeAudit(transaction, { kind: 'account.sessionsEnded', actorId: userId, ip, detail: { ended } })
        return ended
      }),

    findPasswordHash: async (userId: string): Promise<string | null> => {
      const { rows } = await pool.query<{ hash: string | null }>(
        'SELECT password_hash AS hash FROM users WHERE id = $1 AND deleted_at IS NULL AND disabled_at IS NULL',
        [userId],
      )
      return rows[0]?.hash ?? null
    },

    /** @param deviceToken of the device that they sign in from; "" if it has none */
    findToSignIn: async (username: string, deviceToken: string): Promise<PersonToSignIn | null> => {
      const { rows } = await pool.query<User & { passwordHash: string | null; isKnownDevice: boolean }>(
        `SELECT ${userColumns}, password_hash AS "passwordHash",
           EXISTS (SELECT FROM known_devices WHERE user_id = users.id AND device_hash = ${deviceHashSql}) AS "isKnownDevice"
         FROM users WHERE username = $1 AND deleted_at IS NULL AND disabled_at IS NULL`,
        [isUsername(username) ? username : '', deviceToken],
      )
      const [row] = rows
      if (!row) return null
      const { passwordHash, isKnownDevice, ...user } = row
      return { user, passwordHash, isKnownDevice }
    },

    /** The account that belongs to somebody of an outside issuer, disabled ones too. */
    findByIssuer: async (issuer: string, subject: string): Promise<User | null> => {
      const { rows } = await pool.query<User>(`SELECT ${userColumns} FROM users WHERE external_issuer = $1 AND external_subject = $2`, [
        issuer,
        subject,
      ])
      return rows[0] ?? null
    },

    /** The id of the person whose session this is, whether it is over or not. */
    findSessionOwner: async (sessionId: string): Promise<string | null> => {
      const { rows } = await pool.query<{ userId: string }>('SELECT user_id AS "userId" FROM sessions WHERE id = $1', [sessionId])
      return rows[0]?.userId ?? null
    },

    /** Stores the session of an outside token. @returns false when the account is disabled or deleted */
    createForToken: (session: { id: string; userId: string; expiresAt: Date }): Promise<boolean> =>
      inTransaction(pool, async (transaction) => {
        const { id, userId, expiresAt } = session
        // As when signing in: a disabled or deleted account gets no session, and the acts that end sessions do not miss this one.
        const { rowCount: people } = await transaction.query(
          'SELECT FROM users WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL FOR NO KEY UPDATE',
          [userId],
        )
        if (people === 0) return false
        const { rowCount } = await transaction.query(
          `INSERT INTO sessions (id, user_id, expires_at, method) VALUES ($1, $2, $3, 'token') ON CONFLICT (id) DO NOTHING`,
          [id, userId, expiresAt],
        )
        if (rowCount === 0) return true
        await revokeOldest(transaction, userId, id)
        // A client renews its token every few minutes: only the first of a row is a sign-in.
        const { rowCount: others } = await transaction.query(
          `SELECT FROM sessions WHERE user_id = $1 AND id <> $2 AND method = 'token' AND revoked_at IS NULL AND expires_at > now() LIMIT 1`,
          [userId, id],
        )
        if (others === 0) {
          await writeAudit(transaction, { kind: 'signIn.succeeded', actorId: userId, detail: { method: 'token', session: id } })
        }
        return true
      }),

    /**
     * Creates a person, as a member of `general` unless they are to be in no room.
     * @param admit decides whether they may have an account, and what they become
     * @throws {Failure} USERNAME_TAKEN, NAME_TAKEN, and what `admit` throws
     */
    createPerson: (
      person: {
        username: string
        displayName: string
        /** Null for people who sign in through an outside issuer. */
        passwordHash: string | null
        external?: { issuer: string; subject: string; picture: string | null }
        isInNoRoom?: boolean | undefined
      },
      admit: Admit,
    ): Promise<{ user: User; joined: { room: string; version: number } | null }> =>
      inTransaction(pool, async (transaction) => {
        const { external, username } = person
        // Otherwise somebody could pass for one of an app's users, or an app for somebody.
        if (username.startsWith(appUsernamePrefix) !== (external?.issuer === appToken.issuer)) throw usernameTaken()
        const { role, welcome } = await admit(transaction, await isFirstPerson(transaction))
        const { rows: users } = await transaction.query<User>(
          `INSERT INTO users (username, display_name, password_hash, role, external_issuer, external_subject, avatar)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (username) DO NOTHING RETURNING ${userColumns}`,
          [person.username, person.displayName, person.passwordHash, role, external?.issuer, external?.subject, external?.picture],
        )
        const [user] = users
        if (!user) throw usernameTaken()
        await claimNames(transaction, user.id, user)
        const joined = person.isInNoRoom ? null : await joinFirstRoom(transaction, user.id)
        await welcome(user)
        return { user, joined }
      }),
  }
}

const usernameTaken = () => new Failure('USERNAME_TAKEN', { fields: { username: 'is taken' } })

/** Joining is a change in the room's order. */
async function joinFirstRoom(transaction: Querying, userId: string): Promise<{ room: string; version: number } | null> {
  const { rows } = await transaction.query<{ room: string; version: number }>(
    `WITH room AS (
       UPDATE rooms SET last_version = last_version + 1 WHERE id = 'general' AND archived_at IS NULL RETURNING id, last_seq, last_version
     )
     INSERT INTO memberships (room_id, user_id, version, read_seq) SELECT id, $1, last_version, last_seq FROM room
     RETURNING room_id AS room, version`,
    [userId],
  )
  return rows[0] ?? null
}

/** @returns false when it was removed since it was checked. Its removal waits for the session, so it can be ended with the others. */
async function holdPasskey(transaction: Querying, userId: string, credentialId: string): Promise<boolean> {
  const { rowCount } = await transaction.query('SELECT FROM passkeys WHERE credential_id = $1 AND user_id = $2 FOR SHARE', [
    Buffer.from(credentialId, 'base64url'),
    userId,
  ])
  return rowCount === 1
}

async function revokeOldest(transaction: Querying, userId: string, newest: string): Promise<number> {
  const { rows } = await transaction.query<{ id: string }>(
    `SELECT id FROM sessions WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL AND expires_at > now()
     ORDER BY last_seen_at DESC OFFSET $3`,
    [userId, newest, maxSessions - 1],
  )
  for (const { id } of rows) await revokeSessions(transaction, { userId, reason: 'too many', only: id })
  return rows.length
}

export type SessionStore = ReturnType<typeof createSessionStore>

/**
 * Whether nobody runs this server yet. People of an outside issuer do not count, unless they were made admins: the first of
 * them to come by must not use up the setup link.
 */
export async function isUnclaimed(querying: Querying): Promise<boolean> {
  const { rows } = await querying.query<{ unclaimed: boolean }>(
    // In the order of the index that has only these: planners would rather read the whole table.
    `SELECT (SELECT id FROM users WHERE external_issuer IS NULL AND role <> 'bot' OR role = 'admin' ORDER BY id LIMIT 1) IS NULL AS unclaimed`,
  )
  return rows[0]?.unclaimed ?? false
}

async function isFirstPerson(transaction: Querying): Promise<boolean> {
  if (!(await isUnclaimed(transaction))) return false
  // Two people who sign up at once both find nobody. The second waits here for the first, and then checks again.
  await transaction.query('SELECT pg_advisory_xact_lock($1)', [firstPersonLock])
  return isUnclaimed(transaction)
}
