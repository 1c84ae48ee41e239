import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMessagesOf } from '../../src/server/chat/message-rows'
import { createCountsMemory } from '../../src/server/search/counts-memory'
import { findMarks } from '../../src/server/search/marks'
import { createMessageSearch, type MessageSearch, type Place, type SearchScope } from '../../src/server/search/message-search'
import { parseQuery } from '../../src/server/search/query'
import { findMatches } from '../../src/server/search/search-plan'
import { type SearchTerms, termsOfSearch } from '../../src/server/search/search-terms'
import { indexedColumns, writeTerms } from '../../src/server/search/term-rows'
import { createSeeded } from '../faults/seeded'
import { type Roomline, startRoomline } from '../support/roomline'

const top: Place = { time: 'infinity', room: '', seq: 0 }
const size = 20

async function collect(parts: AsyncIterable<{ found: Place[]; end: Place | null }>): Promise<string[]> {
  const places: string[] = []
  for await (const { found } of parts) places.push(...found.map(keyOf))
  return places
}
const keyOf = ({ room, seq }: { room: string; seq: number }) => `${room} ${seq}`

async function* inParts(find: (below: Place) => Promise<Place[]>, from: Place) {
  for (let below: Place | undefined = from; below; ) {
    const found: Place[] = await find(below)
    yield { found, end: null }
    below = found.length === size ? found.at(-1) : undefined
  }
}

async function* byTime(search: MessageSearch, scope: SearchScope, terms: string | null, from: Place, stretch: number) {
  for (let below: Place | null = from; below; ) {
    const part: { found: Place[]; end: Place | null } = await search.findByTime(scope, terms, below, { stretch, limit: size })
    yield part
    below = part.found.length === size ? (part.found.at(-1) ?? null) : part.end
  }
}

describe('ways to find matches', () => {
  let roomline: Roomline
  let search: MessageSearch
  const { between } = createSeeded(20_261_126)
  const below = (max: number) => between(0, max - 1)
  const pick = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value
  const words = ['the', 'then', 'plum', 'plums', 'pear', '項目', '項目表', 'https://example.com/plum', '`pear`', 'Crème', 'a', 'ab']
  const rooms = ['alpha', 'beta', 'gamma', 'delta']
  const people: string[] = []

  beforeAll(async () => {
    roomline = await startRoomline({ nodes: 0 })
    search = createMessageSearch(roomline.pool, readMessagesOf)
    const { pool } = roomline
    const users = await pool.query<{ id: string }>(
      `INSERT INTO users (username, display_name) SELECT 'person' || n, 'Person' FROM generate_series(1, 3) n RETURNING id`,
    )
    people.push(...users.rows.map(({ id }) => id))
    await pool.query(
      `INSERT INTO rooms (id, kind, name, last_seq, last_version) SELECT id, 'private', id, 150, 150 FROM unnest($1::text[]) id`,
      [rooms],
    )
    await pool.query(`INSERT INTO memberships (room_id, user_id) SELECT id, $2 FROM unnest($1::text[]) id`, [rooms.slice(0, 3), people[0]])
    const messages = rooms.flatMap((room) =>
      Array.from({ length: 150 }, (_, index) => ({
        room,
        seq: index + 1,
        author: pick(people),
        // Many at the same moment, and not in the order of the seqs.
        time: new Date(Date.UTC(2024, 0, 1, 0, 0, 0, below(40))).toISOString(),
        text: Array.from({ length: 1 + below(6) }, () => pick(words)).join(' '),
        removed: below(20) === 0,
      })),
    )
    await pool.query(
      `INSERT INTO messages (room_id, seq, version, author_id, text, time, deleted_at)
       SELECT room, seq, seq, author, CASE WHEN removed THEN '' ELSE text END, time, CASE WHEN removed THEN now() END
       FROM jsonb_to_recordset($1) AS m(room text, seq int, author uuid, time timestamptz, text text, removed boolean)`,
      [JSON.stringify(messages)],
    )
    await writeTerms(pool, (await pool.query(`SELECT ${indexedColumns} FROM messages m`)).rows)
    await pool.query('ANALYZE')
  })
  afterAll(() => roomline[Symbol.asyncDispose]())

  it('all find what reading every message finds, whatever is asked for', async () => {
    const { rows } = await roomline.pool.query<{ room: string; seq: number; author: string; time: Date; text: string }>(
      `SELECT room_id AS room, seq, author_id AS author, time, text FROM messages WHERE deleted_at IS NULL
       ORDER BY time DESC, room_id COLLATE "C" DESC, seq DESC`,
    )
    let matched = 0
    for (let turn = 0; turn < 60; turn++) {
      const parsed = parseQuery(Array.from({ length: below(3) }, () => pick([...words, '"the plum"', '-pear', '-the'])).join(' '))
      const query = parsed.kind === 'search' ? parsed : null
      const room = below(3) === 0 ? pick(rooms.slice(0, 3)) : null
      const author = below(4) === 0 ? pick(people) : null
      const has = below(5) === 0 ? pick(['link', 'code'] as const) : null
      const since = below(3) === 0 ? new Date(Date.UTC(2024, 0, 1, 0, 0, 0, below(40))).toISOString() : null
      const from =
        below(3) === 0
          ? { time: new Date(Date.UTC(2024, 0, 1, 0, 0, 0, below(45))).toISOString(), room: room ?? '', seq: 0 }
          : { ...top, room: room ?? '' }
      const scope = { userId: people[0] ?? '', room, since }
      const terms = termsOfSearch(query, { author, room, has })
      const all = terms?.all ?? null
      const expected = rows
        .filter(
          (message) =>
            (room === null ? message.room !== 'delta' : message.room === room) &&
            (author === null || message.author === author) &&
            (has !== 'link' || message.text.includes('https')) &&
            (has !== 'code' || message.text.includes('`')) &&
            (since === null || message.time.toISOString() >= since) &&
            (from.time === 'infinity' || message.time.toISOString() < from.time) &&
            (query === null || findMarks(message.text, query) !== null),
        )
        .map(keyOf)
      matched += expected.length
      const asked = JSON.stringify({ all, room, since, from })
      for (const stretch of [23, 1_000]) expect(await collect(byTime(search, scope, all, from, stretch)), asked).toEqual(expected)
      expect(await collect(inParts((place) => search.findByRooms(scope, all, place, size), from)), asked).toEqual(expected)
      for (const rare of terms ? [terms.all, ...terms.each] : []) {
        expect(await collect(inParts((place) => search.findByTerms(scope, terms?.all ?? '', rare, place, size), from)), asked).toEqual(
          expected,
        )
      }
      // And in whichever order the estimates make them follow each other.
      const estimated = {
        ...search,
        estimate: async (each: readonly string[]) => ({ all: 10 ** below(7), each: each.map(() => 10 ** below(7)) }),
        countOwn: async () => 10 ** below(7),
      }
      const wanted = () => 1 + below(size)
      expect(await collect(findMatches(estimated, { scope, terms, from, size, wanted })), asked).toEqual(expected)
    }
    expect(matched).toBeGreaterThan(1_000)
  })
})

describe('what is remembered of counts', () => {
  it('is asked for once, a new term together with no old one, and forgotten after a while', async () => {
    const asked: string[][] = []
    const count = async (keys: readonly string[]) => {
      asked.push([...keys])
      return keys.map((key) => key.length)
    }
    const memory = createCountsMemory({ forMs: 60_000, least: 2, most: 2 })
    expect(await memory.of(['aaa', 'bb', 'aaa'], count)).toEqual([3, 2, 3])
    expect(await memory.of(['bb', 'c', 'aaa'], count)).toEqual([2, 1, 3])
    // Too small to be remembered.
    expect(await memory.of(['c'], count)).toEqual([1])
    expect(await memory.of(['dddd'], count)).toEqual([4])
    // Made room for the last one.
    expect(await memory.of(['aaa'], count)).toEqual([3])
    expect(asked).toEqual([['aaa', 'bb'], ['c'], ['c'], ['dddd'], ['aaa']])
    const forgetful = createCountsMemory({ forMs: 0, most: 2 })
    await forgetful.of(['a'], count)
    await forgetful.of(['a'], count)
    expect(asked.slice(5)).toEqual([['a'], ['a']])
  })
})

describe('the choice of a way', () => {
  const scope = { userId: 'somebody', room: null, since: null }
  const terms: SearchTerms = { all: 'a & b', each: ['a', 'b'] }

  /** The ways that a search takes, each once, when what it looks for is not there. */
  async function waysOf({ each, all, own }: { each: number[]; all: number; own: number }, room: string | null = null) {
    const ways: string[] = []
    const note = (way: string) => {
      if (ways.at(-1) !== way) ways.push(way)
    }
    const stub = {
      estimate: async () => ({ each, all }),
      countOwn: async () => own,
      findByTime: async (_: unknown, __: unknown, below: Place, { stretch }: { stretch: number }) => {
        note('time')
        const seq = below.seq + stretch
        return { found: [], end: seq < all ? { ...below, seq } : null }
      },
      findByTerms: async (_: unknown, __: unknown, rare: string) => {
        note(`terms ${rare}`)
        return []
      },
      findByRooms: async () => {
        note('rooms')
        return []
      },
    } as unknown as MessageSearch
    await collect(
      findMatches(stub, { scope: { ...scope, room }, terms: { ...terms, each: terms.each.slice(0, each.length) }, from: top, size }),
    )
    return ways
  }

  it('a rare term is looked up, and only the rare ones of several', async () => {
    expect(await waysOf({ each: [500, 900_000], all: 2_000_000, own: 1_000_000 })).toEqual(['terms a'])
    expect(await waysOf({ each: [2_000, 2_500], all: 2_000_000, own: 1_000_000 })).toEqual(['terms a & b'])
  })

  it('a person’s few messages are read', async () => {
    expect(await waysOf({ each: [800_000], all: 2_000_000, own: 900 })).toEqual(['rooms'])
  })

  it('a common term is looked for among the newest, and looked up when it is not there', async () => {
    expect(await waysOf({ each: [60_000], all: 2_000_000, own: 1_000_000 })).toEqual(['time', 'terms a'])
    expect(await waysOf({ each: [60_000], all: 2_000_000, own: 20_000 })).toEqual(['time', 'rooms'])
  })

  it('what would take too long to look up is read by time to the end', async () => {
    expect(await waysOf({ each: [800_000], all: 2_000_000, own: 1_000_000 })).toEqual(['time'])
    // In one room, terms and room are looked up together.
    expect(await waysOf({ each: [800_000, 900_000], all: 2_000_000, own: 900_000 }, 'room')).toEqual(['time', 'terms a & b'])
  })

  it('a stretch is as long as it takes to find a page, and the rest of a page is all that is looked for', async () => {
    const asked: { stretch: number; limit: number }[] = []
    let left = size
    const stub = {
      estimate: async () => ({ each: [10_000], all: 2_000_000 }),
      countOwn: async () => 1_000_000,
      findByTime: async (_: unknown, __: unknown, below: Place, { stretch, limit }: { stretch: number; limit: number }) => {
        asked.push({ stretch, limit })
        return { found: Array.from({ length: Math.min(limit - 1, 12) }, () => below), end: below }
      },
    } as unknown as MessageSearch
    for await (const { found } of findMatches(stub, { scope, terms: { all: 'a', each: ['a'] }, from: top, size, wanted: () => left })) {
      left -= found.length
      if (asked.length === 2) break
    }
    // Of 10,000 matches half are in the person's rooms: 20 are expected among 8,000 messages.
    expect(asked).toEqual([
      { stretch: 12_000, limit: 20 },
      { stretch: 20_000, limit: 8 },
    ])
  })
})
