import type { Person, Profile } from '../../contract/people'
import type { Database } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'
import { namePart, readFew, readNamed } from '../platform/name-search'

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
const usernames = `SELECT ${personColumns} FROM users u WHERE ${isActive} AND ${username} ORDER BY u.username LIMIT $2`

/** @param isFound a condition for the index; `isIn` the same for rows that are read anyway */
const pageOf = ({ isFound, isIn, order = 'u.username' }: { isFound: string; isIn: string; order?: string }) => ({
  byIndex: {
    namesakes: `SELECT u.id, u.username, u.search_name FROM users u WHERE ${isActive} AND ${isFound}`,
    page: `SELECT ${personColumns}, k.place FROM (SELECT u.id, row_number() OVER (ORDER BY ${order}) AS place FROM namesakes u ORDER BY place LIMIT $2) k
      CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = k.id LIMIT 1) u`,
  },
  inOrder: (stretch: string) =>
    `SELECT ${personColumns} FROM (SELECT * FROM users u WHERE ${isActive} ORDER BY u.username LIMIT ${stretch}) u
     WHERE ${isIn} ORDER BY u.username LIMIT $2`,
})
const everybody = pageOf({ ...anyPart, order: `(${username}) DESC, (${displayName.isIn}) DESC, u.username` })
const besidesUsernames = `NOT (${username}) AND`
const displayNames = pageOf({ isFound: `${besidesUsernames} ${displayName.isFound}`, isIn: `${besidesUsernames} ${displayName.isIn}` })
const besidesBoth = `${besidesUsernames} NOT ${displayName.isIn} AND`
const otherParts = pageOf({ isFound: `${besidesBoth} ${anyPart.isFound}`, isIn: `${besidesBoth} ${anyPart.isIn}` })
/** Up to this many people are put in order; more are read in order, one kind of match after the other. */
const fewPeople = 1_000

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
      const { rows: named } = await pool.query<Person>(usernames, [query, limit])
      if (named.length === limit) return named
      const few = await readFew<Person>(pool, everybody.byIndex, fewPeople, [query, limit])
      if (few) return few
      const people = named
      for (const page of [displayNames, otherParts]) {
        const size = limit - people.length
        if (size > 0) people.push(...(await readNamed<Person>(pool, page, [query, size], { size, isCommon: page === otherParts })))
      }
      return people
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
