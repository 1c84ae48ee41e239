import type { MessageSearch, Place, SearchScope } from './message-search'
import { withinRooms } from './tags'

/** Part of a search's matches: the newest that were not given yet. */
export interface Matches {
  found: Place[]
  /** Everything above this has been looked through; null when nothing is left. */
  end: Place | null
}

/** So few matches are all looked up, then sorted. */
const fewMatches = 3_000
/** How far to look among the newest messages before the terms' index is asked. */
const probe = 16_000
const firstStretch = 2_000
const longestStretch = 32_000
/** More matches than these take longer to look up and sort than to come across. */
const manyMatches = 60_000
/** More rooms would make the terms' index slower than it is without them. */
const maxRoomsAsTerms = 200

/**
 * The matches of a search, the newest first, in parts of up to `size`.
 *
 * Terms that few messages of the server have are looked up by their index. Of terms that many have, the newest messages are
 * read first, as far as is quick: there are matches among them. When there are not, the terms are rare in the person's own
 * rooms, or recently: then their index is asked for both, terms and rooms. And where even that would be too much, reading on
 * comes to an end some time.
 * @param terms a tsquery, null for every message
 */
export async function* findMatches(
  search: MessageSearch,
  scope: SearchScope,
  { terms, from, size }: { terms: string | null; from: Place; size: number },
): AsyncGenerator<Matches> {
  if (terms !== null && (await search.estimate(terms)) <= fewMatches) return yield* findByTerms(search, scope, terms, from, size)

  const rooms = await search.roomsOf(scope, maxRoomsAsTerms + 1)
  const narrowed =
    rooms.length > maxRoomsAsTerms
      ? null
      : withinRooms(
          terms,
          rooms.map(({ id }) => id),
        )
  const ownMessages = rooms.reduce((sum, { size }) => sum + size, 0)
  if (narrowed !== null && ownMessages <= fewMatches) return yield* findByTerms(search, scope, narrowed, from, size)

  let below = from
  let read = 0
  let isProbing = true
  for (let stretch = firstStretch; ; stretch = Math.min(stretch * 2, longestStretch)) {
    if (isProbing && read >= probe) {
      isProbing = false
      const indexed = narrowed ?? terms
      if (indexed !== null && (await search.estimate(indexed)) <= manyMatches)
        return yield* findByTerms(search, scope, indexed, below, size)
    }
    for (;;) {
      const { found, end } = await search.findAmongNewest(scope, terms, below, { stretch, limit: size })
      const last = found.length === size ? (found.at(-1) ?? null) : end
      yield { found, end: last }
      if (last === null) return
      below = last
      if (found.length < size) break
    }
    read += stretch
  }
}

async function* findByTerms(search: MessageSearch, scope: SearchScope, terms: string, from: Place, size: number): AsyncGenerator<Matches> {
  for (let below: Place | null = from; below !== null; ) {
    const found: Place[] = await search.findByTerms(scope, terms, below, size)
    below = found.length === size ? (found.at(-1) ?? null) : null
    yield { found, end: below }
  }
}
