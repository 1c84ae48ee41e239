import { expect, it, vi } from 'vitest'
import type { Message } from '../../src/contract/message'
import type { Place } from '../../src/server/search/message-search'
import { searchMessages } from '../../src/server/search/search-messages'
import { createSearchTurns } from '../../src/server/search/search-turns'

const isBelow = (a: Place, b: Place) => (a.time !== b.time ? a.time < b.time : a.room !== b.room ? a.room < b.room : a.seq < b.seq)

it('a search that takes long goes on in another page, which skips and repeats nothing and names no room of others', async () => {
  // Three of each millisecond; most are in a room of others.
  const places = Array.from({ length: 300 }, (_, index) => ({
    time: new Date(Date.UTC(2024, 0, 1) + Math.floor(index / 3)).toISOString(),
    room: index % 12 < 4 ? 'own' : 'secret',
    seq: index + 1,
  })).sort((a, b) => (isBelow(a, b) ? 1 : -1))
  for (const stretch of [4, 5, 7]) {
    let now = 0
    const parts = {
      searchTurns: createSearchTurns(1),
      rooms: { roomsAmong: async () => new Set(['own']) },
      search: {
        countOwn: async () => 1_000_000,
        // Takes longer than people wait.
        findByTime: async (_scope: unknown, _terms: unknown, below: Place) => {
          now += 3_000
          const read = places.filter((place) => isBelow(place, below)).slice(0, stretch)
          return { found: read.filter(({ room }) => room === 'own'), end: read.length === stretch ? (read.at(-1) ?? null) : null }
        },
        read: async (found: Place[]) => found.map((place) => ({ ...place, text: 'any' }) as Message),
      },
    }
    const context = { parts, caller: { user: { id: 'somebody' } } } as unknown as Parameters<typeof searchMessages>[0]
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    const seen: number[] = []
    let pages = 0
    try {
      for (let cursor: string | null | undefined; cursor !== null; pages++) {
        const page = await searchMessages(context, { query: '', limit: 100, after: places.at(-1)?.time, ...(cursor && { cursor }) })
        seen.push(...page.hits.map(({ message }) => message.seq))
        if (page.cursor) expect(Buffer.from(page.cursor, 'base64url').toString()).not.toContain('secret')
        cursor = page.cursor
      }
    } finally {
      clock.mockRestore()
    }
    expect(seen).toEqual(places.filter(({ room }) => room === 'own').map(({ seq }) => seq))
    expect(pages).toBeGreaterThan(10)
  }
})
