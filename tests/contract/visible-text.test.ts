import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../src/contract/rules'
import { line, messageText } from '../../src/contract/text'
import { cleanLine, findLineFault, hasVisibleCharacter, qualifyEmoji } from '../../src/contract/visible-text'

const name = line(1, limits.displayName)
const faultOf = (schema: typeof name | typeof messageText, value: string) => schema.safeParse(value).error?.issues[0]?.message ?? null

/** What shows nothing, each alone. */
const blanks: [what: string, text: string][] = [
  ['spaces of every width', ' \t\u00A0\u1680\u2000\u2009\u200A\u202F\u205F\u3000'],
  ['line breaks', '\n\r\v\f\u0085\u2028\u2029'],
  ['controls', '\u0001\u001B\u007F\u009F'],
  ['a zero width space', '\u200B'],
  ['joiners', '\u200C\u200D'],
  ['a word joiner', '\u2060'],
  ['a byte order mark', '\uFEFF'],
  ['a soft hyphen', '\u00AD'],
  ['a grapheme joiner', '\u034F'],
  ['direction marks', '\u200E\u200F\u061C'],
  ['direction overrides', '\u202A\u202B\u202D\u202E\u202C'],
  ['direction isolates', '\u2066\u2067\u2068\u2069'],
  ['invisible operators', '\u2061\u2062\u2063\u2064'],
  ['deprecated format characters', '\u206A\u206F'],
  ['Hangul fillers', '\u115F\u1160\u3164\uFFA0'],
  ['a blank Braille pattern', '\u2800'],
  ['variation selectors', '\uFE00\uFE0E\uFE0F\u{E0100}\u{E01EF}'],
  ['Mongolian selectors', '\u180B\u180E\u180F'],
  ['tags', '\u{E0001}\u{E0041}\u{E007F}'],
  ['Khmer inherent vowels', '\u17B4\u17B5'],
  ['marks without a letter', '\u0301\u0308\u20DD\u0E31\u064B'],
  ['shorthand and musical format characters', '\u{1BCA0}\u{1D173}\u{1D159}'],
  ['a blank hieroglyph', '\u{13441}\u{13442}'],
  ['interlinear annotations and the object replacement', '\uFFF9\uFFFA\uFFFB\uFFFC'],
  ['noncharacters', '\uFDD0\uFFFE\u{10FFFF}'],
  ['reserved ignorable code points', '\u2065\uFFF0\u{E0FFF}'],
  ['private use', '\uE000\u{F0000}'],
]

describe('what a person can see', () => {
  it.each(blanks)('%s show nothing, alone or together', (_, text) => {
    expect(hasVisibleCharacter(text)).toBe(false)
    for (const character of text) {
      expect(hasVisibleCharacter(character)).toBe(false)
      expect(faultOf(messageText, character)).not.toBeNull()
      expect(faultOf(name, character)).not.toBeNull()
      expect(hasVisibleCharacter(`${character}a${character}`)).toBe(true)
    }
  })

  it('no mixture of them shows anything', () => {
    const blank = fc.constantFrom(...blanks.flatMap(([, text]) => [...text]))
    fc.assert(fc.property(fc.array(blank, { minLength: 1, maxLength: 50 }), (characters) => !hasVisibleCharacter(characters.join(''))))
  })

  it.each(['a', '0', '.', '-', '日', 'ب', 'क', '👍', '❤', '👨‍👩‍👧', '🇩🇪', '\u0301a', '\u{1FAE9}', '\uFFFD', '♥', '｡', '़क'])(
    '%j is visible',
    (text) => {
      expect(hasVisibleCharacter(text)).toBe(true)
      expect(faultOf(messageText, text)).toBeNull()
    },
  )
})

describe('the text of a message', () => {
  it.each([
    ['hello', 'hello'],
    ['hello  \n\t ', 'hello'],
    ['\n\n  hello', '  hello'],
    ['\r\n \t\r\n    code\n      more\n\n', '    code\n      more'],
    ['    indented', '    indented'],
    ['\u3000日本', '\u3000日本'],
    ['\u2028\u2029 a', ' a'],
    ['a\n\n\nb', 'a\n\n\nb'],
    ['a \nb', 'a \nb'],
    ['\u200Ea\u202Eb', '\u200Ea\u202Eb'],
    ['e\u0301', 'e\u0301'],
  ])('%j is stored as %j', (text, stored) => {
    expect(messageText.parse(text)).toBe(stored)
  })

  it('is not longer than the limit once it is cut', () => {
    expect(messageText.parse(`\n${'x'.repeat(limits.messageText)}  `)).toHaveLength(limits.messageText)
    expect(faultOf(messageText, 'x'.repeat(limits.messageText + 1))).toMatch(/at most/)
  })

  it('is cut to the same text when it is cut again', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t', 'a', '\u2028', '\u3000') }), (text) => {
        const { data } = messageText.safeParse(text)
        return data === undefined || (messageText.parse(data) === data && text.includes(data))
      }),
    )
  })
})

describe('a name', () => {
  it.each([
    ['  Ada   Lovelace ', 'Ada Lovelace'],
    ['Ada\u00A0\u2003Lovelace', 'Ada Lovelace'],
    ['Ada\tLovelace', 'Ada Lovelace'],
    ['Ada\n', 'Ada'],
    ['Jose\u0301', 'José'],
    ['\uFEFFAda', 'Ada'],
  ])('%j is stored as %j', (value, stored) => {
    expect(name.parse(value)).toBe(stored)
    expect(name.parse(stored)).toBe(stored)
  })

  it.each(
    [
      ['José Ñandú', 'Łukasz Żółć', "O'Brien-Smith, Jr.", 'Nguyễn Thị Ánh', 'x'],
      ['山田 太郎', '김철수', 'สมชาย ใจดี', 'Владимир', 'Γιώργος', 'עברית', 'שָׁלוֹם'],
      ['محمد', 'می\u200Cخواهم', 'क्\u200Dष', 'ශ්\u200Dරී', 'ന്\u200D', 'རྒྱལ་མཚན', 'ᠮᠣᠩ\u180B'],
      ['葛\u{E0100}城', '辻\uFE00'],
      ['👍', '👍🏽', '❤️', '❤', '❤\uFE0E', '👩‍❤️‍💋‍👨', '🏳️‍🌈', '🏴‍☠️', '🇩🇪', '1️⃣ first', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'Ada 🧮', '🧑🏽‍🤝‍🧑🏻', '🐻‍❄️', '™️'],
    ].flat(),
  )('may be %j', (value) => {
    expect(name.parse(value)).toBe(value.normalize('NFC'))
  })

  it.each(['a\nb', 'a\r\nb', 'a\u2028b', 'a\u2029b', 'a\u0085b', 'a\vb', 'a\fb'])('is one line: %j', (value) => {
    expect(faultOf(name, value)).toBe('must be one line')
  })

  it.each(
    blanks
      .filter(([what]) => !/spaces|line breaks|marks without|private use/.test(what))
      .flatMap(([what, text]) => [...text].map((character): [string, string] => [what, character])),
  )('has nothing that cannot be seen: %s %j', (_, character) => {
    // At its edges some of them are cut like spaces, but inside none may be.
    expect(faultOf(name, `Ad${character}a`)).toBe("can't have invisible characters")
  })

  it.each([
    'a\u200Cb',
    'a\u200Db',
    '👍\u200Da',
    'а\u200Db',
    '👍\u200D',
    'م\u200C\u200C',
    '3\uFE0F',
    'a\uFE0F',
    '🏴\u{E0061}\u{E007F}',
    '山\u200D',
  ])('has joiners and selectors only where they shape something: %j', (value) => {
    expect(faultOf(name, value)).toBe("can't have invisible characters")
  })

  it.each([`a${'\u0300\u0301\u0302\u0303\u0304'}`, 'a\u0335\u0335', 'Z̸̡̢͓̼̪ͥ̐ǎ͓̻͆lg̵o', '\u0301\u0301\u0301'])('has no pile of marks: %j', (value) => {
    expect(faultOf(name, value)).not.toBeNull()
  })

  it('is never stored with a control, a break or an override in it', () => {
    const character = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 1 }),
      fc.constantFrom(...blanks.flatMap(([, text]) => [...text]), 'a', ' '),
    )
    fc.assert(
      fc.property(fc.array(character, { maxLength: 20 }), (characters) => {
        const { data } = line(0, 64).safeParse(characters.join(''))
        return data === undefined || !/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\u200B\u2060\u00AD\u3164]|^\s|\s$|\s\s/u.test(data)
      }),
      { numRuns: 300 },
    )
  })

  it('that is optional may be empty, but not blank', () => {
    expect(line(0, 10).parse('  ')).toBe('')
    expect(line(0, 10).safeParse('\u2800').success).toBe(false)
    expect(findLineFault('')).toBeNull()
  })

  it('is checked in a moment, however long what was sent is', () => {
    for (const unit of ['\u200D', '👍\u200D', '\u0301', '1\uFE0F', '🏴\u{E0067}'])
      expect(findLineFault(cleanLine(unit.repeat(50_000)))).not.toBeNull()
  })
})

describe('an emoji', () => {
  it.each([
    ['\u2764', '\u2764\uFE0F'],
    ['\u2764\uFE0F', '\u2764\uFE0F'],
    ['\u2764\uFE0E', '\u2764\uFE0F'],
    ['👍', '👍'],
    ['👍\uFE0F', '👍'],
    ['👍🏽', '👍🏽'],
    ['☝🏽', '☝🏽'],
    ['☝', '☝\uFE0F'],
    ['3\u20E3', '3\uFE0F\u20E3'],
    ['3\uFE0F\u20E3', '3\uFE0F\u20E3'],
    ['❤\u200D🔥', '❤\uFE0F\u200D🔥'],
    ['👁\u200D🗨', '👁\uFE0F\u200D🗨\uFE0F'],
    ['🏳\u200D🌈', '🏳\uFE0F\u200D🌈'],
    ['⛹🏽\u200D♂', '⛹🏽\u200D♂\uFE0F'],
    ['👨‍👩‍👧', '👨‍👩‍👧'],
    ['🇩🇪', '🇩🇪'],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['©', '©\uFE0F'],
  ])('%j is stored as %j', (value, stored) => {
    expect(qualifyEmoji(value)).toBe(stored)
    expect(qualifyEmoji(stored)).toBe(stored)
  })

  it.each(['👍👍', '3', '#', '3\uFE0F', 'a', '', '\uFE0F', '\u200D', '👍\u200D', '👍a', '🇩', '❤️❤️'])('%j is none', (value) => {
    expect(qualifyEmoji(value)).toBeNull()
  })
})
