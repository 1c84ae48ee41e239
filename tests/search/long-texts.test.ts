import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/contract/message'
import { limits } from '../../src/contract/rules'
import type { MessageSearch } from '../../src/server/search/message-search'
import { searchMessages } from '../../src/server/search/search-messages'
import { createSearchTurns } from '../../src/server/search/search-turns'
import { writeTerms } from '../../src/server/search/term-rows'

const count = 100
const character = (index: number) => String.fromCodePoint(0x4e00 + index)
/** As many different terms as a query may have, in a text with thousands of different terms: both take long. */
const query = Array.from({ length: limits.messageQuery / 2 }, (_, index) => `${character(index)}a`).join('')
const text = query + Array.from({ length: limits.messageText - query.length }, (_, index) => character(1_000 + index)).join('')
const messages = Array.from({ length: count }, (_, index) => ({ room: 'room', seq: count - index, time: '2024-01-01T00:00:00.000Z', text }))

/** How often other work of the process had its turn. */
async function countTurns(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  await work()
  isOver = true
  return turns
}

describe('long texts let other work take its turn', () => {
  it('while they are searched', async () => {
    const place = ({ room, seq, time }: (typeof messages)[number]) => ({ room, seq, time })
    const parts = {
      searchTurns: createSearchTurns(1),
      rooms: { requireMembership: async () => ({}), roomsAmong: async () => new Set(['room']) },
      search: {
        estimate: async () => ({ each: [1], all: 1 }),
        findByTerms: async (...[, , , below]: Parameters<MessageSearch['findByTerms']>) =>
          messages.map(place).filter(({ seq }) => below.time === 'infinity' || seq < below.seq),
        read: async (places: { seq: number }[]) => messages.slice(count - (places[0]?.seq ?? 0)) as Message[],
      },
    }
    const context = { parts, caller: { user: { id: 'somebody' } } } as unknown as Parameters<typeof searchMessages>[0]
    let found = 0
    const turns = await countTurns(async () => {
      // What takes longer than people wait goes on in another page.
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await searchMessages(context, { query, limit: count, ...(cursor && { cursor }) })
        found += page.hits.length
        cursor = page.cursor
      }
    })
    expect(found).toBe(count)
    expect(turns).toBeGreaterThan(10)
  })

  it('while they are made findable', async () => {
    const rows = messages.map(({ room, seq, time }) => ({
      ...{ room_id: room, seq, time: new Date(time), version: seq, author_id: 'somebody', text, is_removed: false, has_file: false },
    }))
    const querying = { query: async () => ({ rows: [] }) } as unknown as Parameters<typeof writeTerms>[0]
    expect(await countTurns(() => writeTerms(querying, rows))).toBeGreaterThan(10)
  })
})
