import { botInput, createBotInput, createHookInput, createOutgoingHookInput, listBotsInput, removeHookInput } from '../../contract/bots'
import { roomInput } from '../../contract/room'
import { router, signedInProcedure } from '../trpc'
import { createHook, listHooks, removeHook } from './hooks'
import { createOutgoingHook } from './outgoing-hooks'
import { createOwnBot, listBots, removeBot, rotateBot } from './own-bots'

export const botsRouter = router({
  create: signedInProcedure.input(createBotInput).mutation(({ ctx, input }) => createOwnBot(ctx, input)),
  list: signedInProcedure.input(listBotsInput).query(({ ctx, input }) => listBots(ctx, input?.cursor)),
  rotate: signedInProcedure.input(botInput).mutation(({ ctx, input }) => rotateBot(ctx, input.username)),
  remove: signedInProcedure.input(botInput).mutation(({ ctx, input }) => removeBot(ctx, input.username)),
})

export const hooksRouter = router({
  create: signedInProcedure.input(createHookInput).mutation(({ ctx, input }) => createHook(ctx, input)),
  createOutgoing: signedInProcedure.input(createOutgoingHookInput).mutation(({ ctx, input }) => createOutgoingHook(ctx, input)),
  list: signedInProcedure.input(roomInput).query(({ ctx, input }) => listHooks(ctx, input.room)),
  remove: signedInProcedure.input(removeHookInput).mutation(({ ctx, input }) => removeHook(ctx, input)),
})
