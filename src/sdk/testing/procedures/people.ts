import { Failure } from '../../../contract/failures'
import { noInput } from '../../../contract/fields'
import { namedPeopleInput, type Person, type Profile, personInput, searchPeopleInput, updateProfileInput } from '../../../contract/people'
import { mutation, query, type TestProcedures } from '../procedure'
import { showsReadMarks } from '../views'
import { compareText, foldWords, type TestAccount, toUser, type World } from '../world'

export const usersProcedures = {
  me: query(noInput, ({ account }) => showProfile(account)),

  get: query(personInput, ({ world }, { username }) => showPerson(world.requirePerson(username))),

  named: query(namedPeopleInput, ({ world, account }, { usernames }) => {
    // Guests get only the names of people who share a room with them.
    const isShown = ({ id }: TestAccount) =>
      account.role !== 'guest' || id === account.id || world.roomsOf(account.id).some(({ members }) => members.has(id))
    const people = [...new Set(usernames)].flatMap((username) => world.findPerson(username) ?? [])
    return people.filter(isShown).map(toUser)
  }),

  search: query(searchPeopleInput, ({ world }, { query: part, limit }) => {
    const wanted = foldWords(part)
    const rank = ({ username, displayName }: TestAccount) => {
      if (username.startsWith(wanted)) return 1
      return foldWords(displayName).startsWith(wanted) ? 2 : 3
    }
    const key = (person: TestAccount) => (rank(person) === 2 ? foldWords(person.displayName) : '')
    const found = world
      .people()
      .filter(({ username, displayName }) => foldWords(`@${username}\n${displayName}`).includes(wanted))
      .sort((a, b) => rank(a) - rank(b) || compareText(key(a), key(b)) || compareText(a.username, b.username))
    return { users: found.slice(0, limit).map(showPerson), cursor: null }
  }),

  update: mutation(updateProfileInput, ({ world, account }, change) => {
    if (change.displayName !== undefined) requireFreeName(world, account, change.displayName)
    const given = Object.entries(change).filter(([, value]) => value !== undefined)
    Object.assign(account, Object.fromEntries(given))
    // Whoever watches one of these rooms gets the whole presence again: no event takes a read mark back.
    if (change.hideReads !== undefined)
      for (const room of world.roomsOf(account.id))
        if (showsReadMarks(room)) world.publish({ type: 'membership', room, userId: account.id })
    return showProfile(account)
  }),
} satisfies TestProcedures<'users'>

const showPerson = ({ id, username, displayName, avatar, status, role, timeZone }: TestAccount): Person => ({
  ...{ id, username, displayName, avatar, status, role, timeZone },
})

const showProfile = ({ lastSeenAt: _, ...profile }: TestAccount): Profile => profile

/** @throws {Failure} NAME_TAKEN */
function requireFreeName(world: World, { id }: TestAccount, displayName: string): void {
  const wanted = foldWords(displayName)
  const isTaken = world.people().some((person) => {
    return person.id !== id && [person.username, foldWords(person.displayName)].includes(wanted)
  })
  if (isTaken) throw new Failure('NAME_TAKEN', { fields: { displayName: 'is taken, or looks too much like another one' } })
}
