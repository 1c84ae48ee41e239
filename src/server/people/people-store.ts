import type { Person, Profile } from '../../contract/people'
import type { Database } from '../platform/database'
import { joinLookUps } from '../platform/look-ups'

const active = { disabledAt: null, deletedAt: null } as const
const personFields = { id: true, username: true, displayName: true, avatar: true, status: true, role: true } as const

/** Stores people and their profiles. Disabled and deleted people are not found. */
export function createPeopleStore({ prisma }: Pick<Database, 'prisma'>) {
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

    /** Matches literally: `%` and `_` in the query are ordinary characters. */
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
      await prisma.user.updateMany({ where: { id: userId, ...active }, data })
    },
  }
}

export type PeopleStore = ReturnType<typeof createPeopleStore>
