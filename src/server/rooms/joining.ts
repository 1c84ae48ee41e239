import { Failure } from '../../contract/failures'
import type { Member, Room } from '../../contract/room'
import { countInviteUse, requireInvitedRoom } from './invite-links'
import type { LockedRoom } from './locked-room'
import { readMember } from './members'
import type { RoomsContext } from './needs'
import { getRoom } from './room-list'
import { changeRoom } from './room-lock'

/** Makes the caller a member of a public room. Joining twice is joining once. @throws {Failure} ROOM_NOT_FOUND */
export async function joinRoom(ctx: RoomsContext, roomId: string): Promise<Room> {
  await changeRoom(ctx, 'rooms.join', roomId, async (room) => {
    if (room.actor.room === null) await room.addMember(room.actor.id)
  })
  return getRoom(ctx, roomId)
}

/** Ends the caller's membership, and their subscriptions to the room on every node. @throws {Failure} LAST_OWNER, DIRECT_ROOM */
export const leaveRoom = (ctx: RoomsContext, roomId: string): Promise<{ room: string }> =>
  changeRoom(ctx, 'rooms.leave', roomId, async (room) => {
    room.requireNotDirect()
    if (room.kind === 'private') await room.addLine('left')
    await room.endMembership(room.actor.id)
    return { room: room.id }
  })

/** Makes somebody a member at once. @throws {Failure} USER_NOT_FOUND, USER_BANNED, DIRECT_ROOM, ROOM_ARCHIVED */
export const inviteMember = (ctx: RoomsContext, input: { room: string; username: string }): Promise<Member> =>
  changeRoom(ctx, 'rooms.invite', input.room, async (room) => {
    room.requireChangeable()
    const { user, room: role, isBanned } = await room.requirePerson(input.username)
    if (role === null) {
      if (isBanned) throw new Failure('USER_BANNED')
      await room.addMember(user.id)
      if (room.kind === 'private') await room.addLine('added', { user })
      await room.audit('room.invited', user.id)
    }
    return readMember(room, room.id, user.id)
  })

/** Makes the caller a member by an invitation link. A member uses nothing up. @throws {Failure} INVITE_NOT_FOUND */
export async function acceptInvite(ctx: RoomsContext, token: string): Promise<Room> {
  const roomId = await requireInvitedRoom(ctx.parts.pool, token)
  await changeRoom(ctx, 'rooms.acceptInvite', roomId, (room) => joinByInvite(room, token))
  return getRoom(ctx, roomId)
}

/** @throws {Failure} INVITE_NOT_FOUND */
export async function joinByInvite(room: LockedRoom, token: string): Promise<void> {
  if (room.actor.room !== null) return
  if (room.actor.isBanned || room.isArchived) throw new Failure('INVITE_NOT_FOUND')
  const inviter = await countInviteUse(room, token)
  await room.addMember(room.actor.id)
  if (room.kind === 'private') await room.addLine('joined', { user: inviter })
  await room.audit('room.inviteAccepted', room.actor.id)
}
