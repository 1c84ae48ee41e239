import type { ResetLink } from '../../contract/admin'
import { createSessionStore } from '../auth/session-store'
import { announceToRoom } from '../bus/announce'
import { writeAudit } from './audit-log'
import type { AdminContext } from './needs'
import { createResetLink } from './password-reset'

/**
 * Creates an account without a password, and a link with which its owner chooses one.
 * @throws {Failure} USERNAME_TAKEN, NAME_TAKEN
 */
export async function createPerson(
  ctx: AdminContext,
  { username, displayName, role }: { username: string; displayName: string; role: 'admin' | 'member' | 'guest' },
): Promise<ResetLink & { username: string; role: string }> {
  const { parts, actorId, ip } = ctx
  const { user, joined } = await createSessionStore(parts.pool).createPerson(
    { username, displayName, passwordHash: null },
    async (transaction) => ({
      role,
      welcome: ({ id: subjectId }) => writeAudit(transaction, { kind: 'admin.personCreated', actorId, subjectId, ip, detail: { role } }),
    }),
  )
  if (joined) announceToRoom(parts, joined.room, [{ type: 'membership', userId: user.id, version: joined.version }])
  return { username, role, ...(await createResetLink(ctx, username)) }
}
