import { Failure } from '../../contract/failures'
import type { Person, Profile } from '../../contract/people'
import { deletedUsernamePrefix, type ServerRole } from '../../contract/rules'
import { revokeSessions } from '../auth/revoke-sessions'
import type { Database, Statements } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'

const personFields = { id: true, username: true, displayName: true, avatar: true, status: true, role: true } as const

interface ProfileRow {
  id: string
  username: string
  display_name: string
  avatar: string | null
  status: string
  role: ServerRole
  hide_last_seen: boolean
}

/** Somebody may join a room while their account is being deleted: then it is begun again. */
const maxAttempts = 5

/** Where people are kept, with what they tell of themselves. */
export function createPeopleStore({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const lookUpProfile = joinLookUps<string, Profile | undefined>(async (ids) => {
    const { rows } = await pool.query<ProfileRow>(
      `SELECT id, username, display_name, avatar, status, role, hide_last_seen FROM users WHERE id = ANY($1) AND deleted_at IS NULL AND disabled_at IS NULL`,
      [[...new Set(ids)]],
    )
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => {
      const row = byId.get(id)
      if (!row) return undefined
      const { display_name: displayName, hide_last_seen: hideLastSeen, ...rest } = row
      return { ...rest, displayName, hideLastSeen }
    })
  })

  return {
    findProfile: async (userId: string): Promise<Profile | null> => (await lookUpProfile(userId)) ?? null,

    findPerson: (username: string): Promise<Person | null> =>
      prisma.user.findFirst({ where: { username, disabledAt: null, deletedAt: null }, select: personFields }),

    /** By place, not by pattern: `%` and `_` in the query mean themselves. */
    search: ({ query, limit }: { query: string; limit: number }): Promise<Person[]> => prisma.$queryRaw<Person[]>`
      SELECT id, username, display_name AS "displayName", avatar, status, role::text
      FROM users, lower(${query}::text) AS wanted
      WHERE disabled_at IS NULL AND deleted_at IS NULL
        AND (position(wanted IN username) > 0 OR position(wanted IN lower(display_name)) > 0)
      ORDER BY username = wanted DESC, starts_with(username, wanted) DESC, starts_with(lower(display_name), wanted) DESC, username
      LIMIT ${limit}`,

    update: async (
      userId: string,
      change: {
        displayName?: string | undefined
        avatar?: string | null | undefined
        status?: string | undefined
        hideLastSeen?: boolean | undefined
      },
    ): Promise<void> => {
      const data = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
      await prisma.user.updateMany({ where: { id: userId, deletedAt: null, disabledAt: null }, data })
    },

    /**
     * Together with the end of all other sessions, or not at all.
     * @returns how many sessions ended @throws {Failure} WRONG_PASSWORD when it is no longer the one that was verified
     */
    changePassword: (change: { userId: string; verifiedHash: string; passwordHash: string; keep: string }): Promise<number> =>
      prisma.$transaction(async (transaction) => {
        const { userId, verifiedHash, passwordHash, keep } = change
        const { count } = await transaction.user.updateMany({ where: { id: userId, passwordHash: verifiedHash }, data: { passwordHash } })
        if (count === 0) throw new Failure('WRONG_PASSWORD')
        return revokeSessions(transaction, { userId, reason: 'password', except: keep })
      }),

    /**
     * Leaves of the person a row that their messages name as their author, and their direct rooms to those they talked with.
     * @returns the rooms that they left, with the version of the leaving
     * @throws {Failure} LAST_OWNER, WRONG_PASSWORD when it is no longer the one that was verified
     */
    delete: async (userId: string, verifiedHash: string): Promise<{ room: string; version: number }[]> => {
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const left = await prisma.$transaction((transaction) => deletePerson(transaction, userId, verifiedHash)).catch(notWhenOvertaken)
        if (left) return left
      }
      throw new Failure('UNAVAILABLE')
    },
  }
}

export type PeopleStore = ReturnType<typeof createPeopleStore>

/** The person came into a room that was not locked. */
class Overtaken extends Error {}

function notWhenOvertaken(error: unknown): null {
  if (error instanceof Overtaken) return null
  throw error
}

async function deletePerson(transaction: Statements, userId: string, verifiedHash: string): Promise<{ room: string; version: number }[]> {
  // In the order of their ids, as everybody locks several rooms: two who did it otherwise could wait for each other.
  const locked = await transaction.$queryRaw<{ id: string }[]>`
    SELECT id FROM rooms
    WHERE kind <> 'direct' AND id IN (SELECT room_id FROM memberships WHERE user_id = ${userId}::uuid)
    ORDER BY id FOR NO KEY UPDATE`
  const rooms = locked.map(({ id }) => id)
  const ownerless = await transaction.$queryRaw<{ name: string }[]>`
    SELECT r.name FROM rooms r JOIN memberships own ON own.room_id = r.id AND own.user_id = ${userId}::uuid AND own.role = 'owner'
    WHERE r.id = ANY(${rooms}::text[])
      AND EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id <> ${userId}::uuid)
      AND NOT EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id <> ${userId}::uuid AND s.role = 'owner')
    ORDER BY lower(r.name)`
  if (ownerless.length > 0) throw new Failure('LAST_OWNER', { fields: { rooms: ownerless.map(({ name }) => name).join(', ') } })

  // From here on nothing that names this person can be stored elsewhere, and no new session: both need this row.
  const deleted = await transaction.$executeRaw`
    UPDATE users SET
      username = ${deletedUsernamePrefix}::text || right(replace(id::text, '-', ''), 12), display_name = 'Deleted user', password_hash = NULL,
      external_issuer = NULL, external_subject = NULL, avatar = NULL, status = '', last_seen_at = NULL, role = 'member', deleted_at = now()
    WHERE id = ${userId}::uuid AND password_hash = ${verifiedHash} AND deleted_at IS NULL`
  if (deleted === 0) throw new Failure('WRONG_PASSWORD')

  const memberships = await transaction.$queryRaw<{ room_id: string }[]>`
    DELETE FROM memberships s USING rooms r WHERE s.user_id = ${userId}::uuid AND r.id = s.room_id AND r.kind <> 'direct' RETURNING s.room_id`
  if (memberships.some(({ room_id }) => !rooms.includes(room_id))) throw new Overtaken()
  const left = await transaction.$queryRaw<{ room: string; version: number }[]>`
    UPDATE rooms SET last_version = last_version + 1 WHERE id = ANY(${memberships.map(({ room_id }) => room_id)}::text[])
    RETURNING id AS room, last_version AS version`

  await transaction.$executeRaw`DELETE FROM bans WHERE user_id = ${userId}::uuid`
  await transaction.$executeRaw`DELETE FROM invites WHERE created_by = ${userId}::uuid`
  await revokeSessions(transaction, { userId, reason: 'deleted' })
  await transaction.$executeRaw`UPDATE sessions SET ip = NULL, user_agent = NULL WHERE user_id = ${userId}::uuid`
  await transaction.$executeRaw`
    INSERT INTO audit_log (actor_id, action, subject_id) VALUES (${userId}::uuid, 'user.delete', ${userId}::uuid)`
  return left
}
