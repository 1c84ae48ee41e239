import type { Pool } from 'pg'
import type { HistoryPage, Message } from '../../contract/message'
import { maxInteger } from '../../contract/rules'
import type { ReaderContext } from '../caller'
import type { RoomsNeeds } from '../rooms/needs'
import { readChanges } from './changes'
import { readMessages, selectMessages } from './message-rows'

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

    find: async (room: string, seq: number): Promise<Message | null> => {
      const [message] = await readMessages(pool, `${selectMessages} WHERE m.room_id = $1 AND m.seq = $2`, [room, seq])
      return message ?? null
    },

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
