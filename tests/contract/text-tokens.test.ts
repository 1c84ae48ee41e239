import { describe, expect, it } from 'vitest'
import { limits } from '../../src/contract/rules'
import { findMentionBeingTyped, findMentions, hasCode, hasLink, isMentioned, splitText } from '../../src/contract/text-tokens'

const named = (text: string, mentions: string[]) =>
  splitText(text, mentions).flatMap((token) => (token.type === 'mention' ? [token.text] : []))
const linked = (text: string) => splitText(text, []).flatMap((token) => (token.type === 'link' ? [token.url] : []))

describe('mentions', () => {
  it.each([
    ['Hi @ada', ['ada']],
    ['Hi @Ada, hi @BEN', ['ada', 'ben']],
    ['@ada,', ['ada']],
    ['(@ada)', ['ada']],
    ['"@ada"', ['ada']],
    ['@ada: look', ['ada']],
    ['a\n@ada\nb', ['ada']],
    ['@ada @ada', ['ada']],
    // Who ends their name in a full stop is meant by "@ada." as well as who does not.
    ['Ask @ada.', ['ada.', 'ada']],
    ['Ask @a.b...', ['a.b...', 'a.b']],
    ['@ada-', ['ada-', 'ada']],
    ['@room', ['@room']],
    ['Dinner @Room!', ['@room']],
    ['Dinner @room.', ['room.', '@room']],
    ['@roommate', ['roommate']],
    ['ada@example.org', []],
    ['first.last-@example.org', []],
    ['@@ada', []],
    ['é@ada', []],
    ['@a', []],
    ['@a.', ['a.']],
    ['@', []],
    ['nobody', []],
    // In links and code the @ means something else.
    ['https://video.example/@bob', []],
    ['see https://video.example/@bob and @ada', ['ada']],
    ['run `npm i @types/node` @ada', ['ada']],
    ['``a ` @bob`` @ada', ['ada']],
    ['```\n@bob\n``` @ada', ['ada']],
    ['it’s 5` @ada', ['ada']],
    ['`a\n@ada`', ['ada']],
    ['``` @ada', ['ada']],
  ])('in %j', (text, mentions) => {
    expect(findMentions(text)).toEqual(mentions)
  })

  it('are found in what only looks like a link', () => {
    expect(findMentions('http://[/@ada http://[[/@ben')).toEqual(['ada', 'ben'])
  })

  it.each([
    ['brackets', `@ada ${'http://['.repeat(250)}${')'.repeat(1_990)}`],
    ['full stops', `@ada ${'http://['.repeat(250)}${'.'.repeat(1_990)}`],
    ['one link', `@ada http://a.example/${')'.repeat(3_970)}`],
    ['backticks', `@ada ${'` ``@a'.repeat(600)}`],
  ])('are found quickly in a text of many %s', (_, text) => {
    const startedAt = performance.now()
    expect(findMentions(text)).toContain('ada')
    expect(performance.now() - startedAt).toBeLessThan(100)
  })

  it('stop counting at the limit', () => {
    const text = Array.from({ length: limits.mentionsPerMessage + 10 }, (_, index) => `@user${index}`).join(' ')
    expect(findMentions(text)).toHaveLength(limits.mentionsPerMessage)
  })

  it('are highlighted where the server took them for members of the room, and nowhere else', () => {
    expect(named('Ask @ada or @Ben, not @cyd', ['ada', 'ben'])).toEqual(['@ada', '@Ben'])
    expect(named('Thanks @ada. And @a.b. too', ['ada', 'a.b'])).toEqual(['@ada', '@a.b'])
    expect(named('@room: dinner', ['@room'])).toEqual(['@room'])
    expect(named('dinner @room.', ['@room'])).toEqual(['@room'])
    expect(named('mail ada@example.org, @@ada', ['ada', 'example.org'])).toEqual([])
    expect(named('@roommate and @room', ['roommate'])).toEqual(['@roommate'])
    expect(named('https://video.example/@bob `@bob` @bob', ['bob'])).toEqual(['@bob'])
  })

  it('are highlighted exactly where the server finds them', () => {
    const pieces = ['@ada', '@Ben.', '@room', 'x@cyd', ' ', '\n', '(', ')', '`', '```', 'https://a.example/', '。', '請', '@', '.', ',']
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = randomFrom(seed)
      const text = Array.from({ length: 1 + random(12) }, () => pieces[random(pieces.length)]).join('')
      const mentions = findMentions(text)
      const tokens = splitText(text, mentions)
      const found = new Set(tokens.flatMap((token) => (token.type === 'mention' ? [token.name] : [])))
      expect(tokens.map((token) => token.text).join(''), `seed ${seed}`).toBe(text)
      // Of two readings of one mention, "ben." and "ben", only the first can be highlighted.
      const highlightable = mentions.filter((name) => !mentions.some((other) => other !== name && other.replace(/[.-]+$/, '') === name))
      for (const name of highlightable) if (name !== '@room') expect(found, `seed ${seed}: ${JSON.stringify(text)}`).toContain(name)
      for (const name of found) expect(mentions, `seed ${seed}`).toContain(name)
    }
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
    ['hello @be ', null],
    ['mail me@be', null],
    ['https://video.example/@be', null],
    ['https://video.example/ @be', { query: 'be', at: 23 }],
  ])('being typed: %j', (text, expected) => {
    expect(findMentionBeingTyped(text)).toEqual(expected)
  })
})

describe('links', () => {
  it.each([
    ['https://example.com', ['https://example.com']],
    ['HTTP://example.com/A', ['HTTP://example.com/A']],
    ['see https://example.com/a, and https://example.com/b.', ['https://example.com/a', 'https://example.com/b']],
    ['(https://example.com/a)', ['https://example.com/a']],
    ['https://example.com/a_(b)', ['https://example.com/a_(b)']],
    ['(see https://example.com/a_(b).)', ['https://example.com/a_(b)']],
    ['https://example.com/a?b=c&d=[e]!', ['https://example.com/a?b=c&d=[e]']],
    ['<https://example.com/a>', ['https://example.com/a']],
    ['"https://example.com/a"', ['https://example.com/a']],
    ['`https://example.com/a`', ['https://example.com/a']],
    ['https://example.com/@bob', ['https://example.com/@bob']],
    ['（https://example.com/a）', ['https://example.com/a']],
    ['「https://example.com」です', ['https://example.com']],
    ['https://example.com/a，然后', ['https://example.com/a']],
    // A browser takes the ideographic full stop for a dot: this would be another host.
    ['https://example.com。ログイン', ['https://example.com']],
    ['https://', []],
    ['https://[', []],
    ['http://[http://[ http://example.com/)))', ['http://example.com/']],
    ['javascript:alert(1)', []],
    ['ftp://example.com', []],
    ['www.example.com', []],
    ['example.com/a', []],
  ])('in %j', (text, links) => {
    expect(linked(text)).toEqual(links)
    expect(hasLink(text)).toBe(links.length > 0)
  })
})

describe('code', () => {
  it.each([
    ['run `npm start` now', true],
    ['``a ` b``', true],
    ['```\nlet a\n```', true],
    ['`a\nb`', false],
    ['a ` b', false],
    ['``', false],
    ['no code', false],
  ])('in %j: %s', (text, expected) => {
    expect(hasCode(text)).toBe(expected)
    expect(hasCode(text)).toBe(expected)
  })
})

/** A small generator with a seed, so that a failure can be repeated. */
function randomFrom(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return Math.floor((state / 2 ** 32) * below)
  }
}
