import { describe, expect, it } from 'vitest'
import type { HistoryPage } from '../../src/contract/message'
import { emptyTimeline, type RoomTimeline, withMessage, withoutUnsent, withPage, withUnsent } from '../../src/sdk/room-timeline'
import { createTestMessage, createTestUser } from '../../src/sdk/testing'
import { randomFrom } from './random'

const page = (from: number, to: number) => ({
  messages: Array.from({ length: to - from + 1 }, (_, index) => createTestMessage({ seq: from + index })),
  hasBefore: from > 1,
  hasAfter: false,
})
const openTimeline = (timeline: RoomTimeline, opened: HistoryPage) => withPage(timeline, opened, { show: true })
const withOlderPage = (timeline: RoomTimeline, older: HistoryPage) => withPage(timeline, older, { show: false })
const pending = (clientId: string) => ({
  state: 'pending' as const,
  room: 'general',
  clientId,
  text: 'mine',
  time: '2026-01-01T00:00:00.000Z',
})

describe('a room timeline', () => {
  it('is the same in whatever order changes arrive, and however often', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomFrom(seed)
      const count = 1 + random(12)
      // New messages, then edits of them, numbered like a room's.
      const changes = Array.from({ length: count }, (_, index) =>
        createTestMessage({ seq: index + 1, version: index + 1, text: `v${index + 1}` }),
      )
      for (let version = count + 1; version <= count + random(10); version++) {
        const seq = 1 + random(count)
        changes.push(createTestMessage({ seq, version, text: `v${version}` }))
      }
      const newest = new Map(changes.map((change) => [change.seq, change]))
      const shuffled = [...changes, ...changes.slice(0, random(changes.length))]
        .map((change) => ({ change, order: random(1_000) }))
        .sort((a, b) => a.order - b.order)
      const timeline = shuffled.reduce((soFar, { change }) => withMessage(soFar, change), emptyTimeline)
      expect(timeline.messages, `seed ${seed}`).toEqual([...newest.values()].sort((a, b) => a.seq - b.seq))
      expect(timeline.ahead).toEqual([])
    }
  })

  it('has no holes: a newer message waits for the missing one before it', () => {
    const opened = openTimeline(emptyTimeline, page(5, 7))
    const ahead = withMessage(withMessage(opened, createTestMessage({ seq: 10 })), createTestMessage({ seq: 9 }))
    expect(ahead.messages.map(({ seq }) => seq)).toEqual([5, 6, 7])
    expect(withMessage(ahead, createTestMessage({ seq: 8 })).messages.map(({ seq }) => seq)).toEqual([5, 6, 7, 8, 9, 10])
  })

  it('loads older pages, and ignores changes of messages that are not loaded', () => {
    const opened = withMessage(openTimeline(emptyTimeline, page(5, 7)), createTestMessage({ seq: 2, version: 8, text: 'edited' }))
    expect(opened.messages.map(({ seq }) => seq)).toEqual([5, 6, 7])
    const older = withOlderPage(opened, page(2, 4))
    expect(older.messages.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7])
    expect(older.hasBefore).toBe(true)
    expect(withOlderPage(older, page(1, 3)).messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  describe('quotes', () => {
    const quote = (seq: number, text: string) => ({ seq, author: createTestUser(), text })
    const question = createTestMessage({ seq: 1, text: 'Tea?' })
    const answer = createTestMessage({ seq: 2, version: 2, replyTo: quote(1, 'Tea?') })
    const opened = openTimeline(emptyTimeline, { messages: [question, answer], hasBefore: false, hasAfter: false })
    const quoteAt = (timeline: RoomTimeline, seq: number) => timeline.messages.find((message) => message.seq === seq)?.replyTo?.text

    it('follow an edit and a removal of the quoted message', () => {
      const edited = withMessage(opened, { ...question, version: 3, text: 'Coffee?' })
      expect(quoteAt(edited, 2)).toBe('Coffee?')
      expect(quoteAt(withMessage(edited, { ...question, version: 4, text: '', deletedAt: question.time }), 2)).toBe('')
      // The earlier timeline has not changed.
      expect(quoteAt(opened, 2)).toBe('Tea?')
    })

    it('of a long message are cut like the server cuts them', () => {
      const edited = withMessage(opened, { ...question, version: 3, text: '👍'.repeat(1_000) })
      expect(quoteAt(edited, 2)).toBe(`${'👍'.repeat(200)}…`)
    })

    it('in a new message show the quoted message when that is newer', () => {
      const edited = withMessage(opened, { ...question, version: 9, text: 'Coffee?' })
      expect(quoteAt(withMessage(edited, createTestMessage({ seq: 3, version: 3, replyTo: quote(1, 'Tea?') })), 3)).toBe('Coffee?')
    })

    it('stay when they are newer than the quoted message', () => {
      const acknowledged = createTestMessage({ seq: 3, version: 9, replyTo: quote(1, 'Coffee?') })
      const ahead = withMessage(opened, acknowledged)
      expect(quoteAt(ahead, 3)).toBe('Coffee?')
      // An older change of the quoted message arrives late.
      expect(quoteAt(withMessage(ahead, { ...question, version: 4, replyCount: 2 }), 3)).toBe('Coffee?')
      const caughtUp = withMessage(ahead, { ...question, version: 10, text: 'Cocoa?' })
      expect([quoteAt(caughtUp, 2), quoteAt(caughtUp, 3)]).toEqual(['Cocoa?', 'Cocoa?'])
    })

    it('follow a quoted message that is not loaded', () => {
      const late = openTimeline(emptyTimeline, { messages: [answer], hasBefore: true, hasAfter: false })
      const ahead = withMessage(late, createTestMessage({ seq: 4, version: 4, replyTo: quote(1, 'Tea?') }))
      const waiting = withUnsent(ahead, { ...pending('client-id-1'), replyTo: quote(1, 'Tea?') })
      const removed = withMessage(waiting, { ...question, version: 5, text: '', deletedAt: question.time })
      expect(quoteAt(removed, 2)).toBe('')
      expect(removed.unsent[0]?.replyTo?.text).toBe('')
      expect(quoteAt(withMessage(removed, createTestMessage({ seq: 3 })), 4)).toBe('')
      // A quote that was read after the change stays.
      const reread = withMessage(late, { ...answer, version: 9, replyTo: quote(1, 'Cocoa?') })
      expect(quoteAt(withMessage(reread, { ...question, version: 3, text: 'Coffee?' }), 2)).toBe('Cocoa?')
    })

    it('show what an older page has of the quoted message, when that is newer', () => {
      const late = openTimeline(emptyTimeline, { messages: [answer], hasBefore: true, hasAfter: false })
      const older = { messages: [{ ...question, version: 3, text: 'Coffee?' }], hasBefore: false, hasAfter: false }
      expect(quoteAt(withOlderPage(late, older), 2)).toBe('Coffee?')
    })

    it('are updated in a message that had to wait for one before it', () => {
      const ahead = withMessage(opened, createTestMessage({ seq: 4, version: 4, replyTo: quote(1, 'Tea?') }))
      const edited = withMessage(ahead, { ...question, version: 5, text: 'Coffee?' })
      expect(quoteAt(withMessage(edited, createTestMessage({ seq: 3 })), 4)).toBe('Coffee?')
    })

    it('in an unsent message follow the quoted message', () => {
      const unsent = { ...pending('client-id-1'), replyTo: quote(1, 'Tea?') }
      const edited = withMessage(withUnsent(opened, unsent), { ...question, version: 3, text: 'Coffee?' })
      expect(edited.unsent[0]?.replyTo?.text).toBe('Coffee?')
      expect(withUnsent(edited, { ...unsent, clientId: 'client-id-2' }).unsent[1]?.replyTo?.text).toBe('Coffee?')
    })

    it('keep messages that did not change as the same objects', () => {
      const reacted = withMessage(opened, { ...question, version: 3, reactions: [{ emoji: '👍', usernames: ['ben'], count: 1 }] })
      expect(reacted.messages[1]).toBe(opened.messages[1])
    })

    it('are cheap to update: 1,000 answers to one message', () => {
      let timeline = openTimeline(emptyTimeline, { messages: [question], hasBefore: false, hasAfter: false })
      let reads = 0
      for (let count = 1; count <= 1_000; count++) {
        const counted = {
          ...{ ...question, version: 2 * count + 1, replyCount: count },
          get text() {
            reads++
            return 'Tea?'
          },
        }
        timeline = withMessage(timeline, createTestMessage({ seq: count + 1, version: 2 * count, replyTo: quote(1, 'Tea?') }))
        timeline = withMessage(timeline, counted)
      }
      // Not once for each answer.
      expect(reads).toBeLessThan(10_000)
      const edited = withMessage(timeline, { ...question, version: 9_999, text: 'Coffee?' })
      expect(edited.messages.filter(({ replyTo }) => replyTo?.text === 'Coffee?')).toHaveLength(1_000)
    })
  })

  it('shows your own message as unsent until it has arrived, and never twice', () => {
    const clientId = 'client-id-1'
    const unsent = withUnsent(openTimeline(emptyTimeline, page(1, 2)), pending(clientId))
    expect(unsent.unsent).toHaveLength(1)
    const ahead = withMessage(unsent, createTestMessage({ seq: 4, clientId }))
    expect(ahead.unsent).toHaveLength(1)
    const arrived = withMessage(ahead, createTestMessage({ seq: 3 }))
    expect(arrived.unsent).toEqual([])
    expect(arrived.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(withUnsent(arrived, pending(clientId)).unsent).toEqual([])
    expect(withoutUnsent(unsent, clientId).unsent).toEqual([])
    // Acknowledged long ago, but received only now.
    const late = withUnsent(openTimeline(emptyTimeline, page(5, 7)), pending(clientId))
    expect(withMessage(late, createTestMessage({ seq: 2, clientId }))).toMatchObject({
      unsent: [],
      messages: [{ seq: 5 }, { seq: 6 }, { seq: 7 }],
    })
  })
})
