import { describe, expect, it } from 'vitest'
import { createTestRoom } from '../../src/sdk/testing'
import { bestMatches, matchScore } from '../../src/web/palette/fuzzy'
import { splitMarks } from '../../src/web/palette/marked-text'
import { createRecentSearches } from '../../src/web/palette/recent-searches'
import { findTypedLimit, isSearch, parseLimit, searchInputOf, takeLimits } from '../../src/web/palette/search-filters'

describe('fuzzy matches', () => {
  const names = ['general', 'Release notes', 'Random', 'Über uns', 'Engineering', 'green room']
  const find = (typed: string) => bestMatches(names, typed, 3, (name) => [name])

  it('prefers the whole text, at the beginning, then at a word, then letters in order', () => {
    expect(find('gen')[0]).toBe('general')
    expect(find('notes')[0]).toBe('Release notes')
    expect(find('rn')[0]).toBe('Release notes')
    expect(find('uber')).toEqual(['Über uns'])
    expect(find('r')[0]).toBe('Random')
    expect(find('xyz')).toEqual([])
    expect(find('')).toEqual(['general', 'Release notes', 'Random'])
  })

  it('needs all letters in their order', () => {
    expect(matchScore('general', 'lareneg')).toBe(0)
    expect(matchScore('general', 'gnrl')).toBeGreaterThan(0)
    expect(matchScore('general', 'general')).toBeGreaterThan(matchScore('general', 'gen'))
    expect(matchScore('日本語の部屋', '部屋')).toBeGreaterThan(0)
  })
})

describe('filters of a search', () => {
  const rooms = [createTestRoom({ id: 'general', name: 'general' }), createTestRoom({ id: 'x1', name: 'Release notes' })]
  const today = new Date(2026, 0, 31, 15, 0)
  const take = (typed: string) => takeLimits(typed, rooms, today)

  it('are taken out of the text once a space follows', () => {
    expect(take('from:@Ada deploy')).toEqual({ text: 'deploy', limits: { from: 'ada' } })
    expect(take('deploy in:"release notes" has:links ')).toEqual({ text: 'deploy ', limits: { in: 'x1', has: 'link' } })
    expect(take('after:yesterday before:2026-1-31 x')).toEqual({ text: 'x', limits: { after: '2026-01-30', before: '2026-01-31' } })
    expect(take('FROM:ada in:general ')).toEqual({ text: '', limits: { from: 'ada', in: 'general' } })
  })

  it('stay text while they are typed, and when nobody can tell what they mean', () => {
    for (const text of ['from:ada', 'in:nowhere x', 'has:luck x', 'after:2026-02-30 x', 'from:! x', 'mailfrom:ada x', '  spaces stay']) {
      expect(take(text)).toEqual({ text, limits: {} })
    }
  })

  it('are known while they are typed, so that values can be offered', () => {
    expect(findTypedLimit('deploy from:ad')).toEqual({ name: 'from', value: 'ad', at: 7 })
    expect(findTypedLimit('in:"release no')).toEqual({ name: 'in', value: 'release no', at: 0 })
    expect(findTypedLimit('has:')).toEqual({ name: 'has', value: '', at: 0 })
    expect(findTypedLimit('from:ada ')).toBeNull()
    expect(findTypedLimit('mailfrom:')).toBeNull()
  })

  it('are sent as times of the person’s own days', () => {
    expect(searchInputOf('  hi ', { from: 'ada', in: 'x1', after: '2026-01-30', has: 'code' })).toEqual({
      query: 'hi',
      author: 'ada',
      room: 'x1',
      has: 'code',
      after: new Date(2026, 0, 30).toISOString(),
    })
    expect(parseLimit('after', 'week', rooms, today)).toEqual({ after: '2026-01-24' })
    expect(isSearch(' ', {})).toBe(false)
    expect(isSearch(' ', { has: 'link' })).toBe(true)
  })
})

describe('marks in an excerpt', () => {
  const text = (parts: ReturnType<typeof splitMarks>) => parts.map(({ text, isMark }) => (isMark ? `[${text}]` : text)).join('')

  it('split it, one after the other, and at its ends', () => {
    expect(
      text(
        splitMarks('the deploy is a deployment', [
          [4, 10],
          [16, 22],
        ]),
      ),
    ).toBe('the [deploy] is a [deploy]ment')
    expect(text(splitMarks('deploy', [[0, 6]]))).toBe('[deploy]')
    expect(text(splitMarks('no mark', []))).toBe('no mark')
  })

  it('keep their place when lines are joined, and a text with characters like our stand-ins has none', () => {
    expect(text(splitMarks('one\n\n  two three', [[7, 10]]))).toBe('one [two] three')
    expect(text(splitMarks('a \uE000b', [[0, 1]]))).toBe('a \uE000b')
  })
})

describe('recent searches', () => {
  it('come newest first without repeats, a few, for one person, until they are cleared', () => {
    const kept = new Map<string, string>()
    const storage = () => ({
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    })
    const recent = createRecentSearches('ada', storage)
    for (const query of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'c']) recent.add({ query, limits: {} })
    recent.add({ query: 'c', limits: { has: 'link' } })
    expect(recent.list().map(({ query }) => query)).toEqual(['c', 'c', 'g', 'f', 'e', 'd'])
    expect(createRecentSearches('ben', storage).list()).toEqual([])
    for (const [key] of kept) kept.set(key, '[{"query": 1}, null, {"query": "x", "limits": {}}]')
    expect(recent.list()).toEqual([{ query: 'x', limits: {} }])
    recent.clear()
    expect(recent.list()).toEqual([])
    const denied = createRecentSearches('ada', () => {
      throw new Error('denied')
    })
    denied.add({ query: 'x', limits: {} })
    expect(denied.list()).toEqual([])
  })
})
