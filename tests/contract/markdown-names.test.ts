import { describe, expect, it } from 'vitest'
import { findMentionBeingTyped, findMentions, hasCode, hasLink } from '../../src/contract/markdown/mentions'
import { isMentioned, mentionedName } from '../../src/contract/markdown/names'
import { parseText } from '../../src/contract/markdown/parse-text'
import { eachInline, type Inline } from '../../src/contract/markdown/tree'
import { limits } from '../../src/contract/rules'
import { linkTexts, members, mentionTexts } from './written-texts'

function inlinesOf(text: string): Inline[] {
  const inlines: Inline[] = []
  eachInline(parseText(text), (inline) => {
    inlines.push(inline)
  })
  return inlines
}

/** The members and "@room", as the database takes them from what a text mentions. */
const stored = (text: string): string[] => {
  const names = findMentions(text).flatMap(
    (readings) => readings.split(' ').find((name) => name === '@room' || members.includes(name)) ?? [],
  )
  return [...new Set(names)].sort(byName)
}

const highlighted = (text: string): string[] => {
  const names = inlinesOf(text).flatMap((inline) => (inline.type === 'mention' ? (mentionedName(inline, stored(text))?.name ?? []) : []))
  return [...new Set(names)].sort(byName)
}

const byName = (a: string, b: string) => Number(a === '@room') - Number(b === '@room') || a.localeCompare(b)

/** The members whose names are offered while somebody types the text. */
const suggested = (text: string): string[] => {
  const names = new Set<string>()
  for (let caret = 1; caret <= text.length; caret++) {
    const typed = findMentionBeingTyped(text.slice(0, caret))
    for (const name of [...members, 'room']) if (typed?.query.toLowerCase() === name) names.add(name === 'room' ? '@room' : name)
  }
  return [...names]
}

describe('mentions', () => {
  it.each(mentionTexts)('in %j', (text, names) => {
    expect(stored(text)).toEqual(names)
    expect(highlighted(text)).toEqual(names)
    // While a name is typed, those that begin the same are offered too; never anybody where nobody can be mentioned,
    // unless what follows makes it a link.
    const offered = suggested(text)
    for (const name of names) expect(offered).toContain(name)
    if (names.length === 0 && !/@(?:ada_x|bobby|room)|^\[/.test(text)) expect(offered).toEqual([])
  })

  it('stop counting at the limit', () => {
    const text = Array.from({ length: limits.mentionsPerMessage + 10 }, (_, index) => `@user${index}`).join(' ')
    expect(findMentions(text)).toHaveLength(limits.mentionsPerMessage)
  })

  it('have few readings each, the longest first', () => {
    expect(findMentions('@bob-san.Thanks')).toEqual(['bob-san.thanks bob-san bob'])
    const [many = ''] = findMentions(`@${'a.'.repeat(16)}`)
    expect(many.split(' ')).toHaveLength(8)
    expect(findMentions(`@${'a'.repeat(33)}`)).toEqual([])
  })

  it('are for a reader by name or as everybody', () => {
    expect(isMentioned('ada', ['ada'])).toBe(true)
    expect(isMentioned('ada', ['@room'])).toBe(true)
    expect(isMentioned('ada', ['ben'])).toBe(false)
  })

  it.each([
    ['hello @be', { query: 'be', at: 6 }],
    ['@', { query: '', at: 0 }],
    ['(@Zoë', { query: 'Zoë', at: 1 }],
    ['请@山', { query: '山', at: 1 }],
    ['hello @be ', null],
    ['mail me@be', null],
    ['https://video.example/@be', null],
    ['https://video.example/ @be', { query: 'be', at: 23 }],
    ['`@be', null],
    ['```\n@be', null],
    ['`a` @be', { query: 'be', at: 4 }],
  ])('being typed: %j', (text, expected) => {
    expect(findMentionBeingTyped(text)).toEqual(expected)
  })
})

describe('links', () => {
  it.each(linkTexts)('in %j', (text, urls) => {
    expect(inlinesOf(text).flatMap((inline) => (inline.type === 'link' ? [inline.url] : []))).toEqual(urls)
    expect(hasLink(text)).toBe(urls.length > 0)
  })
})

describe('code', () => {
  it.each([
    ['run `npm start` now', true],
    ['``a ` b``', true],
    ['```\nlet a\n```', true],
    ['> ```\n> let a\n> ```', true],
    ['- ```\n  let a\n  ```', true],
    ['`a\nb`', false],
    ['a ` b', false],
    ['``', false],
    ['no code', false],
  ])('in %j: %s', (text, expected) => {
    expect(hasCode(text)).toBe(expected)
  })
})
