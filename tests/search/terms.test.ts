import { describe, expect, it } from 'vitest'
import { foldText, foldWithOffsets } from '../../src/server/search/fold'
import { type ParsedQuery, parseQuery, toTsquery } from '../../src/server/search/query'
import { toTsvector } from '../../src/server/search/terms'
import { isSearch } from './ask-postgres'

describe('folding', () => {
  it.each([
    ['Ｓtraße, Ｃａｆé', 'strasse, cafe'],
    ['Ünïcödé', 'unicode'],
    ['ﬁ™ ½', 'fi™ 1⁄2'],
    ['が ｶﾞ か\u3099', 'が ガ が'],
    ['한', '한'],
    ['👩‍💻️', '👩‍💻'],
    ['a\u00adb\u200bc', 'abc'],
  ])('fold: %s becomes %s', (text, folded) => {
    expect(foldText(text)).toBe(folded)
    expect(foldText(text.normalize('NFD'))).toBe(folded)
    expect(foldWithOffsets(text).text).toBe(folded)
  })

  it('fold: knows where everything came from', () => {
    const { text, starts, ends } = foldWithOffsets('Aß e\u0301!')
    expect(text).toBe('ass e!')
    expect(starts).toEqual([0, 1, 1, 2, 3, 5])
    expect(ends).toEqual([1, 2, 2, 3, 5, 6])
  })
})

describe('terms of a message', () => {
  it.each([
    ['Hello, World', "'hello':2 'world':3"],
    ['a b a', "'a':2,4 'b':3"],
    ['上海东', "'上海':2 '海东':3 '东':4"],
    ['iPhone手机', "'iphone':2 '手机':3 '机':4"],
    ['C++ #a', "'c':2 '++':2 '#':2 'a':3"],
    ['🎉🎉', "'🎉🎉':1"],
    ["“…” - \\'", ''],
    ['\ud800 \0', ''],
  ])('toTsvector: %s', (text, vector) => {
    expect(toTsvector(text)).toBe(vector)
  })

  it('toTsvector: tags are quoted, and are no words', () => {
    expect(toTsvector('a', ["it's", 'b\\c'])).toBe("'a':2 '/it''s' '/b\\\\c'")
  })
})

describe('queries', () => {
  const inPostgres = (query: string) => {
    const parsed: ParsedQuery = parseQuery(query)
    return isSearch(parsed) ? toTsquery(parsed).replaceAll(/ \| '\/crowded'[^)]*/g, '') : parsed.kind
  }

  it.each([
    ['one two', "'one':* & 'two':*"],
    ['One ONE "one"', "'one':* & 'one'"],
    ['"one two" three', "('one' <1> 'two') & 'three':*"],
    ['“one two„ «three» 「四五」', "('one' <1> 'two') & 'three' & '四五'"],
    ['„one‟-two', "'one' & 'two':*"],
    ['one -"two three', "'one':* & 'three':* & !('two':*)"],
    ['one "two three', "'one':* & 'two':* & 'three':*"],
    ['one -two -"three four"', "'one':* & !('two':*) & !('three' <1> 'four')"],
    ['one - two', "'one':* & 'two':*"],
    ['one --two', "'one':* & 'two':*"],
    ['one -> two', "'one':* & '>':* & 'two':*"],
    ['one -🎉', "'one':* & !('🎉':*)"],
    ['(one) [two]', "'one':* & 'two':*"],
    ['foo-bar', "('foo' <1> 'bar':*)"],
    ['a@b.org', "('a' <1> 'b' <1> 'org':*)"],
    ['C#', "('c' <0> '#':*)"],
    ['上', "'上':*"],
    ['"上"', "'上':*"],
    ['上海东', "('上海' <1> '海东')"],
    ['上海iPhone', "('上海' <2> 'iphone':*)"],
    ['我iPhone', "('我':* <1> 'iphone':*)"],
    ['-one', 'onlyExcluded'],
    ['-"one two" -three', 'onlyExcluded'],
    ['"', 'empty'],
    ['-', 'empty'],
    ['…', 'empty'],
    ['""', 'empty'],
    ['-""', 'empty'],
    ['', 'empty'],
  ])('parseQuery: %s', (query, expected) => {
    expect(inPostgres(query)).toBe(expected)
  })

  it('toTsquery: asks for tags and, in messages too full for phrases, for the words alone', () => {
    const query = parseQuery('a-b')
    if (!isSearch(query)) throw new Error('not a search')
    expect(toTsquery(query, ['has:link'])).toBe("'/has:link' & ('a' <1> 'b':* | '/crowded' & 'a' & 'b':*)")
  })

  it('parseQuery: is bounded', () => {
    const count = (query: string) => {
      const parsed = parseQuery(query)
      if (!isSearch(parsed)) throw new Error('not a search')
      const phrases = [...parsed.phrases, ...parsed.excluded]
      return { phrases: phrases.length, terms: phrases.flatMap(({ terms }) => terms).length }
    }
    expect(count(Array.from({ length: 100 }, (_, index) => `w${index}`).join(' '))).toEqual({ phrases: 40, terms: 40 })
    expect(count('ﷺ'.repeat(200))).toEqual({ phrases: 1, terms: 256 })
  })
})
