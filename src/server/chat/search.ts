import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { CallContext } from '../caller'
import { cutPage, readCursor } from '../platform/page-cursor'
import type { RoomsNeeds } from '../rooms/needs'
import { readMessages, selectMessages } from './message-rows'

/**
 * Messages in the caller's rooms, the newest first.
 * @param input `query` as people type it: words, "a phrase", -without; `before` is the cursor of an earlier page
 */
export async function searchMessages(
  { parts, caller }: CallContext<Pick<RoomsNeeds, 'rooms'> & { search: MessageSearch }>,
  input: { query: string; room?: string | undefined; author?: string | undefined; before?: string | undefined; limit: number },
): Promise<{ messages: Message[]; cursor: string | null }> {
  const { query, room = null, author = null, limit } = input
  if (room !== null) await parts.rooms.requireMembership(room, caller.user.id)
  const found = await parts.search.find(caller.user.id, { query, room, author, before: readPosition(input.before), limit: limit + 1 })
  // Looked up after the messages were read: shows nothing of a room that the caller was removed from in the meantime.
  const rooms = await parts.rooms.roomsAmong(caller.user.id, [...new Set(found.map((message) => message.room))])
  const { page, cursor } = cutPage(found, limit, (last) => [last.time, placeOf(last)])
  return { messages: page.filter((message) => rooms.has(message.room)), cursor }
}

interface Position {
  time: string
  place: string
}

/** Orders messages of the same time. The SQL below makes the same string. */
const placeOf = ({ room, seq }: Message) => `${room} ${seq}`

function readPosition(cursor: string | undefined): Position | null {
  const [time, place] = readCursor(cursor, 'string', 'string') ?? []
  if (time === undefined || place === undefined) return null
  if (!isIsoTime(time)) throw new Failure('BAD_REQUEST', { fields: { before: 'must come from an earlier answer' } })
  return { time, place }
}

/** Only of years that Postgres and JavaScript write alike. */
const isIsoTime = (value: string) =>
  /^[12]\d{3}-/.test(value) && Number.isFinite(Date.parse(value)) && new Date(value).toISOString() === value

/** @param lookUps few connections of its own, so that slow searches do not take those that sends need */
export function createMessageSearch(lookUps: Pool) {
  return {
    /** Messages in the rooms that this person is in, the newest first. */
    find: (
      userId: string,
      input: { query: string; room: string | null; author: string | null; before: Position | null; limit: number },
    ): Promise<Message[]> =>
      readMessages(
        lookUps,
        `${selectMessages} JOIN memberships s ON s.room_id = m.room_id AND s.user_id = $1
         WHERE m.search @@ websearch_to_tsquery('simple', $2) AND m.kind = 'text' AND m.deleted_at IS NULL
           AND ($3::text IS NULL OR m.room_id = $3) AND ($4::text IS NULL OR u.username = $4)
           AND ($5::timestamptz IS NULL OR (m.time, m.room_id || ' ' || m.seq) < ($5, $6))
         ORDER BY m.time DESC, m.room_id || ' ' || m.seq DESC LIMIT $7`,
        [userId, input.query, input.room, input.author, input.before?.time ?? null, input.before?.place ?? null, input.limit],
      ),
  }
}

export type MessageSearch = ReturnType<typeof createMessageSearch>
