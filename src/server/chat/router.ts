import { Failure } from '../../contract/failures'
import {
  editInput,
  followInput,
  historyInput,
  markReadInput,
  messageInput,
  reactInput,
  searchInput,
  sendInput,
} from '../../contract/message'
import { announceTyping } from '../presence/typing'
import { inRoom, memberProcedure, router, signedInProcedure } from '../trpc'
import { editMessage } from './edit-message'
import { followRoom } from './follow-room'
import { readHistory } from './history'
import { react, unreact } from './reactions'
import { markRead, markUnread } from './read-marks'
import { removeMessage } from './remove-message'
import { searchMessages } from './search'
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
        deliverDirectly: parts.deliverDirectly,
        ended,
      })
    } catch (error) {
      ended()
      throw error
    }
  }),

  history: memberProcedure(historyInput).query(({ ctx, input }) => readHistory(ctx, input)),

  search: signedInProcedure.input(searchInput).query(({ ctx, input }) => searchMessages(ctx, input)),

  // Whether the caller may do what follows is found out under the room's lock: see rooms/room-lock.
  edit: signedInProcedure.input(editInput).mutation(({ ctx, input }) => editMessage(ctx, input)),
  remove: signedInProcedure.input(messageInput).mutation(({ ctx, input }) => removeMessage(ctx, input)),
  react: signedInProcedure.input(reactInput).mutation(({ ctx, input }) => react(ctx, input)),
  unreact: signedInProcedure.input(reactInput).mutation(({ ctx, input }) => unreact(ctx, input)),

  markRead: memberProcedure(markReadInput).mutation(({ ctx, input }) => markRead(ctx, input)),
  markUnread: memberProcedure(messageInput).mutation(({ ctx, input }) => markUnread(ctx, input)),

  typing: inRoom.mutation(({ ctx, input }) => (ctx.membership.isMuted ? input : announceTyping(ctx, input.room))),
})
