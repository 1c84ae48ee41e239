import { describe, expect, it } from 'vitest'
import { localTimeWords } from '../../src/web/people/local-time'
import { createActiveMessages } from '../../src/web/room/messages/active-message'
import { quoteLook } from '../../src/web/room/messages/quote-look'
import { withPin } from '../../src/web/room/pins/pins'
import { placeReaders } from '../../src/web/room/seen'

type Pinned = Parameters<typeof withPin>[1]

const user = (username: string) => ({ id: username, username, displayName: username, avatar: null })
const pin = (seq: number, version: number, pinnedAt: string | null) => ({ seq, version, pinnedAt }) as Pinned

describe('the quote of an answer', () => {
  const answers = (seq: number) => ({ seq })

  it('is a line of text when something else stands above', () => {
    expect(quoteLook(answers(1), null)).toBe('line')
    expect(quoteLook(answers(1), { seq: 4, replyTo: null })).toBe('line')
    expect(quoteLook(answers(1), { seq: 4, replyTo: answers(2) })).toBe('line')
    expect(quoteLook(answers(1), { seq: null, replyTo: null })).toBe('line')
  })

  it('is a mark right below its own message, and below another answer to it', () => {
    expect(quoteLook(answers(1), { seq: 1, replyTo: null })).toBe('mark')
    expect(quoteLook(answers(1), { seq: 4, replyTo: answers(1) })).toBe('mark')
    expect(quoteLook(answers(1), { seq: null, replyTo: answers(1) })).toBe('mark')
  })
})

describe('the one active message', () => {
  it('is the latest of the hovered and the focused one', () => {
    const active = createActiveMessages()
    active.take('a', 'focus')
    active.take('b', 'pointer')
    expect(active.get()).toBe('b')
    active.drop('b', 'pointer')
    expect(active.get()).toBe('a')
    active.take('c', 'focus')
    expect(active.get()).toBe('c')
    active.drop('c')
    expect(active.get()).toBeNull()
  })

  it('is the one with an open menu, whatever the pointer is over', () => {
    const active = createActiveMessages()
    const changes: (string | null)[] = []
    active.subscribe(() => changes.push(active.get()))
    active.take('a', 'pointer')
    active.take('a', 'menu')
    active.take('b', 'pointer')
    active.drop('a', 'menu')
    expect(changes).toEqual(['a', 'b'])
  })
})

describe('pins', () => {
  const pins = [pin(3, 9, '2026-02-02T10:00:00Z'), pin(7, 8, '2026-02-01T10:00:00Z')]

  it('a new pin comes first, by when it was pinned', () => {
    expect(withPin(pins, pin(1, 10, '2026-02-03T10:00:00Z')).map(({ seq }) => seq)).toEqual([1, 3, 7])
    expect(withPin(pins, pin(1, 10, '2026-02-01T12:00:00Z')).map(({ seq }) => seq)).toEqual([3, 1, 7])
  })

  it('an unpinned message leaves, and an edited one is shown anew in its place', () => {
    expect(withPin(pins, pin(3, 10, null)).map(({ seq }) => seq)).toEqual([7])
    expect(withPin(pins, pin(7, 10, '2026-02-01T10:00:00Z')).map(({ version }) => version)).toEqual([9, 10])
  })

  it('an older version and another message change nothing', () => {
    expect(withPin(pins, pin(3, 5, null))).toBe(pins)
    expect(withPin(pins, pin(4, 11, null))).toBe(pins)
  })
})

describe('seen by', () => {
  it('places everybody but the viewer at the newest message they have read', () => {
    const readers = ['ada', 'ben', 'chi'].map((username) => ({ user: user(username), readSeq: 4 }))
    const seen = placeReaders(
      readers,
      new Map([
        ['ben', 6],
        ['chi', 2],
      ]),
      'ada',
    )
    expect([...seen].map(([seq, users]) => [seq, users.map(({ username }) => username)])).toEqual([
      [6, ['ben']],
      [4, ['chi']],
    ])
  })
})

describe('local time', () => {
  const now = new Date('2026-01-15T12:00:00Z')

  it('says how far somebody is ahead or behind', () => {
    expect(localTimeWords('Asia/Tokyo', now, 'Europe/Berlin')).toMatch(/9:00.PM, 8 hours ahead of you/)
    expect(localTimeWords('America/New_York', now, 'Europe/London')).toMatch(/7:00.AM, 5 hours behind you/)
    expect(localTimeWords('Asia/Kolkata', now, 'UTC')).toMatch(/5½ hours ahead of you/)
    expect(localTimeWords('Europe/Paris', now, 'Europe/Berlin')).toMatch(/the same as yours/)
    expect(localTimeWords('Europe/Lisbon', now, 'Europe/Berlin')).toMatch(/1 hour behind you/)
  })

  it('says nothing about a time zone that this browser does not know', () => {
    expect(localTimeWords('Mars/Base', now)).toBeNull()
  })
})
