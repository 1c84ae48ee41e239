import type { Person, Profile } from '../../contract/people'
import type { Database } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'
import { fewOf, namePart, readFew } from '../platform/name-search'

const active = { disabledAt: null, deletedAt: null } as const
const personFields = { id: true, username: true, displayName: true, avatar: true, status: true, role: true } as const

const personColumns = 'u.id, u.username, u.display_name AS "displayName", u.avatar, u.status, u.role'
const isActive = 'u.disabled_at IS NULL AND u.deleted_at IS NULL'
const wanted = 'fold_name($1)'
const anyPart = namePart('u.search_name', wanted)
/** The mark before the display name. */
const displayName = namePart('u.search_name', `(E'\\n' || ${wanted})`)
/** "~" comes after every character of usernames. */
const username = `u.username >= ${wanted} AND u.username < ${wanted} || '~'`
const select = (condition: string) => `SELECT ${personColumns} FROM users u WHERE ${isActive} AND ${condition} ORDER BY u.username LIMIT $2`

const usernames = select(username)
const displayNames = select(`NOT (${username}) AND ${displayName.isIn}`)
const otherParts = select(`NOT (${username}) AND NOT ${displayName.isIn} AND ${anyPart.isIn}`)
/** @param order of people `u`, of whom only ids and names are known */
const byIndex = (condition: string, order: string) =>
  fewOf(
    `SELECT u.id, u.username, u.search_name FROM users u WHERE ${isActive} AND ${condition}`,
    4_000,
    `SELECT ${personColumns}, k.place FROM (SELECT u.id, row_number() OVER (ORDER BY ${order}) AS place FROM namesakes u ORDER BY place LIMIT $2) k
     CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = k.id LIMIT 1) u`,
  )
const allByIndex = byIndex(anyPart.isFound, `(${username}) DESC, (${displayName.isIn}) DESC, u.username`)
const displayNamesByIndex = byIndex(`NOT (${username}) AND ${displayName.isFound}`, 'u.username')

/** Stores people and their profiles. Disabled and deleted people are not found. */
export function createPeopleStore({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const lookUpProfile = joinLookUps<string, Profile | undefined>(async (ids) => {
    const profiles = await prisma.user.findMany({
      where: { id: { in: [...new Set(ids)] }, ...active },
      select: { ...personFields, hideLastSeen: true },
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
     * that do, then the others, each in the order of usernames.
     */
    search: async ({ query, limit }: { query: string; limit: number }): Promise<Person[]> => {
      const read = async (sql: string, atMost: number) => (await pool.query<Person>(sql, [query, atMost])).rows
      const named = await read(usernames, limit)
      if (named.length === limit) return named
      const found = await readFew<Person>(pool, allByIndex, [query, limit])
      if (found) return found
      const left = limit - named.length
      const displayed = (await readFew<Person>(pool, displayNamesByIndex, [query, left])) ?? (await read(displayNames, left))
      return [...named, ...displayed, ...(await read(otherParts, left - displayed.length))]
    },

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
      await prisma.user.updateMany({ where: { id: userId, ...active }, data })
    },
  }
}

export type PeopleStore = ReturnType<typeof createPeopleStore>
