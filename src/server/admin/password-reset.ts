import type { Pool } from 'pg'
import type { ResetLink } from '../../contract/admin'
import { Failure } from '../../contract/failures'
import { forgetDevices, hashDevice, rememberDevice } from '../auth/devices'
import { requireAcceptablePassword } from '../auth/password-strength'
import { hashPassword } from '../auth/passwords'
import { revokeSessions } from '../auth/revoke-sessions'
import { readServerNames } from '../auth/server-names'
import { networkOf } from '../platform/client-address'
import { inTransaction } from '../platform/database'
import { actAsAdmin, requireSubject } from './acting'
import { writeAudit } from './audit-log'
import { createLinkToken, hashLinkToken } from './link-tokens'
import type { AdminContext } from './needs'

const validHours = 24

/**
 * A link with which somebody can choose a new password, once. It replaces an earlier one.
 * @throws {Failure} USER_NOT_FOUND; NOT_ALLOWED for bots and for people who are disabled
 */
export const createResetLink = (ctx: AdminContext, username: string): Promise<ResetLink> =>
  actAsAdmin(ctx, async (transaction) => {
    const person = await requireSubject(transaction, username)
    if (person.role === 'bot') throw new Failure('NOT_ALLOWED', { words: 'A bot has no password.' })
    if (person.isDisabled) throw new Failure('NOT_ALLOWED', { words: 'This account is disabled. Enable it first.' })
    const { token, hash } = createLinkToken()
    const { rows } = await transaction.query<{ expires_at: Date }>(
      `INSERT INTO password_resets (user_id, token_hash, expires_at) VALUES ($1, $2, now() + $3::int * interval '1 hour')
       ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at RETURNING expires_at`,
      [person.id, hash, validHours],
    )
    const [row] = rows
    if (!row) throw new Error('INSERT returned no row')
    await writeAudit(transaction, { kind: 'admin.resetLinkMade', actorId: ctx.actorId, subjectId: person.id, ip: ctx.ip })
    return { url: `${ctx.parts.server.publicUrl}/reset/${token}`, expiresAt: row.expires_at.toISOString() }
  })

/**
 * Sets the password of whoever the link is for, and signs them out everywhere.
 * @throws {Failure} BAD_REQUEST; RESET_LINK_NOT_FOUND for every link that does not work, whatever the reason
 */
export async function resetPassword(
  { pool, announceRevocation }: { pool: Pool; announceRevocation: () => void },
  { token, password }: { token: string; password: string },
  { ip, deviceToken }: { ip: string; deviceToken: string },
): Promise<void> {
  const hash = hashLinkToken(token)
  const { rows } = await pool.query<{ username: string; display_name: string }>(
    `SELECT u.username, u.display_name FROM password_resets p JOIN users u ON u.id = p.user_id WHERE p.token_hash = $1 AND p.expires_at > now()`,
    [hash],
  )
  const [person] = rows
  if (!person) throw new Failure('RESET_LINK_NOT_FOUND')
  const asker = { line: networkOf(ip), isKnown: false }
  await requireAcceptablePassword(password, [person.username, person.display_name, ...(await readServerNames(pool))], asker)
  const passwordHash = await hashPassword(password, asker)
  await inTransaction(pool, async (transaction) => {
    // The person's row first, as everywhere: whoever disables them waits, or this finds its link gone.
    const { rows: found } = await transaction.query<{ id: string }>(
      `SELECT u.id FROM users u WHERE u.id = (SELECT user_id FROM password_resets WHERE token_hash = $1)
         AND u.disabled_at IS NULL AND u.deleted_at IS NULL FOR NO KEY UPDATE`,
      [hash],
    )
    const userId = found[0]?.id
    const { rowCount } = await transaction.query(
      'DELETE FROM password_resets WHERE user_id = $1 AND token_hash = $2 AND expires_at > now()',
      [userId ?? null, hash],
    )
    if (!userId || !rowCount) throw new Failure('RESET_LINK_NOT_FOUND')
    await transaction.query('UPDATE users SET password_hash = $2 WHERE id = $1', [userId, passwordHash])
    const ended = await revokeSessions(transaction, { userId, reason: 'password' })
    // Somebody else may have signed in on one of them.
    await forgetDevices(transaction, userId)
    await rememberDevice(transaction, userId, hashDevice(userId, deviceToken))
    await writeAudit(transaction, { kind: 'account.passwordReset', actorId: userId, subjectId: userId, ip, detail: { ended } })
  })
  announceRevocation()
}
