import { announceToRoom } from '../bus/announce'
import { endOwnSession } from '../caller'
import type { PeopleContext } from './needs'

/**
 * Deletes the caller's account. They are signed out everywhere and leave all rooms; their messages stay, under "Deleted user".
 * @throws {Failure} WRONG_PASSWORD, TOO_MANY_REQUESTS, LAST_ADMIN, LAST_OWNER with the names of the rooms
 */
export async function deleteAccount({ parts, caller }: PeopleContext, password: string): Promise<{ deleted: true }> {
  const userId = caller.user.id
  const verifiedHash = await parts.ownPasswords.require(userId, password)
  const left = await endOwnSession(caller, () => parts.accounts.delete(userId, verifiedHash))
  for (const { room, ...change } of left) announceToRoom(parts, room, [{ type: 'membership', ...change }])
  parts.sessions.announceRevocation()
  return { deleted: true }
}
