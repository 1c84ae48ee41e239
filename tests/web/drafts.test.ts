import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDrafts } from '../../src/web/room/composer/drafts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** What a browser keeps for one site. */
function createStorage() {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: vi.fn((key: string, text: string) => void kept.set(key, text)),
    removeItem: (key: string) => void kept.delete(key),
    key: (index: number) => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size
    },
  }
  return { kept, storage, open: (owner: string) => createDrafts(owner, () => storage) }
}

describe('drafts', () => {
  it('are there again on the next page of their author, room by room', () => {
    const { storage, open } = createStorage()
    const drafts = open('ada')
    for (const text of ['h', 'ha', 'half', 'half a']) drafts.set('general', text)
    drafts.set('garden', '  tomatoes')
    expect(storage.setItem).not.toHaveBeenCalled()
    vi.runAllTimers()
    expect(storage.setItem).toHaveBeenCalledTimes(2)
    expect(open('ada').get('general')).toBe('half a')
    expect(open('ada').get('garden')).toBe('  tomatoes')
    expect(open('ada').get('another')).toBe('')
  })

  it('are never shown to another person, nor forgotten because of one', () => {
    const { open } = createStorage()
    const adas = open('ada')
    adas.set('general', 'half')
    adas.save()
    const bobs = open('bob')
    expect(bobs.get('general')).toBe('')
    bobs.set('general', 'mine')
    bobs.save()
    bobs.clear()
    expect(open('ada').get('general')).toBe('half')
    expect(open('bob').get('general')).toBe('')
  })

  it('are kept when the page goes before the moment is over', () => {
    const { open } = createStorage()
    const drafts = open('ada')
    drafts.set('general', 'half')
    drafts.save()
    expect(open('ada').get('general')).toBe('half')
  })

  it('are gone at once when they were sent or emptied', () => {
    const { kept, open } = createStorage()
    const drafts = open('ada')
    drafts.set('general', 'half')
    drafts.save()
    drafts.set('general', 'half, and the rest')
    drafts.set('general', '')
    expect(kept.size).toBe(0)
    vi.runAllTimers()
    expect(kept.size).toBe(0)
    expect(drafts.get('general')).toBe('')
  })

  it('stay forgotten after clear, though something was still to be kept', () => {
    const { kept, open } = createStorage()
    const drafts = open('ada')
    drafts.set('general', 'half')
    drafts.save()
    drafts.set('garden', 'tomatoes')
    drafts.clear()
    vi.runAllTimers()
    drafts.save()
    expect(kept.size).toBe(0)
    expect(drafts.get('general')).toBe('')
  })

  it('last as long as the page where the browser refuses storage', () => {
    const drafts = createDrafts('ada', () => {
      throw new DOMException('denied', 'SecurityError')
    })
    drafts.set('general', 'half')
    vi.runAllTimers()
    expect(drafts.get('general')).toBe('half')
    drafts.clear()
    expect(drafts.get('general')).toBe('')
  })
})
