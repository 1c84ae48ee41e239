import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../src/contract/rules'
import { findMarks } from '../../src/server/search/marks'
import { parseQuery, toTsquery } from '../../src/server/search/query'
import { toTsvector } from '../../src/server/search/terms'
import { type AskPostgres, findAll, isSearch, startPostgres } from './ask-postgres'

let postgres: AskPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.close())

const forms = [(text: string) => text, (text: string) => text.normalize('NFC'), (text: string) => text.normalize('NFD')]

/** Whether it is found however text and query are composed. */
async function finds(query: string, text: string): Promise<boolean> {
  const pairs = forms.flatMap((form) => forms.map((other) => ({ text: form(text), query: other(query) })))
  const found = new Set(await findAll(postgres, pairs))
  if (found.size > 1) throw new Error(`the composition matters for ${query} in ${text}`)
  return found.has(true)
}

const visible: [query: string, text: string][] = [
  // Words and their beginnings.
  ['optio', 'Which options do we have?'],
  ['OPTIONS', 'which options?'],
  ['deploy', 'Deployment is done'],
  ['options which', 'which options?'],
  ['"options do we"', 'Which options do we have?'],
  ["don't", 'I don’t know'],
  ['don’t', "I don't know"],
  ['camelCase', 'a camelCaseName'],
  ['camelcase', 'a camelCaseName'],
  ['snake_case', 'is snake_case_name fine'],
  ['case_name', 'is snake_case_name fine'],
  ['name', 'is snake_case_name fine'],
  ['bold', 'this is **bold** text'],
  ['"is bold text"', 'this is **bold** text'],
  ['gone', 'this is ~~gone~~'],
  ['"is gone now"', 'it is ~~gone~~ now'],
  ['npm', 'run `npm install` first'],
  ['"run npm install first"', 'run `npm install` first'],
  ['`npm install`', 'run npm install first'],
  // Scripts without spaces between words.
  ['项目', '这个项目明天上线'],
  ['上海', '我家在上海东边'],
  ['海', '我家在上海东边'],
  ['边', '我家在上海东边'],
  ['家在上海东', '我家在上海东边'],
  ['東京', '今日は東京タワーに行く'],
  ['京タワ', '今日は東京タワーに行く'],
  ['タワー', '今日は東京タワーに行く'],
  ['に行', '今日は東京タワーに行く'],
  ['회의', '내일 주간회의실에서'],
  ['의', '내일 주간회의실에서'],
  ['내일 회의', '내일 주간회의실에서'],
  ['สวัสดี', 'ขอสวัสดีครับ'],
  ['วัส', 'ขอสวัสดีครับ'],
  ['ດີ', 'ສະບາຍດີເຈົ້າ'],
  ['ភាសា', 'ខ្ញុំនិយាយភាសាខ្មែរ'],
  ['ភាសាខ្មែរ', 'និយាយភាសា\u200bខ្មែរ'],
  ['မြန်မာ', 'ကျွန်တော်မြန်မာစကား'],
  ['iPhone手机', '我的iPhone手机呢'],
  ['的iPhone', '我的iPhone手机呢'],
  ['手机', '我的iPhone手机呢'],
  ['iphone', '我的iPhone手机呢'],
  ['2024年', '我在2024年5月'],
  ['𠮷野', '𠮷野家'],
  ['野家', '𠮷野家'],
  // Addresses, paths and their parts.
  ['https://example.com/a/path?q=1&r=two#part', 'see https://example.com/a/path?q=1&r=two#part, please'],
  ['example.com', 'see https://example.com/a/path?q=1'],
  ['/a/path', 'see https://example.com/a/path?q=1'],
  ['path?q=1', 'see https://example.com/a/path?q=1'],
  ['r=two', 'see https://example.com/a/path?q=1&r=two#part'],
  ['exam', 'see https://example.com/a/path?q=1'],
  ['https://exam', 'see https://example.com/a/path?q=1'],
  ['https://zh.wikipedia.org/wiki/上海', '在 https://zh.wikipedia.org/wiki/上海市 上'],
  ['https://example.com/a%20b', 'https://example.com/a%20b'],
  ['foo', 'it is in /usr/local/bin/foo'],
  ['/usr/local/bin/foo', 'it is in /usr/local/bin/foo'],
  ['local/bin', 'it is in /usr/local/bin/foo'],
  ['C:\\Users\\ada', 'it is in C:\\Users\\ada\\notes.txt'],
  ['notes.txt', 'it is in C:\\Users\\ada\\notes.txt'],
  ['example.org', 'write to ada@example.org'],
  ['ada@example.org', 'write to ada@example.org'],
  ['v1.2', 'released v1.2.3 today'],
  ['1.2.3', 'released 1.2.3 today'],
  ['192.168.0', 'at 192.168.0.17:8080'],
  ['192.168.0.17:8080', 'at 192.168.0.17:8080'],
  ['1,000,000', 'about 1,000,000 of them'],
  ['node.js', 'we use Node.js here'],
  ['.NET', 'we use .NET here'],
  ['foo-bar', 'is foo-bar-baz there'],
  ['--force', 'git push --force'],
  ['a -> b', 'from a -> b'],
  ['"--force"', 'git push --force'],
  ['@ada', 'hi @ada!'],
  ['#release', 'see #release-notes'],
  ['release', 'see #release-notes'],
  ['"see release notes"', 'see #release-notes'],
  ['class="foo"', '<div class="foo bar">'],
  // Symbols and emoji.
  ['C++', 'I write C++ and more'],
  ['C#', 'I write C# and more'],
  ['c', 'I write C# and more'],
  ['a+b', 'so a + b = c'],
  ['=>', 'const f = () => 1'],
  ['==', 'if (a === b)'],
  ['€5', 'it costs €50'],
  ['5€', 'it costs 5 €'],
  ['🎉', 'done🎉'],
  ['🎉', '🎉🎉🎉 yes'],
  ['👍🏽', 'ok 👍🏽'],
  ['👍', 'ok 👍🏽'],
  ['👩‍💻', 'a 👩‍💻 at work'],
  ['👩🏽‍💻', 'a 👩🏽‍💻 at work'],
  ['🇩🇪', 'in 🇫🇷🇩🇪'],
  ['1️⃣', 'first 1️⃣'],
  ['❤', 'I ❤️ it'],
  ['❤️', 'I ❤ it'],
  ['"I it"', 'I ❤ it'],
  ['™', 'Tea™'],
  ['"tea time"', 'Tea™ time'],
  ['5', 'house №5'],
  ['≠', 'a ≠ b'],
]

const folded: [a: string, b: string][] = [
  ['café', 'cafe'],
  ['ＡＢＣ', 'abc'],
  ['ﬁle', 'file'],
  ['ｶﾞｷﾞｸﾞ', 'ガギグ'],
  ['straße', 'STRASSE'],
  ['STRAẞE', 'strasse'],
  ['ΟΔΟΣ', 'οδος'],
  ['οδός', 'ΟΔΟΣ'],
  ['Müller', 'muller'],
  ['ISPARTA', 'ısparta'],
  ['İzmir', 'izmir'],
  ['Łódź', 'lodz'],
  ['smørrebrød', 'smorrebrod'],
  ['мʼята', 'м’ята'],
  ['Hawaiʻi', "Hawai'i"],
  ['ёлка', 'елка'],
  ['Việt Nam', 'viet nam'],
  ['كِتَابٌ', 'كتاب'],
  ['كـــتاب', 'كتاب'],
  ['שָׁלוֹם', 'שלום'],
  ['हिन्दी', 'हिन्दी'],
  ['क़लम', 'क\u093cलम'],
  ['می\u200cخواهم', 'میخواهم'],
  ['soft\u00adware', 'software'],
  ['zero\u200bwidth', 'zerowidth'],
  ['𝐁𝐨𝐥𝐝', 'bold'],
  ['ｆｏｏ／ｂａｒ', 'foo/bar'],
  ['上︀海', '上海'],
  ['한글', '\u1112\u1161\u11ab\u1100\u1173\u11af'],
  ['m²', 'm2'],
  ['25℃', '25°C'],
  ['Å', 'Å'],
]

describe('what is visible in a message', () => {
  it.each(visible)('search: %s is found in %s', async (query, text) => {
    expect(await finds(query, text)).toBe(true)
    expect(await finds(`"${text.replaceAll('"', ' ')}"`, text)).toBe(true)
  })

  it.each(folded)('search: %s finds %s, and the other way round', async (a, b) => {
    for (const [query, text] of [
      [a, b],
      [b, a],
      [a, a],
      [`"${a}"`, `so ${b} it is`],
      [`"${b}"`, `so ${a} it is`],
    ]) {
      expect(await finds(query ?? '', text ?? ''), `${query} in ${text}`).toBe(true)
    }
  })

  it.each([
    ['ptions', 'which options'],
    ['"optio"', 'which options'],
    ['"have options"', 'which options do we have'],
    ['option which -do', 'which options do we have'],
    ['which -opt', 'which options do we have'],
    ['海上', '我家在上海东边'],
    ['上东', '我家在上海东边'],
    ['上海东京', '上海，东京'],
    ['C++', 'C and more'],
    ['C#', 'C and more'],
    ['👍🏽', 'ok 👍'],
    ['👩‍💻', '👩 💻'],
    ['が', 'か'],
    ['foo/bar', 'bar foo'],
    ['example.com', 'com.example'],
    ['=', 'nothing of it'],
    ['/crowded', 'nothing of it'],
  ])('search: %s is not found in %s', async (query, text) => {
    expect(await finds(query, text)).toBe(false)
  })
})

const runs = { numRuns: 40 }
const scripts = ['abcdefg', 'äöüßéñ', 'абвгд', 'αβγς', '上海东边家我', 'ひらがカタ', '한글회의', 'สวัดี', 'हिन्दी', 'كتابِ', 'שלוםָ']
const word = fc.constantFrom(...scripts).chain((script) =>
  // The first is a letter of its own. A mark alone may be nothing.
  fc.array(fc.constantFrom(...script), { maxLength: 11, size: 'max' }).map((letters) => [...script].slice(0, 1).concat(letters).join('')),
)
const url = fc
  .tuple(fc.webUrl({ withQueryParameters: true, withFragments: true, size: 'small' }), fc.boolean())
  .map(([address, upper]) => (upper ? address.toUpperCase() : address))
const piece = fc.oneof({ arbitrary: word, weight: 6 }, { arbitrary: url, weight: 1 })
const space = fc.constantFrom(' ', '\n', ', ', '. ', ' (', ') ', ' **', '** ', ' - ', ' `', ' 🎉 ')
const message = fc.array(fc.tuple(piece, space), { minLength: 1, maxLength: 20, size: 'max' })
const anyText = fc.oneof(
  fc.fullUnicodeString({ maxLength: 60, size: 'max' }),
  fc.string16bits({ maxLength: 30, size: 'max' }),
  fc.stringOf(fc.constantFrom(...`'"\\&|!():*<->–„“«»「」 \n\t/=+#@a上แ가🎉👍🏽\u200d\ufe0f\u0301\u3099`), { maxLength: 60, size: 'max' }),
)
const isUnspaced = /[\p{sc=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Hangul}\p{sc=Thai}]/u

describe('random messages', () => {
  it('search: every word, every pair of characters of a script without spaces, and every address finds its message', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (parts) => {
        const text = parts.flat().join('')
        const queries = parts.flatMap(([part]) => {
          const characters = [...part]
          const pairs = characters.slice(1).map((character, index) => `${characters[index]}${character}`)
          const unspacedPairs = isUnspaced.test(part) ? pairs : []
          return [
            part,
            `"${part}"`,
            ...unspacedPairs,
            ...unspacedPairs.map((pair) => `"${pair}"`),
            ...(isUnspaced.test(part) ? characters : []),
          ]
        })
        const pairs = queries.flatMap((query) => forms.map((form) => ({ text, query: form(query) })))
        const found = await findAll(postgres, pairs)
        expect(pairs.filter((_, index) => !found[index]).map(({ query }) => query)).toEqual([])
      }),
      runs,
    )
  })

  it('search: a word that is in no message finds nothing', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (parts) => {
        const text = parts.flat().join('')
        const queries = ['qqq', '龍', 'ぬめ', 'ㅋ', '🦊', 'https://qqq.example/q', ...parts.map(([part]) => `${part}qqq`)]
        const found = await findAll(
          postgres,
          queries.map((query) => ({ text, query })),
        )
        expect(queries.filter((_, index) => found[index])).toEqual([])
      }),
      runs,
    )
  })

  it('search: Postgres takes any text and any query, and agrees with findMarks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyText, anyText), { minLength: 20, maxLength: 40 }), async (texts) => {
        const pairs = texts.flatMap(([a, b]) => [
          { text: a, query: b },
          { text: a, query: a.slice(0, 20) },
          { text: a + b, query: `"${b}` },
          { text: `${a} ${b}`, query: `"${a}" -${b}` },
        ])
        await findAll(postgres, pairs)
        const tags = texts.flat().map((text) => text.toWellFormed().replaceAll('\0', ''))
        const query = parseQuery('word')
        if (!isSearch(query)) throw new Error('not a search')
        const found = await postgres.matches(
          [toTsvector('a word', tags), toTsvector(tags.join(' '))],
          [toTsquery(query, tags), toTsquery(query, tags)],
        )
        expect(found).toEqual([true, false])
      }),
      runs,
    )
  })
})

describe('limits of Postgres', () => {
  it('search: a word of any length is found by each of its beginnings', async () => {
    for (const letter of ['a', 'é', '𝒳', 'ж', '𐐨', 'हि', '上', '👩\u200d']) {
      // One unit before, so that a surrogate pair is where long words are cut.
      const text = `a${letter.repeat(2_000)}`
      const pairs = [1, 20, 99, 100, 101, 150, 200].map((length) => ({ text: `so ${text} it is`, query: text.slice(0, length) }))
      expect(toTsvector(text).isWellFormed()).toBe(true)
      expect(await findAll(postgres, pairs), letter).toEqual(pairs.map(() => true))
    }
  })

  it('search: a phrase is found wherever it is among words that are repeated hundreds of times', async () => {
    const addresses = Array.from({ length: 330 }, (_, index) => `10.0.0.${index}`).join(' ')
    const laughter = `${'哈'.repeat(1_000)}笑死${'哈'.repeat(1_000)}`
    const found = [
      { text: addresses, query: '10.0.0.299' },
      { text: addresses, query: '"10.0.0.329"' },
      { text: laughter, query: '哈哈笑死哈' },
      { text: '㌖'.repeat(4_000), query: 'ロメートル' },
      { text: `${'㌖'.repeat(3_000)} the end`, query: '"the end"' },
      { text: `${'㌖'.repeat(3_000)} the end+`, query: 'キロ -the+' },
    ]
    const notFound = [
      { text: addresses, query: '10.0.0.330' },
      { text: addresses, query: '10.0.0.299 -"10.0.0.300"' },
      { text: laughter, query: '笑死笑' },
    ]
    expect(await findAll(postgres, found)).toEqual(found.map(() => true))
    expect(await findAll(postgres, notFound)).toEqual(notFound.map(() => false))
  })

  it('search: a message and a query of hostile characters are fine', async () => {
    for (const character of ['哈', 'a ', '+', 'ﷺ', '㌖', '👩\u200d', 'e\u0301', '\u0301', '"', '-', '=+', '"a ', 'x\u200b', '\ud800']) {
      const text = character.repeat(4_000).slice(0, 2 * limits.messageText)
      const query = parseQuery(text.slice(0, 2 * limits.messageQuery))
      const vector = toTsvector(text)
      await postgres.matches([vector], [isSearch(query) ? toTsquery(query) : "'none'"])
      if (isSearch(query)) expect(findMarks(text, query), character).not.toBeNull()
    }
  })
})
