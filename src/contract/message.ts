import * as z from 'zod'
import { isUtcTime, limits, maxInteger } from './rules'
import { type User, username } from './session'
import { key, messageText, roomId, text } from './text'
import { qualifyEmoji } from './visible-text'

/** A message that somebody wrote is `text`; all others are lines about the room: what its `author` did, with its `detail`. */
export type MessageKind = 'text' | 'joined' | 'left' | 'added' | 'removed' | 'banned' | 'renamed' | 'topic' | 'archived' | 'restored'

/** What a line about the room needs beside its kind. A client makes a sentence of both, in its own language. */
export interface LineDetail {
  /** Who was added, removed or banned; of `joined`, who made the invitation. As they are when the line is read. */
  user?: User
  /** The new name of the room. */
  name?: string
  /** The new topic, '' for none. */
  topic?: string
}

/**
 * One entry of a room. It is the same for everybody in the room. When it changes, it comes again with the same `seq` and a
 * higher `version`: keep a map by `seq` in which the highest version wins.
 */
export interface Message {
  room: string
  /** Its position in the room: 1, 2, 3 … without holes. It never changes. */
  seq: number
  /** The room counts its changes; this is the number of this message's latest one. */
  version: number
  kind: MessageKind
  /** Null in a `text`, and in a line whose kind says everything. */
  detail: LineDetail | null
  author: User
  /** The connection that sent it; null when it was sent over plain HTTP. */
  uid: string | null
  /** Chosen by the client that sent it. */
  clientId: string | null
  /** '' in a line about the room and in a removed message. */
  text: string
  /** When the server stored it, ISO 8601 in UTC. Sort by `seq`, not by this. */
  time: string
  /**
   * The message that it answers, as it is when this is read: at most 200 characters of its text, and '' once it is removed.
   * When that message changes, this one does not get a new version: show the newer of what you hold.
   */
  replyTo: { seq: number; author: User; text: string } | null
  /** How many messages answer it. */
  replyCount: number
  /** The seq of the first message of the chain of answers that it belongs to; null when it answers nothing. */
  thread: number | null
  /** Usernames of members, and "@room" for everybody in the room. */
  mentions: string[]
  attachments: { id: string; name: string; type: string; size: number; width?: number; height?: number; url: string }[]
  /** At most 50 usernames for each emoji; `count` counts all. */
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

/** A page with which a client can start to follow the room. */
export interface FirstPage extends HistoryPage {
  /** The seq of the room's newest message. */
  lastSeq: number
  /** Every change up to this version is in the page, or of a message that is not in it. */
  version: number
}

export interface ThreadPage {
  /** The message that the thread began with. */
  root: Message
  /** Its answers and theirs, ascending by seq, without the root. */
  messages: Message[]
  hasBefore: boolean
}

const seq = z.int().min(0).max(maxInteger)
const position = z.int().min(1).max(maxInteger)

export const sendInput = z.strictObject({
  room: roomId,
  text: messageText,
  /** Sent again with the same clientId, by the same author to the same room, it is the same message. */
  clientId: key(limits.clientId.min, limits.clientId.max).optional(),
  /** The seq of the message that this one answers. */
  replyTo: position.optional(),
})

export const followInput = z.strictObject({
  room: roomId,
  /** The id of the last event received: the stream starts with everything after it. Without it, it starts with the next event. */
  lastEventId: z
    .string()
    .refine((id) => /^\d{1,10}$/.test(id) && Number(id) <= maxInteger, 'must be the id of an event')
    .meta({ pattern: '^\\d{1,10}$' })
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

export const messageInput = z.strictObject({ room: roomId, seq: position })
export const editInput = z.strictObject({ room: roomId, seq: position, text: messageText })

/** Stored in its qualified form, so that one emoji is one reaction however it was typed. */
const emoji = key(1, limits.emoji).transform((value, context) => {
  const qualified = qualifyEmoji(value)
  if (qualified === null) context.addIssue({ code: 'custom', message: 'must be one emoji' })
  return qualified ?? z.NEVER
})
export const reactInput = z.strictObject({ room: roomId, seq: position, emoji })

export const markReadInput = z.strictObject({ room: roomId, seq })

export const threadInput = z.strictObject({
  room: roomId,
  /** The seq of any message of the thread. */
  seq: position,
  /** Only messages below this seq: the page before one that is known. */
  before: position.optional(),
  limit: z.int().min(1).max(limits.historyPage.max).default(limits.historyPage.usual),
})

/** A point in time, ISO 8601, or a date, which is its first moment in UTC. */
const time = z
  .union([z.iso.datetime({ offset: true }).max(limits.time), z.iso.date()], 'must be a date, or a time in ISO 8601')
  .transform((value) => new Date(value).toISOString())
  .refine(isUtcTime, 'must be in the years 1000 to 2999')

export const atInput = z.strictObject({ room: roomId, time })

export const searchInput = z.strictObject({
  /** Words, "a phrase", -without. May be empty beside a filter. */
  query: text(0, limits.messageQuery).default(''),
  room: roomId.optional(),
  /** A username. */
  author: username.optional(),
  /** Only messages of this time and later. */
  after: time.optional(),
  /** Only messages before this time. */
  before: time.optional(),
  has: z.enum(['file', 'link', 'code']).optional(),
  /** The cursor of an earlier answer. */
  cursor: key(1, limits.cursor).optional(),
  limit: z.int().min(1).max(limits.searchPage.max).default(limits.searchPage.usual),
})

export type SearchInput = z.output<typeof searchInput>

/** A message that a search found. */
export interface SearchHit {
  message: Message
  /** The part of its text around what was found, with … where it was cut. */
  excerpt: string
  /** Start and end of what was found, as places in the excerpt, in UTF-16 units. */
  marks: [start: number, end: number][]
}

export interface SearchPage {
  /** The newest first. Fewer than the limit are not always all: only without a cursor nothing is left. */
  hits: SearchHit[]
  /** For the next page. Null when nothing is left. */
  cursor: string | null
}
