import { Failure } from '../../contract/failures'
import { announceToRoom } from '../bus/announce'
import { eraseAccount } from '../people/erase-account'
import { holdAdmins, requireAdmin, requireOtherAdmin, requireSubject } from './acting'
import { writeAudit } from './audit-log'
import type { AdminContext } from './needs'

/**
 * Deletes somebody's account. Their messages stay, under "Deleted user"; rooms that only they own get another owner.
 * @throws {Failure} USER_NOT_FOUND, LAST_ADMIN; OWN_ACCOUNT, because deleting one's own account needs the password
 */
export async function deletePerson({ parts, actorId, ip }: AdminContext, username: string): Promise<{ username: string }> {
  const { changed } = await eraseAccount(parts.pool, {
    ownedRooms: 'hand over',
    begin: async (transaction) => {
      await holdAdmins(transaction)
      await requireAdmin(transaction, actorId)
      const person = await requireSubject(transaction, username)
      if (person.id === actorId) throw new Failure('OWN_ACCOUNT')
      await requireOtherAdmin(transaction, person.id)
      return person.id
    },
    record: (transaction, userId) =>
      writeAudit(transaction, { kind: 'admin.personDeleted', actorId, subjectId: userId, ip, detail: { username } }),
  })
  for (const { room, ...change } of changed) announceToRoom(parts, room, [{ type: 'membership', ...change }])
  parts.sessions.announceRevocation()
  return { username }
}
