import { describe, expect, it } from 'vitest'
import { emptyTimeline, openTimeline, withMessage, withOlderPage, withoutUnsent, withUnsent } from '../../src/sdk/room-timeline'
import { createMessage } from '../../src/sdk/testing'

const page = (from: number, to: number) => ({
  messages: Array.from({ length: to - from + 1 }, (_, index) => createMessage({ seq: from + index })),
  hasBefore: from > 1,
  hasAfter: false,
})
const pending = (clientId: string) => ({
  state: 'pending' as const,
  room: 'general',
  clientId,
  text: 'mine',
  time: '2026-01-01T00:00:00.000Z',
})

/** A small generator with a seed, so that a failure can be repeated. */
function randomFrom(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('a room timeline', () => {
  it('is the same whatever order the changes come in, and however often', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomFrom(seed)
      const count = 1 + random(12)
      // New messages and edits of them, as a room would number them.
      const changes = Array.from({ length: count }, (_, index) =>
        createMessage({ seq: index + 1, version: index + 1, text: `v${index + 1}` }),
      )
      for (let version = count + 1; version <= count + random(10); version++) {
        const seq = 1 + random(count)
        changes.push(createMessage({ seq, version, text: `v${version}` }))
      }
      const newest = new Map(changes.map((change) => [change.seq, change]))
      const shuffled = [...changes, ...changes.slice(0, random(changes.length))]
        .map((change) => ({ change, order: random(1_000) }))
        .sort((a, b) => a.order - b.order)
      const timeline = shuffled.reduce((so_far, { change }) => withMessage(so_far, change), emptyTimeline)
      expect(timeline.messages, `seed ${seed}`).toEqual([...newest.values()].sort((a, b) => a.seq - b.seq))
      expect(timeline.ahead).toEqual([])
    }
  })

  it('has no holes: what is ahead waits for what is missing', () => {
    const opened = openTimeline(emptyTimeline, page(5, 7))
    const ahead = withMessage(withMessage(opened, createMessage({ seq: 10 })), createMessage({ seq: 9 }))
    expect(ahead.messages.map(({ seq }) => seq)).toEqual([5, 6, 7])
    expect(withMessage(ahead, createMessage({ seq: 8 })).messages.map(({ seq }) => seq)).toEqual([5, 6, 7, 8, 9, 10])
  })

  it('grows backwards by pages, and leaves changes of what is not loaded to its page', () => {
    const opened = withMessage(openTimeline(emptyTimeline, page(5, 7)), createMessage({ seq: 2, version: 8, text: 'edited' }))
    expect(opened.messages.map(({ seq }) => seq)).toEqual([5, 6, 7])
    const older = withOlderPage(opened, page(2, 4))
    expect(older.messages.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7])
    expect(older.hasBefore).toBe(true)
    expect(withOlderPage(older, page(1, 3)).messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('shows a message of one’s own as unsent until it has come back, and never twice', () => {
    const clientId = 'client-id-1'
    const unsent = withUnsent(openTimeline(emptyTimeline, page(1, 2)), pending(clientId))
    expect(unsent.unsent).toHaveLength(1)
    const ahead = withMessage(unsent, createMessage({ seq: 4, clientId }))
    expect(ahead.unsent).toHaveLength(1)
    const arrived = withMessage(ahead, createMessage({ seq: 3 }))
    expect(arrived.unsent).toEqual([])
    expect(arrived.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(withUnsent(arrived, pending(clientId)).unsent).toEqual([])
    expect(withoutUnsent(unsent, clientId).unsent).toEqual([])
    // Acknowledged long ago, and only now heard of.
    const late = withUnsent(openTimeline(emptyTimeline, page(5, 7)), pending(clientId))
    expect(withMessage(late, createMessage({ seq: 2, clientId }))).toMatchObject({
      unsent: [],
      messages: [{ seq: 5 }, { seq: 6 }, { seq: 7 }],
    })
  })
})
