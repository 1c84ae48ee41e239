import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excerptOf } from '../../src/server/search/excerpt'
import { findMarks, type TextMark } from '../../src/server/search/marks'
import { parseQuery } from '../../src/server/search/query'
import { isSearch } from './ask-postgres'

function marksOf(text: string, query: string): TextMark[] | null {
  const parsed = parseQuery(query)
  return isSearch(parsed) ? findMarks(text, parsed) : null
}

const marked = (text: string, marks: readonly TextMark[]) => marks.map(([start, end]) => text.slice(start, end))

describe('marks', () => {
  it.each([
    ['Our options', 'optio', ['optio']],
    ['one two one', 'one', ['one', 'one']],
    ['Straße', 'stras', ['Straß']],
    ['cafe\u0301!', 'café', ['cafe\u0301']],
    ['one, two; three', '"one two" three', ['one, two', 'three']],
    ['我家在上海东边', '上海', ['上海']],
    ['我家在上海东边', '海', ['海']],
    ['我家在上海东边', '在上海东', ['在上海东']],
    ['哈哈哈哈', '哈哈', ['哈哈哈哈']],
    ['see https://example.com/a?b=c.', 'https://example.com/a?b=c', ['https://example.com/a?b=c']],
    ['I like C++ and C', 'c++', ['C++']],
    ['ok 👩🏽‍💻!', '👩🏽‍💻', ['👩🏽‍💻']],
    ['ok ❤️!', '❤', ['❤️']],
    ['ｶﾞｷﾞ', 'ガ', ['ｶﾞ']],
    ['한글', '글', ['글']],
    ['a soft\u00adware', 'software', ['soft\u00adware']],
    ['one two', 'one -two', null],
    ['one two', 'three', null],
    ['one two', '"two one"', null],
  ])('findMarks: in %s, %s', (text, query, expected) => {
    const marks = marksOf(text, query)
    expect(marks && marked(text, marks)).toEqual(expected)
  })

  it('findMarks: are in order and apart from each other', () => {
    expect(marksOf('abc ab', 'ab abc')).toEqual([
      [0, 3],
      [4, 6],
    ])
  })
})

describe('excerpts', () => {
  const words = Array.from({ length: 200 }, (_, index) => `word${index}`).join(' ')

  it('excerptOf: a short text is its own excerpt', () => {
    expect(excerptOf('Our options', [[4, 9]])).toEqual({ excerpt: 'Our options', marks: [[4, 9]] })
  })

  it('excerptOf: is cut between words, with the marks in it', () => {
    const { excerpt, marks } = excerptOf(words, marksOf(words, 'word100') ?? [])
    expect(excerpt).toMatch(/^…word9\d .* word1\d\d…$/)
    expect(excerpt.length).toBeLessThanOrEqual(202)
    expect(marked(excerpt, marks)).toEqual(['word100'])
  })

  it('excerptOf: begins at the beginning and ends at the end', () => {
    expect(excerptOf(words, marksOf(words, 'word0') ?? []).excerpt).toMatch(/^word0 .*…$/)
    expect(excerptOf(words, marksOf(words, 'word199') ?? []).excerpt).toMatch(/^….* word199$/)
    expect(excerptOf(words, []).excerpt).toMatch(/^word0 .*…$/)
  })

  it('excerptOf: a mark at the very end is in it', () => {
    const text = `${'🇩🇪'.repeat(100)}x`
    const { excerpt, marks } = excerptOf(text, [[400, 401]])
    expect(marked(excerpt, marks)).toEqual(['x'])
  })

  it('excerptOf: a mark that is longer than an excerpt is cut', () => {
    const { excerpt, marks } = excerptOf('a'.repeat(1_000), [[0, 1_000]])
    expect(excerpt).toBe(`${'a'.repeat(200)}…`)
    expect(marks).toEqual([[0, 200]])
  })

  it('excerptOf: never cuts a character, and its marks are those of the text', () => {
    const part = fc.constantFrom(
      'word ',
      '我家',
      '👩🏽‍💻',
      '🇩🇪'.repeat(30),
      '🇩🇪',
      'e\u0301\u0323',
      '한글',
      'สวัสดี',
      '\n',
      'a'.repeat(70),
      '𠮷',
      'क्षि',
    )
    const text = fc.array(part, { minLength: 1, maxLength: 300, size: 'max' }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(300), (all, at, length) => {
        const starts = [...new Intl.Segmenter().segment(all)].map(({ index }) => index)
        const from = starts[at % starts.length] ?? 0
        const to = [...starts, all.length].find((start) => start >= from + 1 + length) ?? all.length
        const { excerpt, marks } = excerptOf(all, [[from, to]])
        expect(excerpt.length).toBeLessThanOrEqual(202)
        const [[start, end] = [0, 0]] = marks
        const shown = excerpt.slice(start, end)
        expect(all.slice(from, to).startsWith(shown)).toBe(true)
        expect(shown.length).toBeGreaterThan(0)
        const inside = excerpt.replace(/^…|…$/g, '')
        const place = from - start + (excerpt.startsWith('…') ? 1 : 0)
        expect(all.startsWith(inside, place)).toBe(true)
        for (const cut of [place, place + inside.length]) expect([...starts, all.length]).toContain(cut)
      }),
      { numRuns: 150 },
    )
  })
})
