import { z } from 'zod'
import { isEmoji, limits, maxInteger } from './rules'
import { type User, username } from './session'
import { key, roomId, text } from './text'

/** A message that somebody wrote is `text`; all others are lines about the room: what its `author` did, with its `detail`. */
export type MessageKind = 'text' | 'joined' | 'left' | 'added' | 'removed' | 'banned' | 'renamed' | 'topic' | 'archived' | 'restored'

/** What a line about the room says beside its kind. It is data, so that every client can word it in its own language. */
export interface LineDetail {
  /** Who was added, removed or banned; of `joined`, who invited them. Read with the line, so it is the name they have now. */
  user?: User
  /** The new name of the room. */
  name?: string
  /** The new topic, '' for none. */
  topic?: string
}

/**
 * One entry of a room. The same bytes go to every viewer: nothing in it depends on who reads. A change is the same
 * message again with a higher `version`: keep a map by `seq`, and let the newest version win.
 */
export interface Message {
  room: string
  /** 1, 2, 3 … per room without holes: the message's place, for ever. */
  seq: number
  /** The room's change counter at this message's latest change. */
  version: number
  kind: MessageKind
  /** Of a line about the room; null where there is nothing to add to its kind, and of `text`. */
  detail: LineDetail | null
  author: User
  /** The connection that sent it. */
  uid: string | null
  clientId: string | null
  /** '' in a line about the room, and once the message was removed. */
  text: string
  /** ISO 8601 in UTC, stamped once by the server. It orders nothing: `seq` does. */
  time: string
  /** What it answers, as that message is when this is read: '' once it was removed, and at most 200 characters of it. A change of that message gives this one no new version. */
  replyTo: { seq: number; author: User; text: string } | null
  replyCount: number
  /** Usernames; "@room" for everybody. */
  mentions: string[]
  attachments: { id: string; name: string; type: string; size: number; width?: number; height?: number; url: string }[]
  reactions: { emoji: string; usernames: string[]; count: number }[]
  editedAt: string | null
  deletedAt: string | null
  pinnedAt: string | null
}

export interface HistoryPage {
  /** Ascending by seq. */
  messages: Message[]
  hasBefore: boolean
  hasAfter: boolean
}

const seq = z.int().min(0).max(maxInteger)
const place = z.int().min(1).max(maxInteger)

export const sendInput = z.strictObject({
  room: roomId,
  text: text(1, limits.messageText),
  /** The same (author, room, clientId) is the same message, whenever it is sent again. */
  clientId: key(limits.clientId.min, limits.clientId.max).optional(),
  /** The seq of the message that this one answers. */
  replyTo: place.optional(),
})

export const followInput = z.strictObject({
  room: roomId,
  /** The id of the last event that was seen: everything after it comes first. Without it the stream starts now. */
  lastEventId: z
    .string()
    .refine((id) => /^\d{1,10}$/.test(id) && Number(id) <= maxInteger, 'must be the id of an event')
    .transform(Number)
    .nullish(),
})

export const historyInput = z
  .strictObject({
    room: roomId,
    before: seq.optional(),
    after: seq.optional(),
    around: seq.optional(),
    limit: z.int().min(1).max(limits.historyPage.max).default(limits.historyPage.usual),
  })
  .refine(
    ({ before, after, around }) => [before, after, around].filter((bound) => bound !== undefined).length <= 1,
    'only one of before, after and around',
  )

export const messageInput = z.strictObject({ room: roomId, seq: place })
export const editInput = z.strictObject({ room: roomId, seq: place, text: text(1, limits.messageText) })

const emoji = key(1, limits.emoji).refine(isEmoji, 'must be one emoji')
export const reactInput = z.strictObject({ room: roomId, seq: place, emoji })

export const markReadInput = z.strictObject({ room: roomId, seq })

export const searchInput = z.strictObject({
  query: text(1, limits.messageQuery),
  room: roomId.optional(),
  /** A username. */
  author: username.optional(),
  /** The cursor of an earlier answer. */
  before: key(1, limits.cursor).optional(),
  limit: z.int().min(1).max(limits.searchPage.max).default(limits.searchPage.usual),
})
