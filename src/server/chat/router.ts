import { Failure } from '../../contract/failures'
import { followInput, historyInput, sendInput } from '../../contract/message'
import { announceTyping } from '../presence/typing'
import { inRoom, memberProcedure, router, signedInProcedure } from '../trpc'
import { followRoom } from './follow-room'
import { sendMessage } from './send-message'

export const chatRouter = router({
  // Whether the caller is a member is found out by the statement that stores: it is as new as the room's lock, and costs nothing.
  send: signedInProcedure.input(sendInput).mutation(({ ctx, input }) => sendMessage(ctx, input)),

  onMessage: memberProcedure(followInput).subscription(async ({ ctx, input, signal, path }) => {
    const { caller, parts } = ctx
    const { connection } = caller
    if (!connection) throw new Failure('METHOD_NOT_ALLOWED')
    const ended = connection.openSubscription()
    const stopped = signal ?? new AbortController().signal
    stopped.addEventListener('abort', ended, { once: true })
    // It may have been stopped while its membership was looked up.
    if (stopped.aborted) ended()
    try {
      return await followRoom(parts, {
        room: input.room,
        userId: caller.user.id,
        after: input.lastEventId ?? null,
        signal: stopped,
        untilReadable: () => connection.untilReadable(),
        path,
        takeOver: parts.takeOver,
        ended,
      })
    } catch (error) {
      ended()
      throw error
    }
  }),

  history: memberProcedure(historyInput).query(({ ctx, input }) => {
    const { room, ...page } = input
    return ctx.parts.messages.history(room, page)
  }),

  typing: inRoom.mutation(({ ctx, input }) => announceTyping(ctx, input.room)),
})
