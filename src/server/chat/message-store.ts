import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import type { HistoryPage, Message } from '../../contract/message'
import { isConflictOfTransactions, isUnavailable } from '../platform/database'
import { createSendQueue, type Send } from './send-queue'

interface MessageRow {
  room_id: string
  seq: number
  version: number
  kind: 'text'
  author_id: string
  username: string
  display_name: string
  avatar: string | null
  uid: string | null
  client_id: string | null
  text: string
  time: Date
  reply_count: number
  edited_at: Date | null
  deleted_at: Date | null
  pinned_at: Date | null
  /** How many rows a page found before it was cut by its bytes. */
  found?: string
}

/** A page of changes has so many messages at most, and about so many bytes of text: a slow reader holds one in memory. */
const pageSize = 500
const pageBytes = 256 * 1024

const columns = `m.room_id, m.seq, m.version, m.kind, m.author_id, u.username, u.display_name, u.avatar, m.uid, m.client_id,
  m.text, m.time, m.reply_count, m.edited_at, m.deleted_at, m.pinned_at`
const messages = `SELECT ${columns} FROM messages m JOIN users u ON u.id = m.author_id`

/** One statement for all that are stored together: see prisma/migrations, store_messages. */
export const storeStatement = 'SELECT * FROM store_messages($1, $2)'

/** What became of a send. Everything from `seq` on is null unless it says so. */
interface StoreRow {
  outcome: 'stored' | 'known' | 'reused' | 'not_a_member' | 'archived' | 'no_room'
  /** Of `stored` and `known`. */
  seq: number | null
  /** These are of `stored`. */
  version: number | null
  time: Date | null
  username: string
  display_name: string
  avatar: string | null
}

/** The first parameter of the statement. */
export function toGiven(sends: readonly Send[]): string {
  return JSON.stringify(
    sends.map(({ room, authorId, uid, clientId, text }, place) => ({ place, room, author: authorId, uid, client_id: clientId, text })),
  )
}

/** Where messages are kept, and put in order. */
export function createMessageStore(pool: Pool) {
  const query = async (sql: string, values: unknown[]) => (await pool.query<MessageRow>(sql, values)).rows

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
     * @throws {Failure} CLIENT_ID_REUSED for another text, ROOM_ARCHIVED, NOT_A_MEMBER, ROOM_NOT_FOUND, UNAVAILABLE
     */
    store: async (send: Send): Promise<{ message: Message; isNew: boolean }> => {
      const row = await queue.put(send)
      switch (row.outcome) {
        case 'stored':
          return { message: toNewMessage(send, row), isNew: true }
        case 'known': {
          const [known] = await query(`${messages} WHERE m.room_id = $1 AND m.seq = $2`, [send.room, row.seq])
          if (!known) throw new Failure('UNAVAILABLE')
          return { message: toMessage(known), isNew: false }
        }
        case 'reused':
          throw new Failure('CLIENT_ID_REUSED')
        case 'archived':
          throw new Failure('ROOM_ARCHIVED')
        case 'not_a_member':
          throw new Failure('NOT_A_MEMBER')
        case 'no_room':
          throw new Failure('ROOM_NOT_FOUND')
      }
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
         SELECT ${columns}, m.found FROM m JOIN users u ON u.id = m.author_id WHERE m.bytes_before < $4 ORDER BY m.version`,
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
      let rows: MessageRow[]
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

    /** The newest message of each of these rooms. */
    newestOf: async (rooms: string[]): Promise<Map<string, Message>> => {
      const rows = await query(`${messages} JOIN rooms r ON r.id = m.room_id AND r.last_seq = m.seq WHERE m.room_id = ANY($1)`, [rooms])
      return new Map(rows.map((row) => [row.room_id, toMessage(row)]))
    },
  }
}

/** A statement that lost against another left nothing behind: the same one again cannot store a message twice. */
async function retried<Value>(statement: () => Promise<Value>): Promise<Value> {
  for (let left = 3; ; left--) {
    try {
      return await statement()
    } catch (error) {
      if (left === 0 || !isConflictOfTransactions(error)) throw error
    }
  }
}

export type MessageStore = ReturnType<typeof createMessageStore>

function toNewMessage({ room, authorId, uid, clientId, text }: Send, row: StoreRow): Message {
  const { seq, version, time, username, display_name, avatar } = row
  if (seq === null || version === null || time === null) throw new Error('a message was stored without its place')
  return toMessage({
    ...{ room_id: room, seq, version, kind: 'text', author_id: authorId, username, display_name, avatar, uid, client_id: clientId, text },
    ...{ time, reply_count: 0, edited_at: null, deleted_at: null, pinned_at: null },
  })
}

function toMessage(row: MessageRow): Message {
  return {
    room: row.room_id,
    seq: row.seq,
    version: row.version,
    kind: row.kind,
    author: { id: row.author_id, username: row.username, displayName: row.display_name, avatar: row.avatar },
    uid: row.uid,
    clientId: row.client_id,
    text: row.text,
    time: row.time.toISOString(),
    replyTo: null,
    replyCount: row.reply_count,
    mentions: [],
    attachments: [],
    reactions: [],
    editedAt: row.edited_at?.toISOString() ?? null,
    deletedAt: row.deleted_at?.toISOString() ?? null,
    pinnedAt: row.pinned_at?.toISOString() ?? null,
  }
}
