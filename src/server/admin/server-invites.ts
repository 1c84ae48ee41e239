import type { ServerInvite } from '../../contract/admin'
import { Failure } from '../../contract/failures'
import { isUuid } from '../../contract/rules'
import type { Querying } from '../platform/database'
import { actAsAdmin, requireAdmin } from './acting'
import { writeAudit } from './audit-log'
import { createLinkToken, hashLinkToken } from './link-tokens'
import type { AdminContext } from './needs'

/** Of an invitation `i`. */
const isUsable = 'i.revoked_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > now()) AND (i.max_uses IS NULL OR i.uses < i.max_uses)'

interface InviteRow {
  id: string
  username: string | null
  role: 'member' | 'guest'
  created_at: Date
  expires_at: Date | null
  max_uses: number | null
  uses: number
}

/** @returns the invitation with its link, which cannot be shown again. */
export const createServerInvite = (
  ctx: AdminContext,
  { hours, maxUses, role }: { hours: number | null; maxUses: number | null; role: 'member' | 'guest' },
): Promise<ServerInvite & { token: string; url: string }> =>
  actAsAdmin(ctx, async (transaction) => {
    const { token, hash } = createLinkToken()
    const { rows } = await transaction.query<InviteRow>(
      `WITH i AS (
         INSERT INTO server_invites (token_hash, role, created_by, expires_at, max_uses)
         VALUES ($1, $2::server_role, $3, now() + $4::int * interval '1 hour', $5) RETURNING *
       )
       SELECT i.*, u.username FROM i LEFT JOIN users u ON u.id = i.created_by`,
      [hash, role, ctx.actorId, hours, maxUses],
    )
    const [row] = rows
    if (!row) throw new Error('INSERT returned no row')
    const detail = { invite: row.id, role, hours, maxUses }
    await writeAudit(transaction, { kind: 'admin.inviteCreated', actorId: ctx.actorId, ip: ctx.ip, detail })
    return { ...toServerInvite(row), token, url: `${ctx.parts.server.publicUrl}/register?invite=${token}` }
  })

/** The invitations that can still be used, newest first. */
export async function listServerInvites({ parts, actorId }: AdminContext): Promise<{ invites: ServerInvite[] }> {
  const { rows } = await parts.pool.query<InviteRow>(
    `SELECT i.*, u.username FROM server_invites i LEFT JOIN users u ON u.id = i.created_by
     WHERE ${isUsable} ORDER BY i.created_at DESC LIMIT 200`,
  )
  await requireAdmin(parts.pool, actorId)
  return { invites: rows.map(toServerInvite) }
}

/** @throws {Failure} INVITE_NOT_FOUND */
export const revokeServerInvite = (ctx: AdminContext, invite: string): Promise<{ id: string }> =>
  actAsAdmin(ctx, async (transaction) => {
    const { rowCount } = isUuid(invite)
      ? await transaction.query('UPDATE server_invites SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL', [invite])
      : { rowCount: 0 }
    if (!rowCount) throw new Failure('INVITE_NOT_FOUND')
    await writeAudit(transaction, { kind: 'admin.inviteRevoked', actorId: ctx.actorId, ip: ctx.ip, detail: { invite } })
    return { id: invite }
  })

/** Counts one use. @returns null when there is no such invitation to the server, or it cannot be used any more */
export async function countServerInviteUse(transaction: Querying, token: string): Promise<{ id: string; role: 'member' | 'guest' } | null> {
  // Of many who use it at once, each waits for the row and then counts again.
  const { rows } = await transaction.query<{ id: string; role: 'member' | 'guest' }>(
    `UPDATE server_invites i SET uses = i.uses + 1 WHERE i.token_hash = $1 AND ${isUsable} RETURNING i.id, i.role`,
    [hashLinkToken(token)],
  )
  return rows[0] ?? null
}

const toServerInvite = ({ id, username, role, created_at, expires_at, max_uses, uses }: InviteRow): ServerInvite => ({
  ...{ id, by: username, role, uses, maxUses: max_uses },
  createdAt: created_at.toISOString(),
  expiresAt: expires_at?.toISOString() ?? null,
})
