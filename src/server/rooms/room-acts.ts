import { Failure } from '../../contract/failures'
import type { Ban, Invite, InvitedRoom, Member, PostingPolicy, Room } from '../../contract/room'
import { limits, type RoomRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { readCursor, writeCursor } from './cursor'
import type { RoomsContext } from './needs'
import { showRoom, tell } from './rooms'

type OnMember = { room: string; username: string }

/** Makes the caller a member of a public room. Joining twice is joining once. */
export async function joinRoom({ parts, caller }: RoomsContext, room: string): Promise<Room> {
  tell(parts, room, await parts.roomActs.join({ roomId: room, actorId: caller.user.id }))
  return showRoom({ parts, caller }, room)
}

/** Ends the caller's membership, and what they follow of the room on every node. */
export async function leaveRoom({ parts, caller }: RoomsContext, room: string): Promise<{ room: string }> {
  tell(parts, room, await parts.roomActs.leave({ roomId: room, actorId: caller.user.id }))
  return { room }
}

/** Makes somebody a member at once. */
export async function invite({ parts, caller }: RoomsContext, { room, username }: OnMember): Promise<Member> {
  return tell(parts, room, await parts.roomActs.invite({ roomId: room, actorId: caller.user.id, username }))
}

/** Ends somebody's membership: from here on nothing of the room reaches them. */
export async function remove({ parts, caller }: RoomsContext, { room, username }: OnMember): Promise<{ room: string; user: User }> {
  return tell(parts, room, await parts.roomActs.remove({ roomId: room, actorId: caller.user.id, username }))
}

/** Removes somebody and keeps them out: from then on the room does not exist for them. */
export async function ban(
  { parts, caller }: RoomsContext,
  { room, username, reason = '' }: OnMember & { reason?: string | undefined },
): Promise<{ room: string; user: User }> {
  return tell(parts, room, await parts.roomActs.ban({ roomId: room, actorId: caller.user.id, username, reason }))
}

/** They may come back, and are no member yet. */
export async function unban({ parts, caller }: RoomsContext, { room, username }: OnMember): Promise<{ room: string; user: User }> {
  return tell(parts, room, await parts.roomActs.unban({ roomId: room, actorId: caller.user.id, username }))
}

/** Somebody who is muted reads, and does not write. @param minutes null lifts it */
export async function mute(
  { parts, caller }: RoomsContext,
  { room, username, minutes }: OnMember & { minutes: number | null },
): Promise<Member> {
  return tell(parts, room, await parts.roomActs.mute({ roomId: room, actorId: caller.user.id, username, minutes }))
}

export async function setRole({ parts, caller }: RoomsContext, { room, username, role }: OnMember & { role: RoomRole }): Promise<Member> {
  return tell(parts, room, await parts.roomActs.setRole({ roomId: room, actorId: caller.user.id, username, role }))
}

/** @returns the room; for an admin who is not in it, what they changed of it */
export async function updateRoom(
  { parts, caller }: RoomsContext,
  {
    room,
    ...wanted
  }: {
    room: string
    name?: string | undefined
    topic?: string | undefined
    postingPolicy?: PostingPolicy | undefined
    slowModeSeconds?: number | undefined
  },
): Promise<Room | { id: string }> {
  tell(parts, room, await parts.roomActs.update({ roomId: room, actorId: caller.user.id, ...wanted }))
  return showIfMember({ parts, caller }, room)
}

/** Nobody writes in an archived room, and it is in nobody's list; its members can still read it. */
export async function archiveRoom(
  { parts, caller }: RoomsContext,
  { room, archived }: { room: string; archived: boolean },
): Promise<Room | { id: string }> {
  tell(parts, room, await parts.roomActs.archive({ roomId: room, actorId: caller.user.id, archived }))
  return showIfMember({ parts, caller }, room)
}

const showIfMember = (context: RoomsContext, room: string): Promise<Room | { id: string }> =>
  showRoom(context, room).catch((error: unknown) => {
    if (error instanceof Failure && error.failure === 'ROOM_NOT_FOUND') return { id: room }
    throw error
  })

/** Who is in the room, owners first, then moderators, each by name. @returns with how many there are in all, whatever was asked for */
export async function listMembers(
  { parts, caller }: RoomsContext,
  { room, query = '', cursor }: { room: string; query?: string | undefined; cursor?: string | null | undefined },
): Promise<{ members: Member[]; cursor: string | null; count: number }> {
  const [rank, username] = readCursor(cursor, 'number', 'string') ?? []
  const after = rank === undefined || username === undefined ? null : { rank, username }
  const [found, count] = await Promise.all([
    parts.roomActs.members(room, { query, after, limit: limits.membersPage + 1 }),
    parts.roomActs.countMembers(room),
  ])
  // Once more after it was read: somebody may have been removed since.
  await parts.rooms.requireMembership(room, caller.user.id)
  const page = found.slice(0, limits.membersPage)
  const last = page.at(-1)
  return {
    members: page.map(({ rank: _, ...member }) => member),
    cursor: found.length > limits.membersPage && last ? writeCursor(last.rank, last.user.username) : null,
    count,
  }
}

/** Moderators see who is kept out. */
export async function listBans({ parts, caller }: RoomsContext, room: string): Promise<{ bans: Ban[] }> {
  const bans = await parts.roomActs.bans(room)
  // After it was read, so that nothing is shown that came after the right was taken away.
  await parts.roomChanges.requireRight('rooms.bans', room, caller.user.id)
  return { bans }
}

/** @returns the invitation with its token, which is shown this once */
export async function createInvite(
  { parts, caller }: RoomsContext,
  { room, ...terms }: { room: string; hours: number | null; maxUses: number | null },
): Promise<Invite & { token: string }> {
  return tell(parts, room, await parts.roomActs.createInvite({ roomId: room, actorId: caller.user.id, ...terms }))
}

export async function listInvites({ parts, caller }: RoomsContext, room: string): Promise<{ invites: Invite[] }> {
  const invites = await parts.roomActs.invites(room)
  await parts.roomChanges.requireRight('rooms.invites', room, caller.user.id)
  return { invites }
}

export async function revokeInvite(
  { parts, caller }: RoomsContext,
  { room, invite }: { room: string; invite: string },
): Promise<{ id: string }> {
  return tell(parts, room, await parts.roomActs.revokeInvite({ roomId: room, actorId: caller.user.id, invite }))
}

/** What whoever has the link sees before they accept. @throws {Failure} INVITE_NOT_FOUND */
export async function showInvite({ parts, caller }: RoomsContext, token: string): Promise<InvitedRoom> {
  const room = await parts.roomActs.findInvite(token, caller.user.id)
  if (!room) throw new Failure('INVITE_NOT_FOUND')
  return room
}

/** @throws {Failure} INVITE_NOT_FOUND */
export async function acceptInvite({ parts, caller }: RoomsContext, token: string): Promise<Room> {
  const changed = await parts.roomActs.acceptInvite({ token, actorId: caller.user.id })
  return showRoom({ parts, caller }, tell(parts, changed.result, changed))
}
