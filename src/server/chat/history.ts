import type { Pool } from 'pg'
import type { HistoryPage, Message } from '../../contract/message'
import { limits, maxInteger } from '../../contract/rules'
import type { CallContext, ReaderContext } from '../caller'
import type { RoomsNeeds } from '../rooms/needs'
import { readChanges } from './changes'
import { joinPeople, messageColumns, readMessages, selectMessages } from './message-rows'

/** Where a page of history begins or ends: at most one of the bounds, each a seq. Without one it is the newest page. */
interface PageInput {
  before?: number | undefined
  after?: number | undefined
  around?: number | undefined
  limit: number
}

/** A page of a room's messages, ascending by seq. */
export async function readHistory(
  { parts, caller }: ReaderContext<Pick<RoomsNeeds, 'rooms'> & { messages: Pick<MessageHistory, 'page'> }>,
  { room, ...page }: PageInput & { room: string },
): Promise<HistoryPage> {
  const found = await parts.messages.page(room, page)
  // Checked again after the page was read: somebody may have been removed since, and a message written after that.
  await parts.rooms.requireMembership(room, caller.user.id)
  return found
}

/** The seq of the first message at or after a time. */
export async function findSeqAt(
  { parts, caller }: CallContext<Pick<RoomsNeeds, 'rooms'> & { messages: Pick<MessageHistory, 'seqAt'> }>,
  { room, time }: { room: string; time: string },
): Promise<{ seq: number | null }> {
  const seq = await parts.messages.seqAt(room, time)
  // Checked again after it was read, as above.
  await parts.rooms.requireMembership(room, caller.user.id)
  return { seq }
}

/** Messages that were stored in one statement may have their times in any order, and there are up to 500 of them. */
const maxDisorder = 1_000

/**
 * Halves the range of seqs until one is left: seqs have no holes, and times rise with them. So it needs no index of times,
 * which each send would have to pay for.
 */
const seqAtStatement = `
  WITH RECURSIVE search(low, high) AS (
    SELECT 1, last_seq + 1 FROM rooms WHERE id = $1
    UNION ALL
    SELECT CASE WHEN is_earlier THEN middle + 1 ELSE low END, CASE WHEN is_earlier THEN high ELSE middle END
    FROM (
      SELECT low, high, middle, (SELECT m.time < $2::timestamptz FROM messages m WHERE m.room_id = $1 AND m.seq = middle LIMIT 1) AS is_earlier
      FROM (SELECT low, high, (low + high) / 2 AS middle FROM search WHERE low < high OFFSET 0) halves
    ) step
  )
  SELECT min(m.seq) AS seq FROM messages m, (SELECT low FROM search WHERE low = high) found
  WHERE m.room_id = $1 AND m.seq > found.low - $3::int AND m.seq <= found.low AND m.time >= $2::timestamptz`

/** Reads messages by their room and seq or version. */
export function createMessageHistory(pool: Pool) {
  const pageAbove = (room: string, seq: number, limit: number) =>
    readMessages(pool, `${selectMessages} WHERE m.room_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3`, [room, seq, limit])

  const pageBelow = async (room: string, seq: number, limit: number) =>
    (
      await readMessages(pool, `${selectMessages} WHERE m.room_id = $1 AND m.seq < $2 ORDER BY m.seq DESC LIMIT $3`, [room, seq, limit])
    ).reverse()

  const pageAround = async (room: string, seq: number, limit: number) => {
    const half = Math.floor(limit / 2)
    const older = await pageBelow(room, seq, half)
    const newer = await pageAbove(room, seq - 1, limit - older.length)
    const isShort = older.length + newer.length < limit
    // Near the newest message there are fewer above: fill the page from below.
    return isShort && older.length === half ? [...(await pageBelow(room, seq, limit - newer.length)), ...newer] : [...older, ...newer]
  }

  const find = async (room: string, seq: number): Promise<Message | null> => {
    const [message] = await readMessages(pool, `${selectMessages} WHERE m.room_id = $1 AND m.seq = $2`, [room, seq])
    return message ?? null
  }

  return {
    page: async (room: string, { before, after, around, limit }: PageInput): Promise<HistoryPage> => {
      const messages =
        after !== undefined
          ? await pageAbove(room, after, limit)
          : around !== undefined
            ? await pageAround(room, around, limit)
            : await pageBelow(room, before ?? maxInteger, limit)
      const first = messages[0]
      const last = messages.at(-1)
      const { rows } = await pool.query<{ last_seq: number }>('SELECT last_seq FROM rooms WHERE id = $1', [room])
      const lastSeq = rows[0]?.last_seq ?? 0
      // seq has no holes, so comparing shows where the ends are. An empty page lies wholly before or after everything.
      return {
        messages,
        hasBefore: first ? first.seq > 1 : after !== undefined && lastSeq > 0,
        hasAfter: last ? last.seq < lastSeq : after === undefined && lastSeq > 0,
      }
    },

    /** The first message of the thread that this message belongs to; null when there is no such message. */
    findRoot: async (room: string, seq: number): Promise<Message | null> => {
      const message = await find(room, seq)
      return message && message.thread !== null ? find(room, message.thread) : message
    },

    /** The newest messages of a thread below a seq, ascending, without its root. */
    answers: async (room: string, root: number, { before, limit }: { before?: number | undefined; limit: number }): Promise<Message[]> =>
      (
        await readMessages(
          pool,
          `SELECT ${messageColumns} FROM (
             SELECT * FROM messages m WHERE m.room_id = $1 AND m.thread = $2 AND m.seq < $3 ORDER BY m.seq DESC LIMIT $4
           ) m ${joinPeople} ORDER BY m.seq DESC`,
          [room, root, before ?? maxInteger, limit],
        )
      ).reverse(),

    /** The pinned messages, the latest pin first. */
    pins: (room: string): Promise<Message[]> =>
      readMessages(
        pool,
        `${selectMessages} WHERE m.room_id = $1 AND m.pinned_at IS NOT NULL ORDER BY m.pinned_at DESC, m.seq DESC LIMIT $2`,
        [room, limits.pinsPerRoom],
      ),

    /** The seq of the first message at or after a time; null when there is none. */
    seqAt: async (room: string, time: string): Promise<number | null> => {
      const { rows } = await pool.query<{ seq: number | null }>(seqAtStatement, [room, time, maxDisorder])
      return rows[0]?.seq ?? null
    },

    find,

    /** See `readChanges`. */
    changesAfter: (room: string, version: number) => readChanges(pool, room, version),

    /** The newest version of each of these rooms. */
    lastVersions: async (rooms: string[]): Promise<Map<string, number>> => {
      const { rows } = await pool.query<{ id: string; last_version: number }>(
        `SELECT k.id, r.last_version FROM unnest($1::text[]) AS k(id)
         CROSS JOIN LATERAL (SELECT last_version FROM rooms r WHERE r.id = k.id LIMIT 1) r`,
        [rooms],
      )
      return new Map(rows.map((row) => [row.id, row.last_version]))
    },
  }
}

export type MessageHistory = ReturnType<typeof createMessageHistory>
