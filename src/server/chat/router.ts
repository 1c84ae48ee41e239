import {
  atInput,
  editInput,
  followInput,
  historyInput,
  markReadInput,
  messageInput,
  reactInput,
  searchInput,
  sendInput,
  threadInput,
} from '../../contract/message'
import { announceTyping } from '../presence/typing'
import { searchMessages } from '../search/search-messages'
import { inRoom, memberProcedure, router, signedInProcedure } from '../trpc'
import { editMessage } from './edit-message'
import { subscribeToRoom } from './follow-room'
import { findSeqAt, readHistory } from './history'
import { listPins, pinMessage, unpinMessage } from './pins'
import { react, unreact } from './reactions'
import { markRead, markUnread } from './read-marks'
import { listReaders } from './readers'
import { removeMessage } from './remove-message'
import { sendMessage } from './send-message'
import { readThread } from './threads'

export const chatRouter = router({
  // The statement that stores the message checks the membership, under the room's lock and without a query of its own.
  send: signedInProcedure.input(sendInput).mutation(({ ctx, input }) => sendMessage(ctx, input)),

  onMessage: memberProcedure(followInput).subscription(({ ctx, input, signal, path }) => subscribeToRoom(ctx, input, { signal, path })),

  history: memberProcedure(historyInput).query(({ ctx, input }) => readHistory(ctx, input)),
  thread: memberProcedure(threadInput).query(({ ctx, input }) => readThread(ctx, input)),
  at: memberProcedure(atInput).query(({ ctx, input }) => findSeqAt(ctx, input)),
  pins: inRoom.query(({ ctx, input }) => listPins(ctx, input.room)),
  readers: inRoom.query(({ ctx, input }) => listReaders(ctx, input.room)),

  search: signedInProcedure.input(searchInput).query(({ ctx, input }) => searchMessages(ctx, input)),

  // These check the caller's right under the room's lock: see rooms/room-lock.
  edit: signedInProcedure.input(editInput).mutation(({ ctx, input }) => editMessage(ctx, input)),
  remove: signedInProcedure.input(messageInput).mutation(({ ctx, input }) => removeMessage(ctx, input)),
  react: signedInProcedure.input(reactInput).mutation(({ ctx, input }) => react(ctx, input)),
  unreact: signedInProcedure.input(reactInput).mutation(({ ctx, input }) => unreact(ctx, input)),
  pin: signedInProcedure.input(messageInput).mutation(({ ctx, input }) => pinMessage(ctx, input)),
  unpin: signedInProcedure.input(messageInput).mutation(({ ctx, input }) => unpinMessage(ctx, input)),

  markRead: memberProcedure(markReadInput).mutation(({ ctx, input }) => markRead(ctx, input)),
  markUnread: memberProcedure(messageInput).mutation(({ ctx, input }) => markUnread(ctx, input)),

  typing: inRoom.mutation(({ ctx, input }) => (ctx.membership.isMuted ? input : announceTyping(ctx, input.room))),
})
