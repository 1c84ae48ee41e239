import type { MessageSearch, Place, SearchScope } from './message-search'
import type { SearchTerms } from './search-terms'

/** Part of a search's matches: the newest that were not given yet. */
export interface Matches {
  found: Place[]
  /** Everything above this has been looked through; null when nothing is left. */
  end: Place | null
}

interface Search {
  scope: SearchScope
  /** Null for every message. */
  terms: SearchTerms | null
  from: Place
  /** How many matches to find at a time. */
  size: number
  /** How many are still wanted: the search goes on when some of those that it gave were not what was asked for. */
  wanted?: () => number
}

/** So many messages are looked at without further thought. */
const fewMessages = 3_000
/** Looking up more takes longer than people wait. Reading by time gives them something meanwhile. */
const tooManyMessages = 600_000
/** What it costs to look at a message that was found by its terms, or in its room, compared with one that is read by its time. */
const costByTerms = 2
const costByRooms = 1.5
/** And to find, among those that have one term, those that have another one too. */
const costOfIntersection = 0.2
const firstStretch = 2_000
const longestStretch = 32_000
/** A match that has not come after so many times the expected number of messages is not where it was expected. */
const patience = 8
/** Stretches are so many times as long as expected: one that is a little too short costs another statement. */
const margin = 1.5
/** Looked for also when fewer are wanted, as some may not be what was asked for. */
const fewestWanted = 4
/** Terms that are so many times as frequent as the rarest one are cheaper to check than to look up. */
const muchMore = 8

/**
 * The matches of a search, the newest first, in parts. There are three ways to find them:
 *
 * - by terms: all messages of the server that have a rare one of them are looked up in its index
 * - by rooms: all messages in the person's rooms are read
 * - by time: the newest messages of the server are read, further and further back
 *
 * When terms or rooms have few messages, that is that. Otherwise, matches are probably among the newest messages. How far back
 * to look for them depends on what the other ways would cost: having spent as much, the search takes the cheaper one.
 */
export async function* findMatches(
  search: MessageSearch,
  { scope, terms, from, size, wanted = () => size }: Search,
): AsyncGenerator<Matches> {
  const { each, all } = terms ? await search.estimate(terms.each) : { each: [], all: 0 }
  const matches = Math.min(...each)
  const rare = terms?.each.filter((_, index) => (each[index] ?? 0) <= matches * muchMore) ?? []
  const byTerms = (below: Place) => (terms ? search.findByTerms(scope, terms.all, rare.join(' & '), below, size) : [])
  const byRooms = (below: Place) => search.findByRooms(scope, terms?.all ?? null, below, size)
  if (terms && matches <= fewMessages) return yield* findInParts(byTerms, from, size)
  const own = await search.countOwn(scope)
  if (own <= fewMessages) return yield* findInParts(byRooms, from, size)

  /** What the rest of the search costs by terms, after `found` matches among `read` messages. */
  const restByTerms = (found: number, read: number) => {
    if (!terms) return Number.POSITIVE_INFINITY
    if (scope.room === null || rare.length === 1) return matches * costByTerms
    return Math.min(matches, (own * (found + 1)) / read) * costByTerms + matches * costOfIntersection
  }
  // Only of one term alone is it known how many messages have it.
  const expected = terms?.each.length === 1 ? (size * all * all) / (matches * own) : Number.POSITIVE_INFINITY
  let below: Place | null = from
  let count = 0
  let next = Number.isFinite(expected) ? expected * margin : 0
  for (let read = 0; below !== null; ) {
    const [costOfTerms, costOfRooms] = [restByTerms(count, read), own * costByRooms]
    const rest = Math.min(costOfTerms, costOfRooms)
    if (read >= Math.min(rest, Math.max(expected * patience, firstStretch)) && rest <= tooManyMessages) {
      return yield* findInParts(costOfTerms <= costOfRooms ? byTerms : byRooms, below, size)
    }
    const stretch = Math.round(Math.max(firstStretch, Math.min(next, rest, longestStretch)))
    for (let isFull = true; isFull && below !== null; ) {
      const limit = Math.min(Math.max(wanted(), fewestWanted), size)
      const part: Matches = await search.findByTime(scope, terms?.all ?? null, below, { stretch, limit })
      isFull = part.found.length === limit
      below = isFull ? (part.found.at(-1) ?? null) : part.end
      count += part.found.length
      yield { found: part.found, end: below }
    }
    read += stretch
    next = stretch * 2
  }
}

async function* findInParts(find: (below: Place) => Promise<Place[]> | Place[], from: Place, size: number): AsyncGenerator<Matches> {
  for (let below: Place | null = from; below !== null; ) {
    const found: Place[] = await find(below)
    below = found.length === size ? (found.at(-1) ?? null) : null
    yield { found, end: below }
  }
}
