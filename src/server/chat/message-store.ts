import type { Pool } from 'pg'
import { Failure, type FailureName } from '../../contract/failures'
import type { HistoryPage, LineDetail, Message, MessageKind } from '../../contract/message'
import { cutQuote, limits } from '../../contract/rules'
import { isUnavailable, type Querying, retried } from '../platform/database'
import { createSendQueue, type Send } from './send-queue'

interface MessageRow {
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
  reaction_count: number
  mentions: string[]
  edited_at: Date | null
  deleted_at: Date | null
  pinned_at: Date | null
  /** How many rows a page found before it was cut by its bytes. */
  found?: string
}

/** A page of changes has so many messages at most, and about so many bytes of text: a slow reader holds one in memory. */
const pageSize = 500
const pageBytes = 256 * 1024

const columns = `m.room_id, m.seq, m.version, m.kind, m.author_id, u.username, u.display_name, u.avatar, m.detail, m.detail_user_id,
  d.username AS detail_username, d.display_name AS detail_display_name, d.avatar AS detail_avatar, m.uid, m.client_id, m.text, m.time, m.reply_to_seq, m.reply_count, m.reaction_count, m.mentions, m.edited_at, m.deleted_at, m.pinned_at`
const people = 'JOIN users u ON u.id = m.author_id LEFT JOIN users d ON d.id = m.detail_user_id'
const messages = `SELECT ${columns} FROM messages m ${people}`
const ofPlace = `${messages} WHERE m.room_id = $1 AND m.seq = $2`

/** One statement for all that are stored together: see prisma/migrations, store_sends. */
export const storeStatement = 'SELECT * FROM store_sends($1, $2)'

/** What became of a send. Everything from `seq` on is null unless it says so. */
interface StoreRow {
  outcome: keyof typeof refusals | 'stored' | 'known'
  /** Of `stored` and `known`. */
  seq: number | null
  /** These are of `stored`. */
  version: number | null
  time: Date | null
  username: string
  display_name: string
  avatar: string | null
  mentions: string[] | null
  reply_to: Message['replyTo']
  /** What the message that it answers has become by it; null when another answer stored with it tells. */
  parent_version: number | null
  /** Of `too_soon`. */
  wait_ms: number | null
}

const refusals = {
  signed_out: 'UNAUTHORIZED',
  reused: 'CLIENT_ID_REUSED',
  not_a_member: 'NOT_A_MEMBER',
  archived: 'ROOM_ARCHIVED',
  no_room: 'ROOM_NOT_FOUND',
  muted: 'MUTED',
  restricted: 'POSTING_RESTRICTED',
  no_parent: 'MESSAGE_NOT_FOUND',
  too_soon: 'SLOW_MODE',
} as const satisfies Record<string, FailureName>

/** The first parameter of the statement. */
export function toGiven(sends: readonly Send[]): string {
  return JSON.stringify(
    sends.map(({ room, authorId, uid, clientId, text, replyTo, mentions }, place) => ({
      ...{ place, room, author: authorId, uid, client_id: clientId, text },
      ...(replyTo && { reply_to: replyTo }),
      ...(mentions && mentions.length > 0 && { mentions }),
    })),
  )
}

/**
 * Where messages are kept, and put in order.
 * @param lookUps for what may take long: it has few connections, and they are no others'
 */
export function createMessageStore(pool: Pool, lookUps: Pool = pool) {
  const query = async (sql: string, values: unknown[]): Promise<Found[]> =>
    withParts(pool, (await pool.query<MessageRow>(sql, values)).rows)

  const queue = createSendQueue<StoreRow>(
    (sends, { mayWait }) =>
      retried(async () => {
        const { rows } = await pool.query<StoreRow | { outcome: 'busy' }>(storeStatement, [toGiven(sends), mayWait])
        return rows.map((row) => (row.outcome === 'busy' ? 'busy' : row))
      }),
    isUnavailable,
  )

  return {
    /**
     * Stores the message once and gives it its place, if its author is a member of the room. Sent again under the same
     * clientId, it is the one stored before.
     * @returns with the version that the message that it answers has by it; null when another answer tells
     * @throws {Failure} UNAUTHORIZED, CLIENT_ID_REUSED for another text, MESSAGE_NOT_FOUND for what it answers, MUTED, POSTING_RESTRICTED,
     * SLOW_MODE, ROOM_ARCHIVED, NOT_A_MEMBER, ROOM_NOT_FOUND, UNAVAILABLE
     */
    store: async (send: Send): Promise<{ message: Message; isNew: boolean; parentVersion: number | null }> => {
      const row = await queue.put(send)
      if (row.outcome === 'stored') return { message: toNewMessage(send, row), isNew: true, parentVersion: row.parent_version }
      if (row.outcome === 'known') {
        const [known] = await query(ofPlace, [send.room, row.seq])
        if (!known) throw new Failure('UNAVAILABLE')
        return { message: toMessage(known), isNew: false, parentVersion: null }
      }
      throw new Failure(refusals[row.outcome], row.wait_ms === null ? {} : { retryAfterMs: row.wait_ms })
    },

    /**
     * The next changes of a room after a version, in their order, as many as fit a page; a message changed twice comes
     * once, as it is now.
     */
    changesAfter: async (room: string, version: number): Promise<{ messages: Message[]; isLast: boolean }> => {
      const rows = await query(
        `WITH m AS (
           SELECT *, sum(octet_length(text)) OVER (ORDER BY version) - octet_length(text) AS bytes_before, count(*) OVER () AS found
           FROM (SELECT * FROM messages WHERE room_id = $1 AND version > $2 ORDER BY version LIMIT $3) page
         )
         SELECT ${columns}, m.found FROM m ${people} WHERE m.bytes_before < $4 ORDER BY m.version`,
        [room, version, pageSize, pageBytes],
      )
      const found = Number(rows[0]?.found ?? 0)
      return { messages: rows.map(toMessage), isLast: found < pageSize && rows.length === found }
    },

    /** The newest version of each of these rooms. */
    lastVersions: async (rooms: string[]): Promise<Map<string, number>> => {
      const { rows } = await pool.query<{ id: string; last_version: number }>('SELECT id, last_version FROM rooms WHERE id = ANY($1)', [
        rooms,
      ])
      return new Map(rows.map((row) => [row.id, row.last_version]))
    },

    /** A page of the room's messages by place: the newest, or those before, after or around a seq. Ascending. */
    history: async (
      room: string,
      { before, after, around, limit }: { before?: number; after?: number; around?: number; limit: number },
    ): Promise<HistoryPage> => {
      const upwards = (from: number, count: number) =>
        query(`${messages} WHERE m.room_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3`, [room, from, count])
      const downwards = async (from: number, count: number) =>
        (await query(`${messages} WHERE m.room_id = $1 AND m.seq < $2 ORDER BY m.seq DESC LIMIT $3`, [room, from, count])).reverse()

      const end = 2_147_483_647
      let rows: Found[]
      if (after !== undefined) rows = await upwards(after, limit)
      else if (around !== undefined) {
        const half = Math.floor(limit / 2)
        const older = await downwards(around, half)
        const newer = await upwards(around - 1, limit - older.length)
        rows = [...older, ...newer]
        // Near the newest there are fewer above: fill up from below.
        if (rows.length < limit && older.length === half) rows = [...(await downwards(around, limit - newer.length)), ...newer]
      } else rows = await downwards(before ?? end, limit)

      const found = rows.map(toMessage)
      const first = found[0]
      const last = found.at(-1)
      const bounds = await pool.query<{ last_seq: number }>('SELECT last_seq FROM rooms WHERE id = $1', [room])
      const lastSeq = bounds.rows[0]?.last_seq ?? 0
      // seq has no holes, so the ends are known by comparing. An empty page lies wholly before or after everything.
      return {
        messages: found,
        hasBefore: first ? first.seq > 1 : after !== undefined && lastSeq > 0,
        hasAfter: last ? last.seq < lastSeq : after === undefined && lastSeq > 0,
      }
    },

    find: async (room: string, seq: number): Promise<Message | null> => {
      const [row] = await query(ofPlace, [room, seq])
      return row ? toMessage(row) : null
    },

    /**
     * Messages with these words in the rooms that this person is in, the latest first, before a time and place.
     * @param query as people type it: words, "a phrase", -without
     */
    search: async (
      userId: string,
      asked: { query: string; room: string | null; author: string | null; before: { time: string; place: string } | null; limit: number },
    ): Promise<Message[]> => {
      const { rows } = await lookUps.query<MessageRow>(
        `${messages} JOIN memberships s ON s.room_id = m.room_id AND s.user_id = $1
         WHERE m.search @@ websearch_to_tsquery('simple', $2) AND m.kind = 'text' AND m.deleted_at IS NULL
           AND ($3::text IS NULL OR m.room_id = $3) AND ($4::text IS NULL OR u.username = $4)
           AND ($5::timestamptz IS NULL OR (m.time, m.room_id || ' ' || m.seq) < ($5, $6))
         ORDER BY m.time DESC, m.room_id || ' ' || m.seq DESC LIMIT $7`,
        [userId, asked.query, asked.room, asked.author, asked.before?.time ?? null, asked.before?.place ?? null, asked.limit],
      )
      return (await withParts(pool, rows)).map(toMessage)
    },

    /** The newest message of each room that this person is in. */
    newestOfPerson: async (userId: string): Promise<Map<string, Message>> => {
      const rows = await query(
        `${messages} JOIN rooms r ON r.id = m.room_id AND r.last_seq = m.seq
         WHERE r.id IN (SELECT s.room_id FROM memberships s WHERE s.user_id = $1)`,
        [userId],
      )
      return new Map(rows.map((row) => [row.room_id, toMessage(row)]))
    },

    /** The newest message of each of these rooms. */
    newestOf: async (rooms: string[]): Promise<Map<string, Message>> => {
      const rows = await query(`${messages} JOIN rooms r ON r.id = m.room_id AND r.last_seq = m.seq WHERE m.room_id = ANY($1)`, [rooms])
      return new Map(rows.map((row) => [row.room_id, toMessage(row)]))
    },
  }
}

/** Messages of a room by their places, as everybody sees them. */
export async function readMessages(querying: Querying, room: string, seqs: readonly number[]): Promise<Message[]> {
  const { rows } = await querying.query<MessageRow>(`${messages} WHERE m.room_id = $1 AND m.seq = ANY($2)`, [room, seqs])
  return (await withParts(querying, rows)).map(toMessage)
}

export type MessageStore = ReturnType<typeof createMessageStore>

function toNewMessage({ room, authorId, uid, clientId, text, replyTo = null }: Send, row: StoreRow): Message {
  const { seq, version, time, username, display_name, avatar, mentions, reply_to } = row
  if (seq === null || version === null || time === null) throw new Error('a message was stored without its place')
  return toMessage({
    ...{ room_id: room, seq, version, kind: 'text', author_id: authorId, username, display_name, avatar, uid, client_id: clientId, text },
    ...{ detail: null, detail_user_id: null, detail_username: null, detail_display_name: null, detail_avatar: null },
    ...{ time, reply_to_seq: replyTo, reply_count: 0, reaction_count: 0, mentions: mentions ?? [] },
    ...{ edited_at: null, deleted_at: null, pinned_at: null, reactions: [] },
    replyTo: reply_to && { ...reply_to, text: cutQuote(reply_to.text) },
  })
}

interface UserRow {
  id: string
  username: string
  display_name: string
  avatar: string | null
}

/** A row with what is kept of it in other tables. */
interface Found extends MessageRow {
  reactions: Message['reactions']
  replyTo: Message['replyTo']
}

/** Most messages have neither reactions nor a quoted line: those that do are looked up together. */
async function withParts(pool: Querying, rows: MessageRow[]): Promise<Found[]> {
  const reactedTo = rows.filter(({ reaction_count }) => reaction_count > 0)
  const answers = rows.filter(({ reply_to_seq }) => reply_to_seq !== null)
  const reactions = new Map<string, Message['reactions']>()
  const quotes = new Map<string, NonNullable<Message['replyTo']>>()
  if (reactedTo.length > 0) {
    const found = await pool.query<{ room_id: string; seq: number; emoji: string; usernames: string[]; count: number }>(
      `SELECT r.room_id, r.seq, r.emoji, (array_agg(u.username ORDER BY r.at, u.username))[1:${limits.reactorsNamed}] AS usernames, count(*)::int AS count
       FROM unnest($1::text[], $2::int[]) AS m(room_id, seq)
       JOIN reactions r ON r.room_id = m.room_id AND r.seq = m.seq JOIN users u ON u.id = r.user_id
       GROUP BY r.room_id, r.seq, r.emoji ORDER BY min(r.at), r.emoji`,
      [reactedTo.map(({ room_id }) => room_id), reactedTo.map(({ seq }) => seq)],
    )
    for (const { room_id, seq, ...reaction } of found.rows) {
      const key = `${room_id} ${seq}`
      reactions.set(key, [...(reactions.get(key) ?? []), reaction])
    }
  }
  if (answers.length > 0) {
    const found = await pool.query<{ room_id: string; seq: number; text: string } & UserRow>(
      `SELECT p.room_id, p.seq, u.id, u.username, u.display_name, u.avatar, left(p.text, ${limits.quote + 1}) AS text
       FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::int[])) AS m(room_id, seq)
       JOIN messages p ON p.room_id = m.room_id AND p.seq = m.seq JOIN users u ON u.id = p.author_id`,
      [answers.map(({ room_id }) => room_id), answers.map(({ reply_to_seq }) => reply_to_seq)],
    )
    for (const { room_id, seq, text, id, username, display_name: displayName, avatar } of found.rows) {
      quotes.set(`${room_id} ${seq}`, { seq, author: { id, username, displayName, avatar }, text: cutQuote(text) })
    }
  }
  return rows.map((row) =>
    Object.assign(row, {
      reactions: (row.reaction_count > 0 && reactions.get(`${row.room_id} ${row.seq}`)) || [],
      replyTo: (row.reply_to_seq !== null && quotes.get(`${row.room_id} ${row.reply_to_seq}`)) || null,
    }),
  )
}

function toMessage(row: Found): Message {
  return {
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
    replyTo: row.replyTo,
    replyCount: row.reply_count,
    mentions: row.mentions,
    attachments: [],
    reactions: row.reactions,
    editedAt: row.edited_at?.toISOString() ?? null,
    deletedAt: row.deleted_at?.toISOString() ?? null,
    pinnedAt: row.pinned_at?.toISOString() ?? null,
  }
}

function detailOf(row: MessageRow): LineDetail | null {
  const { detail_user_id: id, detail_username: username, detail_display_name: displayName } = row
  if (id === null || username === null || displayName === null) return row.detail
  return { user: { id, username, displayName, avatar: row.detail_avatar }, ...row.detail }
}
