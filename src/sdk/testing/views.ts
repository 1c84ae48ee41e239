import { isMentioned } from '../../contract/markdown/names'
import type { LineDetail, Message } from '../../contract/message'
import type { Member, Room } from '../../contract/room'
import { cutQuote, limits } from '../../contract/rules'
import {
  compareText,
  lastSeqOf,
  type StoredMembership,
  type StoredMessage,
  type StoredRoom,
  toTime,
  toTimeOrNull,
  type World,
} from './world'

/** A message as everybody sees it now. */
export function showMessage(world: World, room: StoredRoom, message: StoredMessage): Message {
  const { seq, version, kind, uid, clientId, text, replyCount, thread, mentions } = message
  return {
    room: room.id,
    seq,
    version,
    kind,
    detail: showDetail(world, message),
    author: world.user(message.authorId),
    uid,
    clientId,
    text,
    time: toTime(message.time),
    replyTo: showQuote(world, room, message),
    replyCount,
    thread,
    mentions: [...mentions],
    attachments: [],
    reactions: showReactions(world, message),
    editedAt: toTimeOrNull(message.editedAt),
    deletedAt: toTimeOrNull(message.deletedAt),
    pinnedAt: toTimeOrNull(message.pinnedAt),
  }
}

function showDetail(world: World, { detail }: StoredMessage): LineDetail | null {
  if (!detail) return null
  const { userId, ...rest } = detail
  return userId === undefined ? rest : { user: world.user(userId), ...rest }
}

function showQuote(world: World, room: StoredRoom, { replyTo }: StoredMessage): Message['replyTo'] {
  const quoted = replyTo === null ? undefined : room.messages[replyTo - 1]
  return quoted ? { seq: quoted.seq, author: world.user(quoted.authorId), text: cutQuote(quoted.text) } : null
}

function showReactions(world: World, { reactions }: StoredMessage): Message['reactions'] {
  const byEmoji = new Map<string, string[]>()
  for (const { emoji, userId } of reactions) byEmoji.set(emoji, [...(byEmoji.get(emoji) ?? []), world.person(userId).username])
  return [...byEmoji].map(([emoji, usernames]) => ({
    emoji,
    usernames: usernames.slice(0, limits.reactorsNamed),
    count: usernames.length,
  }))
}

/** A room as the list of this member shows it. */
export function showRoom(world: World, room: StoredRoom, userId: string): Room {
  const membership = room.members.get(userId)
  if (!membership) throw new Error(`${userId} is not in the room ${room.id}`)
  const { id, kind, topic, postingPolicy, slowModeSeconds } = room
  const lastSeq = lastSeqOf(room)
  const readSeq = Math.min(membership.readSeq, lastSeq)
  return {
    ...{ id, kind, topic, postingPolicy, slowModeSeconds, lastSeq, readSeq, unread: lastSeq - readSeq },
    ...namesOf(world, room, userId),
    archivedAt: toTimeOrNull(room.archivedAt),
    lastMessage: showLastMessage(world, room),
    role: membership.role,
    mentions: countMentions(world, room, userId, membership),
    notify: membership.notify,
    favorite: membership.favorite,
    mutedUntil: mutedUntilOf(world, membership),
  }
}

function namesOf(world: World, room: StoredRoom, userId: string): Pick<Room, 'name' | 'people'> {
  if (room.kind !== 'direct') return { name: room.name, people: [] }
  const people = [...room.members.keys()]
    .filter((id) => id !== userId)
    .map((id) => world.user(id))
    .sort((a, b) => compareText(a.username, b.username))
  return { name: people.map(({ displayName }) => displayName).join(', ') || 'Notes to yourself', people }
}

function showLastMessage(world: World, room: StoredRoom): Room['lastMessage'] {
  const last = room.messages.at(-1)
  if (!last) return null
  const { seq, version, kind, detail, author, text, time, editedAt, deletedAt } = showMessage(world, room, last)
  return { seq, version, kind, detail, author, text: cutQuote(text), time, editedAt, deletedAt }
}

function countMentions(world: World, { messages }: StoredRoom, userId: string, { notify, readSeq }: StoredMembership): number {
  if (notify === 'nothing') return 0
  const { username } = world.person(userId)
  return messages.slice(readSeq).filter(({ authorId, mentions }) => authorId !== userId && isMentioned(username, mentions)).length
}

export function showMember(world: World, room: StoredRoom, userId: string): Member {
  const membership = room.members.get(userId)
  if (!membership) throw new Error(`${userId} is not in the room ${room.id}`)
  return {
    user: world.user(userId),
    role: membership.role,
    status: world.person(userId).status,
    joinedAt: toTime(membership.joinedAt),
    mutedUntil: mutedUntilOf(world, membership),
  }
}

/** Null for a mute that is over. */
const mutedUntilOf = (world: World, { mutedUntil }: StoredMembership) =>
  mutedUntil !== null && mutedUntil > world.clock.now() ? toTime(mutedUntil) : null

/** Whether the members of a room may see how far each of them has read. */
export const showsReadMarks = ({ kind, members }: StoredRoom): boolean => kind === 'direct' || members.size <= limits.readersShown
