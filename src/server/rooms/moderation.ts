import { Failure } from '../../contract/failures'
import type { Ban, Member } from '../../contract/room'
import type { RoomRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { readMember } from './members'
import type { RoomsContext } from './needs'
import { changeRoom, requireRoomRight } from './room-lock'

interface MemberInput {
  room: string
  username: string
}

/**
 * Ends somebody's membership: from here on nothing of the room reaches them.
 * @throws {Failure} MEMBER_NOT_FOUND, NOT_ALLOWED, LAST_OWNER, DIRECT_ROOM, ROOM_ARCHIVED
 */
export const removeMember = (ctx: RoomsContext, input: MemberInput): Promise<{ room: string; user: User }> =>
  changeRoom(ctx, 'rooms.remove', input.room, async (room) => {
    room.requireChangeable()
    const member = await room.requireMember(input.username)
    room.requireOutranked(member)
    await room.endMembership(member.user.id)
    await room.addLine('removed', { user: member.user })
    await room.audit('room.removed', member.user.id)
    return { room: room.id, user: member.user }
  })

/**
 * Removes somebody, if they are in the room, and keeps them out: from then on the room does not exist for them.
 * @throws {Failure} USER_NOT_FOUND, NOT_ALLOWED, LAST_OWNER, DIRECT_ROOM, ROOM_ARCHIVED
 */
export const banPerson = (ctx: RoomsContext, input: MemberInput & { reason?: string | undefined }): Promise<{ room: string; user: User }> =>
  changeRoom(ctx, 'rooms.ban', input.room, async (room) => {
    room.requireChangeable()
    const person = await room.requirePerson(input.username)
    const { user } = person
    if (user.id === room.actor.id) throw new Failure('NOT_ALLOWED')
    room.requireOutranked(person)
    const reason = input.reason ?? ''
    await room.query(
      `INSERT INTO bans (room_id, user_id, by_id, reason) VALUES ($1, $2, $3, $4)
       ON CONFLICT (room_id, user_id) DO UPDATE SET by_id = excluded.by_id, reason = excluded.reason, at = now()`,
      [room.id, user.id, room.actor.id, reason],
    )
    if (person.room === null) await room.takeRoomVersion()
    else {
      await room.endMembership(user.id)
      await room.addLine('banned', { user })
    }
    await room.audit('room.banned', user.id, { reason })
    return { room: room.id, user }
  })

/** Lets somebody come back. It does not make them a member. @throws {Failure} USER_NOT_FOUND for somebody who is not banned here */
export const unbanPerson = (ctx: RoomsContext, input: MemberInput): Promise<{ room: string; user: User }> =>
  changeRoom(ctx, 'rooms.unban', input.room, async (room) => {
    const { user, isBanned } = await room.requirePerson(input.username)
    if (!isBanned) throw new Failure('USER_NOT_FOUND')
    await room.query('DELETE FROM bans WHERE room_id = $1 AND user_id = $2', [room.id, user.id])
    await room.takeRoomVersion()
    await room.audit('room.unbanned', user.id)
    return { room: room.id, user }
  })

/** Somebody who is muted can read, but not write. @throws {Failure} MEMBER_NOT_FOUND, NOT_ALLOWED, DIRECT_ROOM, ROOM_ARCHIVED */
export const muteMember = (ctx: RoomsContext, input: MemberInput & { minutes: number }): Promise<Member> =>
  setMute(ctx, 'rooms.mute', input, input.minutes)

/** @throws {Failure} MEMBER_NOT_FOUND, NOT_ALLOWED, DIRECT_ROOM, ROOM_ARCHIVED */
export const unmuteMember = (ctx: RoomsContext, input: MemberInput): Promise<Member> => setMute(ctx, 'rooms.unmute', input, null)

const setMute = (ctx: RoomsContext, right: 'rooms.mute' | 'rooms.unmute', input: MemberInput, minutes: number | null): Promise<Member> =>
  changeRoom(ctx, right, input.room, async (room) => {
    room.requireChangeable()
    const member = await room.requireMember(input.username)
    const { user } = member
    room.requireOutranked(member)
    if (user.id === room.actor.id) throw new Failure('NOT_ALLOWED')
    await room.query(
      `UPDATE memberships SET muted_until = clock_timestamp() + $3::int * interval '1 minute', version = $4
       WHERE room_id = $1 AND user_id = $2`,
      [room.id, user.id, minutes, await room.takeMembershipVersion(user.id)],
    )
    await room.audit(minutes === null ? 'room.unmuted' : 'room.muted', user.id, minutes === null ? {} : { minutes })
    return readMember(room, room.id, user.id)
  })

/** @throws {Failure} MEMBER_NOT_FOUND, NOT_ALLOWED, LAST_OWNER, DIRECT_ROOM, ROOM_ARCHIVED */
export const setRole = (ctx: RoomsContext, input: MemberInput & { role: RoomRole }): Promise<Member> =>
  changeRoom(ctx, 'rooms.setRole', input.room, async (room) => {
    room.requireChangeable()
    const member = await room.requireMember(input.username)
    room.requireOutranked(member)
    const { user, room: before } = member
    if (before !== input.role) {
      await room.query('UPDATE memberships SET role = $3, version = $4 WHERE room_id = $1 AND user_id = $2', [
        ...[room.id, user.id, input.role, await room.takeMembershipVersion(user.id)],
      ])
      if (before === 'owner') await room.requireOwner()
      if (input.role === 'member') await room.revokeInvitesOf(user.id)
      await room.audit('room.roleSet', user.id, { from: before, to: input.role })
    }
    return readMember(room, room.id, user.id)
  })

/** Everybody who is banned from the room, the latest first. */
export async function listBans({ parts, caller }: RoomsContext, room: string): Promise<{ bans: Ban[] }> {
  const { rows } = await parts.pool.query<User & { by: string | null; reason: string; at: Date }>(
    `SELECT u.id, u.username, u.display_name AS "displayName", u.avatar, w.username AS by, b.reason, b.at
     FROM (SELECT * FROM bans WHERE room_id = $1 ORDER BY at DESC LIMIT 500) b
     CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = b.user_id LIMIT 1) u
     LEFT JOIN LATERAL (SELECT * FROM users w WHERE w.id = b.by_id AND w.deleted_at IS NULL LIMIT 1) w ON true ORDER BY b.at DESC`,
    [room],
  )
  // Checked after the read, so that nothing is shown that is newer than the loss of the right.
  await requireRoomRight(parts.pool, 'rooms.bans', room, caller.user.id)
  return { bans: rows.map(({ by, reason, at, ...user }) => ({ user, by, reason, at: at.toISOString() })) }
}
