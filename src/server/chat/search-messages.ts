import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { readCursor, writeCursor } from '../rooms/cursor'
import type { ChatContext } from './needs'

/** Messages in the caller's rooms, the latest first. A room that they are not in has nothing in it. */
export async function searchMessages(
  { parts, caller }: ChatContext,
  asked: { query: string; room?: string | undefined; author?: string | undefined; before?: string | undefined; limit: number },
): Promise<{ messages: Message[]; cursor: string | null }> {
  if (asked.room !== undefined) await parts.rooms.requireMembership(asked.room, caller.user.id)
  const [time, place] = readCursor(asked.before, 'string', 'string') ?? []
  if (time !== undefined && !isIsoTime(time)) throw new Failure('BAD_REQUEST', { fields: { before: 'must come from an earlier answer' } })
  const found = await parts.messages.search(caller.user.id, {
    ...{ query: asked.query, room: asked.room ?? null, author: asked.author ?? null, limit: asked.limit + 1 },
    before: time === undefined || place === undefined ? null : { time, place },
  })
  // Looked up after the messages were read: nothing is shown of a room that the caller was removed from meanwhile.
  const rooms = await parts.rooms.roomsAmong(caller.user.id, [...new Set(found.map(({ room }) => room))])
  const messages = found.slice(0, asked.limit).filter(({ room }) => rooms.has(room))
  const last = found[asked.limit - 1]
  return { messages, cursor: found.length > asked.limit && last ? writeCursor(last.time, `${last.room} ${last.seq}`) : null }
}

/** Of years that Postgres and JavaScript write alike. */
const isIsoTime = (value: string) =>
  /^[12]\d{3}-/.test(value) && Number.isFinite(Date.parse(value)) && new Date(value).toISOString() === value
