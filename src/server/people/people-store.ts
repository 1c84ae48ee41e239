import type { Person, Profile } from '../../contract/people'
import type { User } from '../../contract/session'
import { claimDisplayName } from '../names/person-names'
import { type Database, inTransaction, type Querying, retried } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'
import { namePart, readNamed } from '../platform/name-search'

const active = { disabledAt: null, deletedAt: null } as const
const personFields = { id: true, username: true, displayName: true, avatar: true, status: true, role: true, timeZone: true } as const

const personColumns = 'u.id, u.username, u.display_name AS "displayName", u.avatar, u.status, u.role, u.time_zone AS "timeZone"'
const isActive = 'u.disabled_at IS NULL AND u.deleted_at IS NULL'
const wanted = 'fold_name($1)'
/** "~" comes after every character of usernames. */
const usernameBegins = `u.username >= ${wanted} AND u.username < ${wanted} || '~'`
/** Up to the greatest character there is. */
const displayName = `split_part(u.search_name, E'\\n', 2)`
const displayNameBegins = `${displayName} >= ${wanted} AND ${displayName} < ${wanted} || chr(1114111)`

const beginnings = `SELECT ${personColumns} FROM (
    (SELECT 1 AS rank, u.* FROM users u WHERE ${isActive} AND ${usernameBegins} ORDER BY u.username LIMIT $2)
    UNION ALL (
      SELECT 2, u.* FROM users u WHERE ${isActive} AND ${displayNameBegins} AND NOT (${usernameBegins}) ORDER BY ${displayName}, u.username LIMIT $2
    )
  ) u ORDER BY rank, CASE rank WHEN 2 THEN ${displayName} END, u.username LIMIT $2`

const name = namePart('u.search_name', wanted)
const isOther = `NOT (${usernameBegins}) AND NOT (${displayNameBegins})`
const otherParts = {
  byIndex: {
    namesakes: `SELECT u.id, u.username FROM users u WHERE ${isActive} AND ${name.isFound} AND ${isOther}`,
    page: `SELECT ${personColumns}, k.place FROM (SELECT u.id, row_number() OVER (ORDER BY u.username) AS place FROM namesakes u ORDER BY place LIMIT $2) k
      CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = k.id LIMIT 1) u`,
  },
  inOrder: (stretch: string) =>
    `SELECT ${personColumns} FROM (SELECT * FROM users u WHERE ${isActive} ORDER BY u.username LIMIT ${stretch}) u
     WHERE ${name.isIn} AND ${isOther} ORDER BY u.username LIMIT $2`,
}

/** Stores people and their profiles. Disabled and deleted people are not found. */
export function createPeopleStore({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const lookUpProfile = joinLookUps<string, Profile | undefined>(async (ids) => {
    const profiles = await prisma.user.findMany({
      where: { id: { in: [...new Set(ids)] }, ...active },
      select: { ...personFields, hideLastSeen: true, hideReads: true },
    })
    const byId = new Map(profiles.map((profile) => [profile.id, profile]))
    return ids.map((id) => byId.get(id))
  })

  return {
    findProfile: async (userId: string): Promise<Profile | null> => (await lookUpProfile(userId)) ?? null,

    findPerson: (username: string): Promise<Person | null> =>
      prisma.user.findFirst({ where: { username, ...active }, select: personFields }),

    /**
     * People with the query in their username or display name: first the usernames that begin with it, then the display names
     * that do, then the others by username.
     */
    search: async ({ query, limit }: { query: string; limit: number }): Promise<Person[]> => {
      const { rows: people } = await pool.query<Person>(beginnings, [query, limit])
      const left = limit - people.length
      return left === 0 ? people : [...people, ...(await readNamed<Person>(pool, otherParts, [query, left], left))]
    },

    /**
     * The people with these usernames, in this order, disabled and deleted ones too: what they wrote is still there.
     * @param sharingRoomsWith only people who are in a room with this one; null for everybody
     */
    named: async (usernames: readonly string[], sharingRoomsWith: string | null): Promise<User[]> => {
      const { rows } = await pool.query<User>(
        `SELECT u.id, u.username, u.display_name AS "displayName", u.avatar
         FROM unnest($1::text[]) WITH ORDINALITY AS k(username, place)
         CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.username = k.username LIMIT 1) u
         WHERE $2::uuid IS NULL OR EXISTS (
           SELECT FROM (SELECT room_id FROM memberships WHERE user_id = $2 OFFSET 0) own
           CROSS JOIN LATERAL (SELECT FROM memberships s WHERE s.room_id = own.room_id AND s.user_id = u.id LIMIT 1) s
         )
         ORDER BY k.place`,
        [[...new Set(usernames)], sharingRoomsWith],
      )
      return rows
    },

    /** @throws {Failure} NAME_TAKEN */
    update: async (
      userId: string,
      change: {
        displayName?: string | undefined
        avatar?: string | null | undefined
        status?: string | undefined
        hideLastSeen?: boolean | undefined
        timeZone?: string | null | undefined
        hideReads?: boolean | undefined
      },
    ): Promise<void> => {
      const { displayName, ...others } = change
      if (displayName !== undefined) await retried(() => inTransaction(pool, (transaction) => rename(transaction, userId, displayName)))
      const data = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
      if (Object.keys(data).length > 0) await prisma.user.updateMany({ where: { id: userId, ...active }, data })
    },
  }
}

export type PeopleStore = ReturnType<typeof createPeopleStore>

async function rename(transaction: Querying, userId: string, displayName: string): Promise<void> {
  const { rows } = await transaction.query<{ username: string }>(
    'UPDATE users SET display_name = $2 WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL RETURNING username',
    [userId, displayName],
  )
  if (rows[0]) await claimDisplayName(transaction, userId, { username: rows[0].username, displayName })
}
