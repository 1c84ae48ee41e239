import type { LineDetail, Message, MessageKind } from '../../contract/message'
import { cutQuote, limits } from '../../contract/rules'
import type { User } from '../../contract/session'
import type { Querying } from '../platform/database'

export interface MessageRow {
  room_id: string
  seq: number
  version: number
  kind: MessageKind
  author_id: string
  username: string
  display_name: string
  avatar: string | null
  detail: LineDetail | null
  detail_user_id: string | null
  detail_username: string | null
  detail_display_name: string | null
  detail_avatar: string | null
  uid: string | null
  client_id: string | null
  text: string
  time: Date
  reply_to_seq: number | null
  reply_count: number
  thread: number | null
  reaction_count: number
  mentions: string[]
  edited_at: Date | null
  deleted_at: Date | null
  pinned_at: Date | null
}

/** The columns of a message `m`, its author `u` and the person `d` that a line about the room names. */
export const messageColumns = `m.room_id, m.seq, m.version, m.kind, m.author_id, u.username, u.display_name, u.avatar,
  m.detail, m.detail_user_id, d.username AS detail_username, d.display_name AS detail_display_name, d.avatar AS detail_avatar,
  m.uid, m.client_id, m.text, m.time, m.reply_to_seq, m.reply_count, m.thread, m.reaction_count, m.mentions,
  m.edited_at, m.deleted_at, m.pinned_at`
// LATERAL with LIMIT 1, here and below: looked up by key, whatever the planner expects of the number of messages.
export const joinPeople = `CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = m.author_id LIMIT 1) u
  LEFT JOIN LATERAL (SELECT * FROM users d WHERE d.id = m.detail_user_id LIMIT 1) d ON true`
/** The beginning of a statement for `readMessages`. */
export const selectMessages = `SELECT ${messageColumns} FROM messages m ${joinPeople}`

/** Runs a statement that selects `messageColumns`. @returns the messages as everybody sees them, in the order of the rows */
export async function readMessages(querying: Querying, sql: string, values: readonly unknown[]): Promise<Message[]> {
  const { rows } = await querying.query<MessageRow>(sql, [...values])
  return toMessages(querying, rows)
}

/** Messages of one room by their seqs, in no particular order. */
export const readMessagesAt = (querying: Querying, room: string, seqs: readonly number[]): Promise<Message[]> =>
  readMessages(
    querying,
    `SELECT ${messageColumns} FROM unnest($2::int[]) AS k(seq)
     CROSS JOIN LATERAL (SELECT * FROM messages m WHERE m.room_id = $1 AND m.seq = k.seq LIMIT 1) m ${joinPeople}`,
    [room, seqs],
  )

/** Messages of any rooms, in the order of their places. Those that were removed are left out. */
export const readMessagesOf = (querying: Querying, places: readonly { room: string; seq: number }[]): Promise<Message[]> =>
  readMessages(
    querying,
    `SELECT ${messageColumns} FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS p(room, seq, position)
     CROSS JOIN LATERAL (SELECT * FROM messages m WHERE m.room_id = p.room AND m.seq = p.seq LIMIT 1) m ${joinPeople}
     WHERE m.deleted_at IS NULL ORDER BY p.position`,
    [places.map(({ room }) => room), places.map(({ seq }) => seq)],
  )

/** Adds what other tables hold about each message: its reactions and what it quotes. Most messages have neither. */
export async function toMessages(querying: Querying, rows: readonly MessageRow[]): Promise<Message[]> {
  const reactions = await readReactions(
    querying,
    rows.filter(({ reaction_count }) => reaction_count > 0),
  )
  const quotes = await readQuotes(
    querying,
    rows.filter(({ reply_to_seq }) => reply_to_seq !== null),
  )
  return rows.map((row) => ({
    room: row.room_id,
    seq: row.seq,
    version: row.version,
    kind: row.kind,
    detail: detailOf(row),
    author: { id: row.author_id, username: row.username, displayName: row.display_name, avatar: row.avatar },
    uid: row.uid,
    clientId: row.client_id,
    text: row.text,
    time: row.time.toISOString(),
    replyTo: (row.reply_to_seq !== null && quotes.get(keyOf(row.room_id, row.reply_to_seq))) || null,
    replyCount: row.reply_count,
    thread: row.thread,
    mentions: row.mentions,
    attachments: [],
    reactions: (row.reaction_count > 0 && reactions.get(keyOf(row.room_id, row.seq))) || [],
    editedAt: row.edited_at?.toISOString() ?? null,
    deletedAt: row.deleted_at?.toISOString() ?? null,
    pinnedAt: row.pinned_at?.toISOString() ?? null,
  }))
}

const keyOf = (room: string, seq: number) => `${room} ${seq}`

function detailOf(row: MessageRow): LineDetail | null {
  const { detail_user_id: id, detail_username: username, detail_display_name: displayName } = row
  if (id === null || username === null || displayName === null) return row.detail
  return { user: { id, username, displayName, avatar: row.detail_avatar }, ...row.detail }
}

/** By the room and seq of the message. */
async function readReactions(querying: Querying, rows: readonly MessageRow[]): Promise<Map<string, Message['reactions']>> {
  const reactions = new Map<string, Message['reactions']>()
  if (rows.length === 0) return reactions
  const found = await querying.query<{ room_id: string; seq: number; emoji: string; usernames: string[]; count: number }>(
    `SELECT m.room_id, m.seq, r.emoji, r.count, r.usernames
     FROM unnest($1::text[], $2::int[]) AS m(room_id, seq)
     CROSS JOIN LATERAL (
       SELECT r.emoji, count(*)::int AS count, (array_agg(u.username ORDER BY r.at, u.username))[1:${limits.reactorsNamed}] AS usernames,
         min(r.at) AS since
       FROM reactions r CROSS JOIN LATERAL (SELECT username FROM users u WHERE u.id = r.user_id LIMIT 1) u
       WHERE r.room_id = m.room_id AND r.seq = m.seq GROUP BY r.emoji
     ) r
     ORDER BY r.since, r.emoji`,
    [rows.map(({ room_id }) => room_id), rows.map(({ seq }) => seq)],
  )
  for (const { room_id, seq, emoji, usernames, count } of found.rows) {
    const key = keyOf(room_id, seq)
    reactions.set(key, [...(reactions.get(key) ?? []), { emoji, usernames, count }])
  }
  return reactions
}

/** By the room and seq of the message that is quoted. */
async function readQuotes(querying: Querying, answers: readonly MessageRow[]): Promise<Map<string, NonNullable<Message['replyTo']>>> {
  if (answers.length === 0) return new Map()
  const found = await querying.query<{ room_id: string; seq: number; text: string; author: User }>(
    `SELECT m.room_id, m.seq, p.text, show_user(u) AS author
     FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::int[])) AS m(room_id, seq)
     CROSS JOIN LATERAL (
       SELECT left(p.text, ${limits.quote + 1}) AS text, p.author_id FROM messages p WHERE p.room_id = m.room_id AND p.seq = m.seq LIMIT 1
     ) p
     JOIN users u ON u.id = p.author_id`,
    [answers.map(({ room_id }) => room_id), answers.map(({ reply_to_seq }) => reply_to_seq)],
  )
  return new Map(found.rows.map(({ room_id, seq, text, author }) => [keyOf(room_id, seq), { seq, author, text: cutQuote(text) }]))
}
