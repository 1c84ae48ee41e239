import { Failure } from '../../contract/failures'
import * as inputs from '../../contract/room'
import { inRoom, memberProcedure, noInput, router, signedInProcedure } from '../trpc'
import * as acts from './room-acts'
import { browseRooms, createRoom, listRooms, openDirectRoom, setNotify } from './rooms'

export const roomsRouter = router({
  list: signedInProcedure.input(noInput).query(({ ctx }) => listRooms(ctx)),
  onChange: signedInProcedure.input(noInput).subscription(({ ctx, signal }) => {
    const { parts, caller } = ctx
    if (!caller.connection) throw new Failure('METHOD_NOT_ALLOWED')
    return parts.roomLists.follow(caller.user.id, caller.connection, signal ?? new AbortController().signal)
  }),
  browse: signedInProcedure.input(inputs.browseInput).query(({ ctx, input }) => browseRooms(ctx, input)),
  create: signedInProcedure.input(inputs.createRoomInput).mutation(({ ctx, input }) => createRoom(ctx, input)),
  direct: signedInProcedure.input(inputs.directInput).mutation(({ ctx, input }) => openDirectRoom(ctx, input.usernames)),
  join: signedInProcedure.input(inputs.roomInput).mutation(({ ctx, input }) => acts.joinRoom(ctx, input.room)),
  leave: inRoom.mutation(({ ctx, input }) => acts.leaveRoom(ctx, input.room)),
  members: memberProcedure(inputs.membersInput).query(({ ctx, input }) => acts.listMembers(ctx, input)),
  setNotify: memberProcedure(inputs.notifyInput).mutation(({ ctx, input }) => setNotify(ctx, input)),

  // Whether the caller may do what follows is found out under the room's lock: see rooms/room-lock.
  update: signedInProcedure.input(inputs.updateRoomInput).mutation(({ ctx, input }) => acts.updateRoom(ctx, input)),
  archive: signedInProcedure.input(inputs.archiveRoomInput).mutation(({ ctx, input }) => acts.archiveRoom(ctx, input)),
  invite: signedInProcedure.input(inputs.memberInput).mutation(({ ctx, input }) => acts.invite(ctx, input)),
  remove: signedInProcedure.input(inputs.memberInput).mutation(({ ctx, input }) => acts.remove(ctx, input)),
  ban: signedInProcedure.input(inputs.banInput).mutation(({ ctx, input }) => acts.ban(ctx, input)),
  unban: signedInProcedure.input(inputs.memberInput).mutation(({ ctx, input }) => acts.unban(ctx, input)),
  bans: signedInProcedure.input(inputs.roomInput).query(({ ctx, input }) => acts.listBans(ctx, input.room)),
  mute: signedInProcedure.input(inputs.muteInput).mutation(({ ctx, input }) => acts.mute(ctx, input)),
  unmute: signedInProcedure.input(inputs.memberInput).mutation(({ ctx, input }) => acts.mute(ctx, { ...input, minutes: null })),
  setRole: signedInProcedure.input(inputs.setRoleInput).mutation(({ ctx, input }) => acts.setRole(ctx, input)),
  createInvite: signedInProcedure.input(inputs.createInviteInput).mutation(({ ctx, input }) => acts.createInvite(ctx, input)),
  invites: signedInProcedure.input(inputs.roomInput).query(({ ctx, input }) => acts.listInvites(ctx, input.room)),
  revokeInvite: signedInProcedure.input(inputs.revokeInviteInput).mutation(({ ctx, input }) => acts.revokeInvite(ctx, input)),
  showInvite: signedInProcedure.input(inputs.inviteTokenInput).query(({ ctx, input }) => acts.showInvite(ctx, input.token)),
  acceptInvite: signedInProcedure.input(inputs.inviteTokenInput).mutation(({ ctx, input }) => acts.acceptInvite(ctx, input.token)),
})
