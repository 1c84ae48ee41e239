import { Failure } from '../../contract/failures'
import { hasCode, hasLink } from '../../contract/markdown/mentions'
import type { Message, SearchHit, SearchInput, SearchPage } from '../../contract/message'
import { isUtcTime } from '../../contract/rules'
import type { CallContext } from '../caller'
import { createPauses } from '../platform/background'
import { readCursor, writeCursor } from '../platform/page-cursor'
import type { RoomsNeeds } from '../rooms/needs'
import { excerptOf } from './excerpt'
import { findMarks } from './marks'
import type { MessageSearch, Place, SearchScope } from './message-search'
import { parseQuery, type SearchQuery } from './query'
import { findMatches } from './search-plan'
import { termsOfSearch } from './search-terms'
import type { SearchTurns } from './search-turns'

export interface SearchNeeds extends Pick<RoomsNeeds, 'rooms'> {
  search: MessageSearch
  searchTurns: SearchTurns
}

/** After this, a search answers with what it has found so far, and a cursor to go on. */
const answerAfterMs = 2_000

/**
 * Messages in the caller's rooms, the newest first.
 * @throws {Failure} BAD_REQUEST when there is nothing to look for, TOO_MANY_REQUESTS when the caller has many searches waiting,
 * and for a room what `requireMembership` throws
 */
export async function searchMessages({ parts, caller }: CallContext<SearchNeeds>, input: SearchInput): Promise<SearchPage> {
  const query = requireQuery(input)
  const cursor = readPlace(input.cursor, input.room)
  const userId = caller.user.id
  const { room = null } = input
  if (room !== null) await parts.rooms.requireMembership(room, userId)
  const { hits, end } = await parts.searchTurns.run(userId, () => findHits(parts.search, userId, input, query, cursor))
  // Looked up after the messages were read: shows nothing of a room that the caller was removed from in the meantime.
  const rooms = await parts.rooms.roomsAmong(userId, [...new Set(hits.map(({ message }) => message.room))])
  return {
    hits: hits.filter(({ message }) => rooms.has(message.room)),
    cursor: end && writeCursor([end.time, `${end.room} ${end.seq}`]),
  }
}

/** @returns null when there are only filters */
function requireQuery({ query: text, room, author, after, before, has }: SearchInput): SearchQuery | null {
  const query = parseQuery(text)
  if (query.kind === 'search') return query
  const isFiltered = [room, author, after, before, has].some((filter) => filter !== undefined)
  if (query.kind === 'empty' && isFiltered) return null
  const words =
    query.kind === 'empty'
      ? 'Type a word to look for, or choose an author, a date or a kind of message.'
      : 'Type a word to look for, and not only what to leave out.'
  throw new Failure('BAD_REQUEST', { fields: { query: 'must have something to look for' }, words })
}

/** The first messages below the cursor that the query finds, and where to go on, null when there are no more. */
async function findHits(search: MessageSearch, userId: string, input: SearchInput, query: SearchQuery | null, cursor: Place | null) {
  const { room = null, limit, after, before, has = null } = input
  const author = input.author === undefined ? null : await search.findAuthor(input.author)
  // Nobody has this username; a stranger who writes nowhere the caller can see gives the same answer.
  if (input.author !== undefined && author === null) return { hits: [], end: null }
  const scope: SearchScope = { userId, room, since: after ?? null }
  const terms = termsOfSearch(query, { author, room, has })
  const from = lowest(cursor, { time: before ?? 'infinity', room: room ?? '', seq: 0 })

  const isOver = performance.now() + answerAfterMs
  const pause = createPauses()
  const hits: SearchHit[] = []
  // One more than the page has: whether there is another page.
  const wanted = () => limit + 1 - hits.length
  for await (const { found, end } of findMatches(search, { scope, terms, from, size: limit + 1, wanted })) {
    const places = has === 'file' ? await search.keepWithFile(found) : found
    for (const message of places.length > 0 ? await search.read(places) : []) {
      const hit = toHit(message, query, has)
      const last = hits.at(-1)
      if (hit && hits.length === limit && last) return { hits, end: placeOf(last.message) }
      if (hit) hits.push(hit)
      // Long texts and long queries take many milliseconds each.
      await pause()
      if (performance.now() > isOver) return { hits, end: placeOf(message) }
    }
    if (performance.now() > isOver) return { hits, end: end && room === null ? ownEnd(end, from, hits.at(-1)?.message) : end }
  }
  return { hits, end: null }
}

/**
 * Where to go on below a message of any room. Clients can read cursors, and must not learn of rooms that they may not see: so
 * it is the next millisecond, when nothing below that was given yet.
 */
function ownEnd(end: Place, from: Place, last: Message | undefined): Place {
  const time = new Date(Date.parse(end.time) + 1).toISOString()
  if (time <= (last ?? from).time) return { time, room: '', seq: 0 }
  // More messages of one millisecond than a search looks through: it must go on all the same.
  return last ? placeOf(last) : end
}

/** Null when the message, as it is now, is not what was asked for: its terms may be those of the text before an edit. */
function toHit(message: Message, query: SearchQuery | null, has: SearchInput['has'] | null): SearchHit | null {
  if (has === 'link' && !hasLink(message.text)) return null
  if (has === 'code' && !hasCode(message.text)) return null
  const marks = query ? findMarks(message.text, query) : []
  return marks && { message, ...excerptOf(message.text, marks) }
}

const placeOf = ({ time, room, seq }: Message): Place => ({ time, room, seq })

/** A cursor is never above the start. ISO 8601 times of four-digit years in UTC sort as text, and before "infinity". */
const lowest = (cursor: Place | null, start: Place): Place => (cursor !== null && cursor.time < start.time ? cursor : start)

function readPlace(cursor: string | undefined, wantedRoom: string | undefined): Place | null {
  const [time, place] = readCursor(cursor, 'string', 'string') ?? []
  if (time === undefined || place === undefined) return null
  const [, room, seq] = /^(.*) (\d{1,9})$/s.exec(place) ?? []
  const isForeign = wantedRoom !== undefined && room !== wantedRoom
  if (room === undefined || seq === undefined || isForeign || !isUtcTime(time))
    throw new Failure('BAD_REQUEST', { fields: { cursor: 'must come from an earlier answer' } })
  return { time, room, seq: Number(seq) }
}
