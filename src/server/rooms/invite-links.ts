import { createHash, randomBytes } from 'node:crypto'
import { Failure } from '../../contract/failures'
import type { Invite, InvitedRoom } from '../../contract/room'
import { isUuid } from '../../contract/rules'
import type { User } from '../../contract/session'
import type { Querying } from '../platform/database'
import type { RoomsContext } from './needs'
import { changeRoom, requireRoomRight } from './room-lock'

/** Of an invitation `i`. */
const isUsable = 'i.revoked_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > now()) AND (i.max_uses IS NULL OR i.uses < i.max_uses)'

const hashOf = (token: string) => createHash('sha256').update(token).digest()

/**
 * @param input null for no limit
 * @returns the invitation with its token. Only the token's hash is stored, so it cannot be shown again.
 * @throws {Failure} DIRECT_ROOM, ROOM_ARCHIVED; UNAUTHORIZED when the caller was disabled or got another role meanwhile
 */
export const createInvite = (
  ctx: RoomsContext,
  input: { room: string; hours: number | null; maxUses: number | null },
): Promise<Invite & { token: string }> =>
  changeRoom(ctx, 'rooms.createInvite', input.room, async (room) => {
    room.requireChangeable()
    const { hours, maxUses } = input
    const token = randomBytes(24).toString('base64url')
    // The lock on the person makes whoever disables or demotes them wait and then revoke this too, or makes this wait for them.
    const { rows } = await room.query<{ id: string; created_at: Date; expires_at: Date | null }>(
      `WITH creator AS (
         SELECT id FROM users WHERE id = $3 AND role = $6::server_role AND disabled_at IS NULL AND deleted_at IS NULL FOR SHARE
       )
       INSERT INTO invites (token_hash, room_id, created_by, expires_at, max_uses)
       SELECT $1, $2, id, now() + $4::int * interval '1 hour', $5 FROM creator RETURNING id, created_at, expires_at`,
      [hashOf(token), room.id, room.actor.id, hours, maxUses, room.actor.server],
    )
    const [row] = rows
    if (!row) throw new Failure('UNAUTHORIZED')
    await room.audit('room.inviteCreated', null, { invite: row.id, hours, maxUses })
    return { token, ...toInvite({ ...row, username: room.actor.username, max_uses: maxUses, uses: 0 }) }
  })

/** @throws {Failure} INVITE_NOT_FOUND */
export const revokeInvite = (ctx: RoomsContext, input: { room: string; invite: string }): Promise<{ id: string }> =>
  changeRoom(ctx, 'rooms.revokeInvite', input.room, async (room) => {
    if (!isUuid(input.invite)) throw new Failure('INVITE_NOT_FOUND')
    const { rowCount } = await room.query('UPDATE invites SET revoked_at = now() WHERE id = $1 AND room_id = $2 AND revoked_at IS NULL', [
      input.invite,
      room.id,
    ])
    if (!rowCount) throw new Failure('INVITE_NOT_FOUND')
    await room.audit('room.inviteRevoked', null, { invite: input.invite })
    return { id: input.invite }
  })

interface InviteRow {
  id: string
  username: string
  created_at: Date
  expires_at: Date | null
  max_uses: number | null
  uses: number
}

/** The invitations of a room that can still be used, newest first. */
export async function listInvites({ parts, caller }: RoomsContext, room: string): Promise<{ invites: Invite[] }> {
  const { rows } = await parts.pool.query<InviteRow>(
    `SELECT i.id, u.username, i.created_at, i.expires_at, i.max_uses, i.uses FROM invites i JOIN users u ON u.id = i.created_by
     WHERE i.room_id = $1 AND ${isUsable} ORDER BY i.created_at DESC LIMIT 100`,
    [room],
  )
  // Checked after the read, so that nothing is shown that is newer than the loss of the right.
  await requireRoomRight(parts.pool, 'rooms.invites', room, caller.user.id)
  return { invites: rows.map(toInvite) }
}

/** What somebody with the link sees before they accept. @throws {Failure} INVITE_NOT_FOUND */
export async function showInvite({ parts, caller }: RoomsContext, token: string): Promise<InvitedRoom> {
  const { rows } = await parts.pool.query<InvitedRoom>(
    `SELECT r.id AS room, r.kind, r.name, r.topic, r.member_count AS "memberCount",
       EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id = $2) AS joined
     FROM invites i JOIN rooms r ON r.id = i.room_id
     WHERE i.token_hash = $1 AND ${isUsable} AND r.archived_at IS NULL
       AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = $2)`,
    [hashOf(token), caller.user.id],
  )
  const [room] = rows
  if (!room) throw new Failure('INVITE_NOT_FOUND')
  return room
}

/** The id of the room that the link is for, whether it can still be used or not. @throws {Failure} INVITE_NOT_FOUND */
export async function requireInvitedRoom(querying: Querying, token: string): Promise<string> {
  const { rows } = await querying.query<{ room_id: string }>('SELECT room_id FROM invites WHERE token_hash = $1', [hashOf(token)])
  const [row] = rows
  if (!row) throw new Failure('INVITE_NOT_FOUND')
  return row.room_id
}

/** Counts one use. @returns who made the invitation @throws {Failure} INVITE_NOT_FOUND when it cannot be used any more */
export async function countInviteUse(querying: Querying, token: string): Promise<User> {
  const { rows } = await querying.query<User>(
    `UPDATE invites i SET uses = i.uses + 1 FROM users u WHERE i.token_hash = $1 AND ${isUsable} AND u.id = i.created_by
     RETURNING u.id, u.username, u.display_name AS "displayName", u.avatar`,
    [hashOf(token)],
  )
  const [inviter] = rows
  if (!inviter) throw new Failure('INVITE_NOT_FOUND')
  return inviter
}

const toInvite = (row: InviteRow): Invite => ({
  id: row.id,
  by: row.username,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  maxUses: row.max_uses,
  uses: row.uses,
})
