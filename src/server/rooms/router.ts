import { browseInput, createRoomInput, roomInput } from '../../contract/room'
import { inRoom, noInput, router, signedInProcedure } from '../trpc'
import { browseRooms, createRoom, joinRoom, leaveRoom, listRooms } from './rooms'

export const roomsRouter = router({
  list: signedInProcedure.input(noInput).query(({ ctx }) => listRooms(ctx)),
  browse: signedInProcedure.input(browseInput).query(({ ctx, input }) => browseRooms(ctx, input)),
  create: signedInProcedure.input(createRoomInput).mutation(({ ctx, input }) => createRoom(ctx, input)),
  join: signedInProcedure.input(roomInput).mutation(({ ctx, input }) => joinRoom(ctx, input.room)),
  leave: inRoom.mutation(({ ctx, input }) => leaveRoom(ctx, input.room)),
})
