import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDrafts } from '../../src/web/room/composer/drafts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A stand-in for localStorage. */
function createStorage() {
  const stored = new Map<string, string>()
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: vi.fn((key: string, text: string) => void stored.set(key, text)),
    removeItem: (key: string) => void stored.delete(key),
    key: (index: number) => [...stored.keys()][index] ?? null,
    get length() {
      return stored.size
    },
  }
  return { stored, storage, open: (owner: string) => createDrafts(owner, () => storage) }
}

describe('drafts', () => {
  it('are there again when their author opens the page again, for each room', () => {
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

  it('are neither shown to another user nor cleared by one', () => {
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

  it('are stored when the page is closed before the delay is over', () => {
    const { open } = createStorage()
    const drafts = open('ada')
    drafts.set('general', 'half')
    drafts.save()
    expect(open('ada').get('general')).toBe('half')
  })

  it('are deleted at once when the text is sent or emptied', () => {
    const { stored, open } = createStorage()
    const drafts = open('ada')
    drafts.set('general', 'half')
    drafts.save()
    drafts.set('general', 'half, and the rest')
    drafts.set('general', '')
    expect(stored.size).toBe(0)
    vi.runAllTimers()
    expect(stored.size).toBe(0)
    expect(drafts.get('general')).toBe('')
  })

  it('stay deleted after clear, even when one was still waiting to be stored', () => {
    const { stored, open } = createStorage()
    const drafts = open('ada')
    drafts.set('general', 'half')
    drafts.save()
    drafts.set('garden', 'tomatoes')
    drafts.clear()
    vi.runAllTimers()
    drafts.save()
    expect(stored.size).toBe(0)
    expect(drafts.get('general')).toBe('')
  })

  it('last until the page is closed when the browser denies storage', () => {
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
