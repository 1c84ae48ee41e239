import type { AdminPerson } from '../../contract/admin'
import { Failure } from '../../contract/failures'
import { endBotSessionsOf } from '../auth/bot-sessions'
import { revokeSessions } from '../auth/revoke-sessions'
import type { Querying } from '../platform/database'
import { removeSecondFactors } from '../security/authenticator-store'
import { actAsAdmin, requireOtherAdmin, requireSubject, type SubjectPerson } from './acting'
import { writeAudit } from './audit-log'
import { readPerson } from './list-people'
import type { AdminContext } from './needs'

/** An act on a person's account. The sockets of ended sessions are closed after the commit. */
async function changePerson(
  ctx: AdminContext,
  username: string,
  work: (transaction: Querying, person: SubjectPerson) => Promise<void>,
): Promise<AdminPerson> {
  const person = await actAsAdmin(ctx, async (transaction) => {
    const subject = await requireSubject(transaction, username)
    await work(transaction, subject)
    return readPerson(transaction, subject.id)
  })
  ctx.parts.sessions.announceRevocation()
  return person
}

/**
 * Signs somebody out everywhere and keeps them out, and their bots. Their invitations, reset links and bots' tokens stay void
 * when they are enabled again.
 * @throws {Failure} USER_NOT_FOUND, OWN_ACCOUNT, LAST_ADMIN
 */
export const disablePerson = (ctx: AdminContext, username: string): Promise<AdminPerson> =>
  changePerson(ctx, username, async (transaction, person) => {
    if (person.id === ctx.actorId) throw new Failure('OWN_ACCOUNT')
    if (person.isDisabled) return
    await requireOtherAdmin(transaction, person.id)
    // First: from here on each statement elsewhere that would begin a session waits, and then finds them disabled.
    await transaction.query('UPDATE users SET disabled_at = now() WHERE id = $1', [person.id])
    await revokeSessions(transaction, { userId: person.id, reason: 'disabled' })
    await endBotSessionsOf(transaction, person.id, 'owner disabled')
    await transaction.query('DELETE FROM password_resets WHERE user_id = $1', [person.id])
    await revokeServerInvitesOf(transaction, person.id)
    await transaction.query('UPDATE invites SET revoked_at = now() WHERE created_by = $1 AND revoked_at IS NULL', [person.id])
    await writeAudit(transaction, { kind: 'admin.disabled', actorId: ctx.actorId, subjectId: person.id, ip: ctx.ip })
  })

/** @throws {Failure} USER_NOT_FOUND */
export const enablePerson = (ctx: AdminContext, username: string): Promise<AdminPerson> =>
  changePerson(ctx, username, async (transaction, person) => {
    if (!person.isDisabled) return
    await transaction.query('UPDATE users SET disabled_at = NULL WHERE id = $1', [person.id])
    await writeAudit(transaction, { kind: 'admin.enabled', actorId: ctx.actorId, subjectId: person.id, ip: ctx.ip })
  })

/** @throws {Failure} USER_NOT_FOUND, LAST_ADMIN, NOT_ALLOWED for bots */
export const setServerRole = (ctx: AdminContext, input: { username: string; role: 'admin' | 'member' | 'guest' }): Promise<AdminPerson> =>
  changePerson(ctx, input.username, async (transaction, person) => {
    if (person.role === 'bot') throw new Failure('NOT_ALLOWED', { words: 'A bot keeps its role.' })
    if (person.role === input.role) return
    if (person.role === 'admin') {
      await requireOtherAdmin(transaction, person.id)
    }
    await transaction.query('UPDATE users SET role = $2::server_role WHERE id = $1', [person.id, input.role])
    if (input.role === 'guest') await endBotSessionsOf(transaction, person.id, 'owner became a guest')
    if (person.role === 'admin') await revokeInvitesOfAdmin(transaction, person.id)
    const detail = { from: person.role, to: input.role }
    await writeAudit(transaction, { kind: 'admin.roleSet', actorId: ctx.actorId, subjectId: person.id, ip: ctx.ip, detail })
  })

/** Signs somebody out everywhere. They can sign in again. @throws {Failure} USER_NOT_FOUND */
export const endSessionsOf = (ctx: AdminContext, username: string): Promise<AdminPerson> =>
  changePerson(ctx, username, async (transaction, person) => {
    const ended = await revokeSessions(transaction, { userId: person.id, reason: 'ended by an admin' })
    await writeAudit(transaction, {
      kind: 'admin.sessionsEnded',
      actorId: ctx.actorId,
      subjectId: person.id,
      ip: ctx.ip,
      detail: { ended },
    })
  })

/**
 * For somebody who has lost their phone: from now on their password is enough. Their passkeys stop working too.
 * @throws {Failure} USER_NOT_FOUND
 */
export const removeSecondFactorsOf = (ctx: AdminContext, username: string): Promise<AdminPerson> =>
  changePerson(ctx, username, async (transaction, person) => {
    const removed = await removeSecondFactors(transaction, person.id)
    if (!removed.twoStep && removed.passkeys === 0) return
    const entry = { actorId: ctx.actorId, subjectId: person.id, ip: ctx.ip, detail: removed }
    await writeAudit(transaction, { kind: 'admin.secondFactorsRemoved', ...entry })
  })

async function revokeServerInvitesOf(transaction: Querying, userId: string): Promise<void> {
  await transaction.query('UPDATE server_invites SET revoked_at = now() WHERE created_by = $1 AND revoked_at IS NULL', [userId])
}

/** Only admins may invite to the server, and to rooms that they do not moderate. */
async function revokeInvitesOfAdmin(transaction: Querying, userId: string): Promise<void> {
  await revokeServerInvitesOf(transaction, userId)
  await transaction.query(
    `UPDATE invites i SET revoked_at = now() WHERE i.created_by = $1 AND i.revoked_at IS NULL AND NOT EXISTS (
       SELECT FROM memberships s WHERE s.room_id = i.room_id AND s.user_id = $1 AND s.role <> 'member')`,
    [userId],
  )
}
