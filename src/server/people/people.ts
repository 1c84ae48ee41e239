import type { z } from 'zod'
import { Failure } from '../../contract/failures'
import type { changePasswordInput, Person, Profile, searchPeopleInput, updateProfileInput } from '../../contract/people'
import type { User } from '../../contract/session'
import { requireAcceptablePassword } from '../auth/password-strength'
import { hashPassword } from '../auth/passwords'
import type { PeopleContext } from './needs'

/** @throws {Failure} UNAUTHORIZED when the account has been deleted */
export async function showOwnProfile({ parts, caller }: PeopleContext): Promise<Profile> {
  const profile = await parts.people.findProfile(caller.user.id)
  if (!profile) throw new Failure('UNAUTHORIZED')
  return profile
}

/** People whose username or display name contains `query`, exact matches first. */
export async function searchPeople(
  { parts }: PeopleContext,
  input: z.output<typeof searchPeopleInput>,
): Promise<{ users: Person[]; cursor: null }> {
  return { users: await parts.people.search(input), cursor: null }
}

/** @throws {Failure} USER_NOT_FOUND */
export async function showPerson({ parts }: PeopleContext, username: string): Promise<Person> {
  const person = await parts.people.findPerson(username)
  if (!person) throw new Failure('USER_NOT_FOUND')
  return person
}

/** These people's names and pictures, for example of everybody who reacted; names that nobody has are left out. */
export async function listNamed({ parts, caller }: PeopleContext, usernames: readonly string[]): Promise<User[]> {
  return parts.people.named(usernames, caller.role === 'guest' ? caller.user.id : null)
}

/** New messages carry the new name at once. */
export async function updateProfile(context: PeopleContext, change: z.output<typeof updateProfileInput>): Promise<Profile> {
  const { parts, caller } = context
  await parts.people.update(caller.user.id, change)
  if (change.hideReads !== undefined) {
    // Whoever watches one of these rooms sees the change at once.
    for (const room of await parts.rooms.roomsShowingReads(caller.user.id)) {
      parts.bus.publish(room, { type: 'read', userId: caller.user.id, seq: null })
    }
  }
  // The data that the connection started with is outdated.
  caller.readAt = 0
  return showOwnProfile(context)
}

/** Ends all the caller's other sessions, on every node. @throws {Failure} BAD_REQUEST, WRONG_PASSWORD, TOO_MANY_REQUESTS */
export async function changePassword(
  { parts, caller }: PeopleContext,
  { current, password }: z.output<typeof changePasswordInput>,
): Promise<{ revoked: number }> {
  const asker = { line: caller.user.id, isKnown: true }
  const { username, displayName } = await showOwnProfile({ parts, caller })
  await requireAcceptablePassword(password, [username, displayName, ...(await parts.serverNames())], asker)
  const verifiedHash = await parts.ownPasswords.require(caller.user.id, current)
  const passwordHash = await hashPassword(password, asker)
  const revoked = await parts.accounts.changePassword({
    userId: caller.user.id,
    verifiedHash,
    passwordHash,
    keep: caller.sessionId,
    ip: caller.ip,
  })
  if (revoked > 0) parts.sessions.announceRevocation()
  return { revoked }
}
