import { Failure } from '../../../contract/failures'
import { findMentions } from '../../../contract/markdown/mentions'
import { roomMention } from '../../../contract/markdown/names'
import {
  atInput,
  editInput,
  followInput,
  type HistoryPage,
  historyInput,
  type Message,
  markReadInput,
  messageInput,
  reactInput,
  searchInput,
  sendInput,
  type ThreadPage,
  threadInput,
} from '../../../contract/message'
import { roomInput } from '../../../contract/room'
import { isModerator, limits, maxInteger } from '../../../contract/rules'
import { mutation, query, stream, type TestCall, type TestProcedures } from '../procedure'
import { searchStored } from '../search'
import {
  type ActedRoom,
  addMessage,
  announceChange,
  requireCanPost,
  requireCanWrite,
  requireUnarchived,
  requireWritten,
} from '../stored-room'
import { setTyping, stopTyping } from '../typing'
import { showMessage, showRoom, showsReadMarks } from '../views'
import { compareText, lastSeqOf, type StoredMessage, type StoredRoom, type World } from '../world'
import { actOn } from './acted'

export const chatProcedures = {
  send: mutation(sendInput, (call, input) => sendMessage(call, input)),

  edit: mutation(editInput, (call, { room, seq, text }) => {
    const acted = actOn(call, room)
    requireCanWrite(acted)
    const message = requireWritten(acted.room, seq)
    if (message.authorId !== call.account.id) throw new Failure('NOT_ALLOWED')
    requireCanPost(acted)
    if (message.text !== text) {
      Object.assign(message, { text, mentions: mentionsIn(call.world, acted.room, text), editedAt: call.world.clock.now() })
      announceChange(call.world, acted.room, message)
    }
    return showMessage(call.world, acted.room, message)
  }),

  remove: mutation(messageInput, (call, { room, seq }) => {
    const acted = actOn(call, room)
    requireUnarchived(acted)
    const message = requireWritten(acted.room, seq)
    const isAuthor = message.authorId === call.account.id
    // Direct rooms have no moderation.
    if (!isAuthor && (acted.room.kind === 'direct' || !isModerator(acted.standing))) throw new Failure('NOT_ALLOWED')
    Object.assign(message, { text: '', mentions: [], reactions: [], deletedAt: call.world.clock.now(), pinnedAt: null })
    announceChange(call.world, acted.room, message)
    return showMessage(call.world, acted.room, message)
  }),

  react: mutation(reactInput, (call, { room, seq, emoji }) =>
    changeMessage(call, room, seq, requireCanWrite, (message) => {
      const own = { emoji, userId: call.account.id }
      const others = new Set(message.reactions.map((reaction) => reaction.emoji))
      others.delete(emoji)
      if (others.size >= limits.emojiPerMessage) throw new Failure('TOO_MANY_REACTIONS')
      if (message.reactions.some((reaction) => reaction.emoji === emoji && reaction.userId === own.userId)) return false
      message.reactions.push(own)
      return true
    }),
  ),

  unreact: mutation(reactInput, (call, { room, seq, emoji }) =>
    changeMessage(call, room, seq, requireCanWrite, (message) => {
      const left = message.reactions.filter((reaction) => reaction.emoji !== emoji || reaction.userId !== call.account.id)
      const hasChanged = left.length < message.reactions.length
      message.reactions = left
      return hasChanged
    }),
  ),

  pin: mutation(messageInput, (call, { room, seq }) =>
    changeMessage(call, room, seq, requireCanPost, (message, { messages }) => {
      if (message.pinnedAt !== null) return false
      if (messages.filter(({ pinnedAt }) => pinnedAt !== null).length >= limits.pinsPerRoom) throw new Failure('TOO_MANY_PINS')
      message.pinnedAt = call.world.clock.now()
      return true
    }),
  ),

  unpin: mutation(messageInput, (call, { room, seq }) =>
    changeMessage(call, room, seq, requireCanPost, (message) => {
      const wasPinned = message.pinnedAt !== null
      message.pinnedAt = null
      return wasPinned
    }),
  ),

  history: query(historyInput, (call, { room: id, ...place }) => {
    const { room } = actOn(call, id)
    return readPage(call.world, room, place)
  }),

  thread: query(threadInput, (call, { room: id, seq, before = maxInteger, limit }): ThreadPage => {
    const { room } = actOn(call, id)
    const message = room.messages[seq - 1]
    if (!message) throw new Failure('MESSAGE_NOT_FOUND')
    const root = (message.thread === null ? null : room.messages[message.thread - 1]) ?? message
    const found = room.messages.filter((answer) => answer.thread === root.seq && answer.seq < before)
    const messages = found.slice(-limit).map((answer) => showMessage(call.world, room, answer))
    return { root: showMessage(call.world, room, root), messages, hasBefore: found.length > limit }
  }),

  at: query(atInput, (call, { room: id, time }) => {
    const { room } = actOn(call, id)
    return { seq: room.messages.find((message) => message.time >= Date.parse(time))?.seq ?? null }
  }),

  pins: query(roomInput, (call, { room: id }) => {
    const { room } = actOn(call, id)
    const pinned = room.messages.filter(({ pinnedAt }) => pinnedAt !== null)
    // Of those of one moment, the one that was pinned last has the higher version.
    const messages = pinned.sort((a, b) => Number(b.pinnedAt) - Number(a.pinnedAt) || b.version - a.version)
    return { messages: messages.map((message) => showMessage(call.world, room, message)) }
  }),

  readers: query(roomInput, (call, { room: id }) => {
    const { room } = actOn(call, id)
    if (!showsReadMarks(room) || call.account.hideReads) return { readers: [] }
    const readers = [...room.members]
      .filter(([userId]) => !call.world.person(userId).hideReads)
      .map(([userId, { readSeq }]) => ({ user: call.world.user(userId), readSeq: Math.min(readSeq, lastSeqOf(room)) }))
    return { readers: readers.sort((a, b) => compareText(a.user.username, b.user.username)) }
  }),

  search: query(searchInput, (call, input) => searchStored(call, input)),

  markRead: mutation(markReadInput, (call, { room, seq }) =>
    moveReadMark(call, room, (before, last) => Math.max(before, Math.min(seq, last))),
  ),

  markUnread: mutation(messageInput, (call, { room, seq }) => moveReadMark(call, room, (_, last) => Math.min(seq - 1, last))),

  typing: mutation(roomInput, (call, input) => {
    const { room, standing } = actOn(call, input.room)
    if (!standing.isMuted) setTyping(call.world, room, call.account.id)
    return { room: input.room }
  }),

  onMessage: stream(followInput, {
    check: (call, { room: id, lastEventId }) => {
      const { room } = actOn(call, id)
      if ((lastEventId ?? 0) > room.lastVersion) throw new Failure('CURSOR_AHEAD')
    },
    open: (call, { room: id, lastEventId }, sink: { send(message: Message, id: string): void; fail(error: unknown): void }) => {
      const { room } = actOn(call, id)
      const after = lastEventId ?? room.lastVersion
      const send = (message: StoredMessage) => sink.send(showMessage(call.world, room, message), String(message.version))
      for (const message of room.messages.filter(({ version }) => version > after).sort((a, b) => a.version - b.version)) send(message)
      return call.world.onNews((news) => {
        if (!('room' in news) || news.room !== room) return
        if (news.type === 'message') send(news.message)
        else if (news.type === 'membership' && news.userId === call.account.id && !room.members.has(news.userId))
          sink.fail(new Failure('MEMBERSHIP_ENDED'))
      })
    },
  }),
} satisfies TestProcedures<'chat'>

function sendMessage(
  call: TestCall,
  { room: id, text, ...optional }: { room: string; text: string; clientId?: string | undefined; replyTo?: number | undefined },
): Message {
  const { clientId = null, replyTo = null } = optional
  const { world, account } = call
  const acted = actOn(call, id)
  const { room } = acted
  const key = clientId === null ? null : `${account.id} ${clientId}`
  const known = key === null ? undefined : room.sent.get(key)
  if (known) {
    if (known.text !== text || known.replyTo !== replyTo) throw new Failure('CLIENT_ID_REUSED')
    return showMessage(world, room, known.message)
  }
  requireCanPost(acted)
  const parent = replyTo === null ? null : requireWritten(room, replyTo)
  waitForSlowMode(call, acted)
  const message = addMessage(world, room, {
    ...{ kind: 'text', authorId: account.id, uid: call.uid, clientId, text, replyTo },
    thread: parent && (parent.thread ?? parent.seq),
    mentions: mentionsIn(world, room, text),
  })
  if (key !== null) room.sent.set(key, { message, text, replyTo })
  const membership = room.members.get(account.id)
  if (membership) Object.assign(membership, { readSeq: message.seq, lastSentAt: world.clock.now() })
  const sent = showMessage(world, room, message)
  stopTyping(world, room, account.id)
  world.publish({ type: 'message', room, message })
  if (parent) {
    parent.replyCount++
    announceChange(world, room, parent)
  }
  return sent
}

/** @throws {Failure} SLOW_MODE */
function waitForSlowMode({ world, account }: TestCall, { room, standing }: ActedRoom): void {
  const lastSentAt = room.members.get(account.id)?.lastSentAt ?? null
  if (room.slowModeSeconds === 0 || lastSentAt === null || isModerator(standing)) return
  const retryAfterMs = lastSentAt + room.slowModeSeconds * 1_000 - world.clock.now()
  if (retryAfterMs > 0) throw new Failure('SLOW_MODE', { retryAfterMs })
}

/** The members whom a text mentions, and "@room": of what each mention may mean, the first that is one of them. */
function mentionsIn(world: World, { members }: StoredRoom, text: string): string[] {
  const isMember = (name: string) => members.has(world.findPerson(name)?.id ?? '')
  const meant = findMentions(text).flatMap((names) => names.split(' ').find((name) => name === roomMention || isMember(name)) ?? [])
  return [...new Set(meant)].sort((a, b) => Number(a === roomMention) - Number(b === roomMention) || compareText(a, b))
}

/** @param change returns whether it has changed the message */
function changeMessage(
  call: TestCall,
  roomId: string,
  seq: number,
  requireAllowed: (acted: ActedRoom) => void,
  change: (message: StoredMessage, room: StoredRoom) => boolean,
): Message {
  const acted = actOn(call, roomId)
  requireAllowed(acted)
  const message = requireWritten(acted.room, seq)
  if (change(message, acted.room)) announceChange(call.world, acted.room, message)
  return showMessage(call.world, acted.room, message)
}

function moveReadMark(call: TestCall, roomId: string, move: (before: number, lastSeq: number) => number) {
  const { room } = actOn(call, roomId)
  const { world, account } = call
  const membership = room.members.get(account.id)
  if (!membership) throw new Failure('NOT_A_MEMBER')
  const before = membership.readSeq
  membership.readSeq = move(before, lastSeqOf(room))
  if (membership.readSeq !== before) world.publish({ type: 'read', room, userId: account.id })
  return showRoom(world, room, account.id)
}

interface PagePlace {
  before?: number | undefined
  after?: number | undefined
  around?: number | undefined
  limit: number
}

function readPage(world: World, room: StoredRoom, { before, after, around, limit }: PagePlace): HistoryPage {
  const all = room.messages
  const below = (seq: number, count: number) => all.slice(0, Math.max(0, seq - 1)).slice(-count || all.length)
  const page =
    after !== undefined
      ? all.slice(after, after + limit)
      : around !== undefined
        ? pageAround(all, around, limit)
        : below(before ?? maxInteger, limit)
  const [first] = page
  const last = page.at(-1)
  return {
    messages: page.map((message) => showMessage(world, room, message)),
    hasBefore: first ? first.seq > 1 : after !== undefined && all.length > 0,
    hasAfter: last ? last.seq < all.length : after === undefined && all.length > 0,
  }
}

function pageAround(all: readonly StoredMessage[], seq: number, limit: number): StoredMessage[] {
  const at = Math.max(0, Math.min(seq - 1, all.length))
  const start = Math.max(0, Math.min(at - Math.floor(limit / 2), all.length - limit))
  return all.slice(start, start + limit)
}
