import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { messageText } from '../../src/contract/text'
import { createDrafts, type Drafts, emptyDraft, threadPlace } from '../../src/web/room/composer/drafts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A browser: its localStorage, and the tabs that share it. */
function createBrowser() {
  const stored = new Map<string, string>()
  const tabs = new Set<EventTarget>()

  /** @param owner whose page it is */
  function open(owner: string) {
    const page = new EventTarget()
    const tell = (key: string) => {
      for (const tab of tabs) if (tab !== page) tab.dispatchEvent(Object.assign(new Event('storage'), { key }))
    }
    const storage = {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: vi.fn((key: string, text: string) => {
        stored.set(key, text)
        tell(key)
      }),
      removeItem: (key: string) => {
        if (stored.delete(key)) tell(key)
      },
      key: (index: number) => [...stored.keys()][index] ?? null,
      get length() {
        return stored.size
      },
    }
    const drafts = createDrafts(owner, () => storage)
    tabs.add(page)
    drafts.follow(page as unknown as Parameters<Drafts['follow']>[0])
    return { drafts, storage, leave: () => page.dispatchEvent(new Event('pagehide')) }
  }
  return { stored, open }
}

const quote = { seq: 7, author: { id: '1', username: 'bob', displayName: 'Bob', avatar: null }, text: 'Who?' }
const textIn = (drafts: Drafts, place: string) => drafts.in(place).get().text

describe('drafts', () => {
  it('are there again when their author opens the page again, for each room', () => {
    const { open } = createBrowser()
    const { drafts, storage } = open('ada')
    for (const text of ['h', 'ha', 'half', 'half a']) drafts.update('general', { text })
    drafts.update('garden', { text: '  tomatoes', reply: quote, edit: { seq: 3, from: 'old', text: 'new', isOpen: true } })
    expect(storage.setItem).not.toHaveBeenCalled()
    vi.runAllTimers()
    expect(storage.setItem).toHaveBeenCalledTimes(2)
    const again = open('ada').drafts
    expect(again.in('general').get()).toEqual({ text: 'half a', reply: null, edit: null })
    expect(again.in('garden').get()).toEqual({ text: '  tomatoes', reply: quote, edit: { seq: 3, from: 'old', text: 'new', isOpen: true } })
    expect(again.in('another').get()).toEqual(emptyDraft)
  })

  it('any accepted text: comes back equal, as the next message, as an edit and as a quote', () => {
    const pieces = [
      'a',
      ' ',
      '\n',
      '\t',
      '"',
      '\\',
      '\\u0041',
      '\u0000',
      '\u2028',
      '\u00a0',
      '```\n  x\n```',
      '**b**',
      '||c||',
      '👩‍👩‍👧',
      'é',
      '中',
      '\u202e',
    ]
    const typed = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 20 }).map((parts) => parts.join('')),
      fc.fullUnicodeString({ minLength: 1, maxLength: 300 }),
      // Half a pair of surrogates, as a cut text may end in.
      fc.string16bits({ minLength: 1, maxLength: 100 }),
    )
    let accepted = 0
    fc.assert(
      fc.property(typed, (text) => {
        const read = messageText.safeParse(text)
        for (const kept of read.success ? [text, read.data] : []) {
          accepted++
          const { open } = createBrowser()
          const { drafts } = open('ada')
          const draft = { text: kept, reply: { ...quote, text: kept }, edit: { seq: 3, from: kept, text: `${kept}!`, isOpen: false } }
          drafts.update('general', draft)
          drafts.save()
          const again = open('ada').drafts.in('general').get()
          expect(again).toEqual(draft)
          expect(messageText.parse(again.text)).toBe(read.data)
        }
      }),
      { numRuns: 500 },
    )
    expect(accepted).toBeGreaterThan(300)
  })

  it('are neither shown to another person nor deleted when that person signs out', () => {
    const { open } = createBrowser()
    const ada = open('ada')
    ada.drafts.update('general', { text: 'half' })
    ada.leave()
    const bob = open('bob')
    expect(textIn(bob.drafts, 'general')).toBe('')
    expect(bob.drafts.rooms.get().size).toBe(0)
    bob.drafts.update('general', { text: 'mine' })
    bob.leave()
    open('bob').drafts.clear()
    expect(textIn(open('ada').drafts, 'general')).toBe('half')
    expect(textIn(open('bob').drafts, 'general')).toBe('')
  })

  it('are stored when the page goes away before the delay is over', () => {
    const { open } = createBrowser()
    const { drafts, leave } = open('ada')
    drafts.update('general', { text: 'half' })
    leave()
    expect(textIn(open('ada').drafts, 'general')).toBe('half')
  })

  it('are deleted at once when the text is sent or emptied', () => {
    const { stored, open } = createBrowser()
    const { drafts } = open('ada')
    drafts.update('general', { text: 'half' })
    drafts.save()
    drafts.update('general', { text: 'half, and the rest' })
    drafts.update('general', { text: '' })
    expect(stored.size).toBe(0)
    vi.runAllTimers()
    expect(stored.size).toBe(0)
    expect(textIn(drafts, 'general')).toBe('')
  })

  it('rooms: those with a text, a changed edit or a text in a thread', () => {
    const { open } = createBrowser()
    const { drafts } = open('ada')
    const listener = vi.fn()
    drafts.rooms.subscribe(listener)
    drafts.update('blank', { text: ' \n' })
    drafts.update('answering', { reply: quote })
    drafts.update('untouched', { edit: { seq: 1, from: 'same', text: 'same', isOpen: true } })
    expect(listener).not.toHaveBeenCalled()
    drafts.update('general', { text: 'h' })
    drafts.update('general', { text: 'half' })
    expect(listener).toHaveBeenCalledTimes(1)
    drafts.update(threadPlace('garden', 12), { text: 'tomatoes' })
    drafts.update('edited', { edit: { seq: 1, from: 'old', text: 'new', isOpen: true } })
    const written = ['edited', 'garden', 'general']
    expect([...drafts.rooms.get()].sort()).toEqual(written)
    drafts.save()
    expect([...open('ada').drafts.rooms.get()].sort()).toEqual(written)
    drafts.update(threadPlace('garden', 12), { text: '' })
    drafts.update('edited', { edit: null })
    expect([...drafts.rooms.get()]).toEqual(['general'])
  })

  it('tabs: show what another one stored, unless they have something newer', () => {
    const { open } = createBrowser()
    const [one, two] = [open('ada').drafts, open('ada').drafts]
    expect(textIn(two, 'general')).toBe('')
    one.update('general', { text: 'half' })
    one.save()
    expect(textIn(two, 'general')).toBe('half')
    expect([...two.rooms.get()]).toEqual(['general'])
    one.update('general', { text: '' })
    expect(textIn(two, 'general')).toBe('')
    expect(two.rooms.get().size).toBe(0)

    two.update('general', { text: 'newer' })
    one.update('general', { text: 'older' })
    one.save()
    expect(textIn(two, 'general')).toBe('newer')
    two.save()
    expect(textIn(one, 'general')).toBe('newer')
  })

  it('clear: deletes everything, in the other tabs too', () => {
    const { stored, open } = createBrowser()
    const [one, two] = [open('ada'), open('ada')]
    one.drafts.update('general', { text: 'half' })
    one.drafts.save()
    two.drafts.update('garden', { text: 'not stored yet' })
    one.leave()
    open('ada').drafts.clear()
    two.leave()
    expect(stored.size).toBe(0)
    expect(textIn(two.drafts, 'garden')).toBe('')
  })

  it('clear: nothing comes back, not even what was waiting to be stored', () => {
    const { stored, open } = createBrowser()
    const { drafts } = open('ada')
    drafts.update('general', { text: 'half' })
    drafts.save()
    drafts.update('garden', { text: 'tomatoes' })
    drafts.clear()
    vi.runAllTimers()
    drafts.save()
    expect(stored.size).toBe(0)
    expect(textIn(drafts, 'general')).toBe('')
    expect(drafts.rooms.get().size).toBe(0)
  })

  it('old ones, and the oldest of too many, are deleted', () => {
    const { stored, open } = createBrowser()
    const { drafts } = open('ada')
    drafts.update('old', { text: 'from spring' })
    drafts.save()
    vi.advanceTimersByTime(91 * 24 * 60 * 60_000)
    for (let index = 0; index < 120; index++) {
      drafts.update(`room-${index}`, { text: 'half' })
      vi.advanceTimersByTime(1_000)
    }
    expect(stored.size).toBe(100)
    const again = open('ada').drafts
    expect(textIn(again, 'old')).toBe('')
    expect(textIn(again, 'room-0')).toBe('')
    expect(textIn(again, 'room-119')).toBe('half')
    expect(again.rooms.get().size).toBe(100)
  })

  it.each(['', 'half', '{}', 'null', '{"text":7,"at":1}', '{"text":"half","reply":null}'])(
    'something else in the storage is no draft: %s',
    (text) => {
      const { stored, open } = createBrowser()
      stored.set('roomline-draft/ada/general', text)
      expect(open('ada').drafts.in('general').get()).toEqual(emptyDraft)
      expect(stored.size).toBe(0)
    },
  )

  it('a target that cannot be read is left out', () => {
    const { stored, open } = createBrowser()
    stored.set('roomline-draft/ada/general', JSON.stringify({ text: 'half', reply: { seq: 1 }, edit: { seq: '2' }, at: Date.now() }))
    expect(open('ada').drafts.in('general').get()).toEqual({ ...emptyDraft, text: 'half' })
  })

  it.each(['denied', 'full'])('last until the page is closed when storage is %s', (problem) => {
    const drafts = createDrafts('ada', () => {
      if (problem === 'denied') throw new DOMException('denied', 'SecurityError')
      const setItem = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
      return { getItem: () => null, setItem, removeItem: () => {}, key: () => null, length: 0 }
    })
    drafts.update('general', { text: 'half' })
    vi.runAllTimers()
    expect(textIn(drafts, 'general')).toBe('half')
    drafts.clear()
    expect(textIn(drafts, 'general')).toBe('')
  })
})
