import { Failure } from '../../contract/failures'
import * as inputs from '../../contract/room'
import { memberProcedure, noInput, router, signedInProcedure } from '../trpc'
import { browseRooms } from './browse-rooms'
import { createRoom, openDirectRoom } from './create-room'
import { createInvite, listInvites, revokeInvite, showInvite } from './invite-links'
import { acceptInvite, inviteMember, joinRoom, leaveRoom } from './joining'
import { listMembers } from './members'
import { banPerson, listBans, muteMember, removeMember, setRole, unbanPerson, unmuteMember } from './moderation'
import { getRoom, listRooms } from './room-list'
import { archiveRoom, restoreRoom, setFavorite, setNotify, updateRoom } from './settings'

export const roomsRouter = router({
  list: signedInProcedure.input(noInput).query(({ ctx }) => listRooms(ctx)),
  get: signedInProcedure.input(inputs.roomInput).query(({ ctx, input }) => getRoom(ctx, input.room)),
  onChange: signedInProcedure.input(noInput).subscription(({ ctx, signal }) => {
    const { parts, caller } = ctx
    if (!caller.connection) throw new Failure('METHOD_NOT_ALLOWED')
    return parts.roomListFeed.follow(caller.user, caller.connection, signal ?? new AbortController().signal, parts.deliverDirectly)
  }),
  browse: signedInProcedure.input(inputs.browseInput).query(({ ctx, input }) => browseRooms(ctx, input)),
  create: signedInProcedure.input(inputs.createRoomInput).mutation(({ ctx, input }) => createRoom(ctx, input)),
  direct: signedInProcedure.input(inputs.directInput).mutation(({ ctx, input }) => openDirectRoom(ctx, input.usernames)),
  members: memberProcedure(inputs.membersInput).query(({ ctx, input }) => listMembers(ctx, input)),
  setNotify: memberProcedure(inputs.notifyInput).mutation(({ ctx, input }) => setNotify(ctx, input)),
  setFavorite: memberProcedure(inputs.favoriteInput).mutation(({ ctx, input }) => setFavorite(ctx, input)),

  // These check the caller's right themselves: changeRoom does it again under the room's lock.
  join: signedInProcedure.input(inputs.roomInput).mutation(({ ctx, input }) => joinRoom(ctx, input.room)),
  leave: signedInProcedure.input(inputs.roomInput).mutation(({ ctx, input }) => leaveRoom(ctx, input.room)),
  invite: signedInProcedure.input(inputs.memberInput).mutation(({ ctx, input }) => inviteMember(ctx, input)),
  acceptInvite: signedInProcedure.input(inputs.inviteTokenInput).mutation(({ ctx, input }) => acceptInvite(ctx, input.token)),

  remove: signedInProcedure.input(inputs.memberInput).mutation(({ ctx, input }) => removeMember(ctx, input)),
  ban: signedInProcedure.input(inputs.banInput).mutation(({ ctx, input }) => banPerson(ctx, input)),
  unban: signedInProcedure.input(inputs.memberInput).mutation(({ ctx, input }) => unbanPerson(ctx, input)),
  bans: signedInProcedure.input(inputs.roomInput).query(({ ctx, input }) => listBans(ctx, input.room)),
  mute: signedInProcedure.input(inputs.muteInput).mutation(({ ctx, input }) => muteMember(ctx, input)),
  unmute: signedInProcedure.input(inputs.memberInput).mutation(({ ctx, input }) => unmuteMember(ctx, input)),
  setRole: signedInProcedure.input(inputs.setRoleInput).mutation(({ ctx, input }) => setRole(ctx, input)),

  update: signedInProcedure.input(inputs.updateRoomInput).mutation(({ ctx, input }) => updateRoom(ctx, input)),
  archive: signedInProcedure
    .input(inputs.archiveRoomInput)
    .mutation(({ ctx, input }) => (input.archived ? archiveRoom(ctx, input.room) : restoreRoom(ctx, input.room))),

  createInvite: signedInProcedure.input(inputs.createInviteInput).mutation(({ ctx, input }) => createInvite(ctx, input)),
  invites: signedInProcedure.input(inputs.roomInput).query(({ ctx, input }) => listInvites(ctx, input.room)),
  revokeInvite: signedInProcedure.input(inputs.revokeInviteInput).mutation(({ ctx, input }) => revokeInvite(ctx, input)),
  showInvite: signedInProcedure.input(inputs.inviteTokenInput).query(({ ctx, input }) => showInvite(ctx, input.token)),
})
