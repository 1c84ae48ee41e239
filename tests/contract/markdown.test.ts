import fc from 'fast-check'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { beforeAll, describe, expect, it } from 'vitest'
import { findMentions } from '../../src/contract/markdown/mentions'
import { parseText } from '../../src/contract/markdown/parse-text'
import { readPlainParagraph } from '../../src/contract/markdown/plain-paragraph'
import { plainText } from '../../src/contract/markdown/plain-text'
import type { Block, Inline } from '../../src/contract/markdown/tree'
import { messageText } from '../../src/contract/text'
import { MessageText } from '../../src/web/room/messages/message-text'
import { loadTextParser } from '../../src/web/room/text/text-parser'
import { linkTexts, mentionTexts } from './written-texts'

beforeAll(loadTextParser)

/** A tree in a few characters: *emphasis*, **strong**, {code}, [link], || spoiler, > quote, - list. */
const drawn = (blocks: readonly Block[]): string => blocks.map(drawBlock).join(' ¶ ')

function drawBlock(block: Block): string {
  switch (block.type) {
    case 'paragraph':
      return block.children.map(drawInline).join('')
    case 'code':
      return `<pre ${block.language}>${block.text}</pre>`
    case 'quote':
      return `<q>${drawn(block.children)}</q>`
    case 'list':
      return `<list>${block.items.map(({ number, children }) => `<${number ?? '•'}>${drawn(children)}`).join('')}</list>`
  }
}

function drawInline(inline: Inline): string {
  switch (inline.type) {
    case 'text':
    case 'mention':
    case 'room':
      return inline.text
    case 'code':
      return `<code>${inline.text}</code>`
    case 'link':
      return `<a>${inline.children.map(drawInline).join('')}</a>`
    default:
      return `<${inline.type}>${inline.children.map(drawInline).join('')}</${inline.type}>`
  }
}

/** All that a tree has, with the addresses behind words and the names of languages. */
const contentOf = (blocks: readonly Block[]): string =>
  blocks
    .map((block) => {
      if (block.type === 'paragraph') return leavesOf(block.children)
      if (block.type === 'code') return `${block.language ?? ''} ${block.text}`
      if (block.type === 'quote') return contentOf(block.children)
      return block.items.map(({ number, children }) => `${number ?? ''} ${contentOf(children)}`).join(' ')
    })
    .join(' ')

const leavesOf = (inlines: readonly Inline[]): string =>
  inlines
    .map((inline) => {
      if (!('children' in inline)) return inline.text
      return inline.type === 'link' && !inline.isBare ? `${leavesOf(inline.children)}${inline.url}` : leavesOf(inline.children)
    })
    .join('')

/** Without spaces, the characters that can be marks, and what links to addresses are given in front. */
const withoutMarks = (text: string) =>
  text
    .replace(/[\s*_~|`>\-•.()[\]\\]/gu, '')
    .toLowerCase()
    .replace(/https:\/\/|mailto:/g, '')

describe('formatting', () => {
  it.each([
    [
      '*a* _b_ **c** __d__ ~~e~~ ***f***',
      '<emphasis>a</emphasis> <emphasis>b</emphasis> <strong>c</strong> <strong>d</strong> <strike>e</strike> <emphasis><strong>f</strong></emphasis>',
    ],
    ['**bold _and italic_**', '<strong>bold <emphasis>and italic</emphasis></strong>'],
    ['`a` ``b ` c`` `` ` ``', '<code>a</code> <code>b ` c</code> <code>`</code>'],
    ['`**a**` **`b`**', '<code>**a**</code> <strong><code>b</code></strong>'],
    ['||a **b**||', '<spoiler>a <strong>b</strong></spoiler>'],
    ['[a *b*](https://example.com)', '<a>a <emphasis>b</emphasis></a>'],
    ['**テスト。**テスト', '<strong>テスト。</strong>テスト'],
    ['Web**設定**を', 'Web<strong>設定</strong>を'],
    ['请_强调_看', '请<emphasis>强调</emphasis>看'],
    ['**“引用”**は', '<strong>“引用”</strong>は'],
    ['\\*a\\* \\`b\\` \\~~c~~', '*a* `b` ~~c~~'],
    ['> a\n> b\nc', '<q>a\nb</q> ¶ c'],
    ['> > a\n> b', '<q><q>a</q> ¶ b</q>'],
    ['- a\n- b\n  - c\n\n- d\ne', '<list><•>a<•>b ¶ <list><•>c</list><•>d</list> ¶ e'],
    ['2. a\n3) b', '<list><2>a<3>b</list>'],
    ['a\n- b', 'a ¶ <list><•>b</list>'],
    ['```js\nlet a\n  b\n```\nc', '<pre js>let a\n  b</pre> ¶ c'],
    ['a: ```\nb\n```', 'a: ¶ <pre null>b</pre>'],
    ['a:\n```\nb', 'a: ¶ <pre null>b</pre>'],
    ['```let a\nb```', '<pre null>let a\nb</pre>'],
    ['- a\n  ```sh\n  b\n    c\n  ```', '<list><•>a ¶ <pre sh>b\n  c</pre></list>'],
    ['> ```\n> a\n> ```', '<q><pre null>a</pre></q>'],
    ['```\n*a* @bob https://example.com\n```', '<pre null>*a* @bob https://example.com</pre>'],
  ])('of %j', (text, tree) => {
    expect(drawn(parseText(text))).toBe(tree)
  })

  it.each([
    'snake_case_name, __init__.py and __main__, _private',
    '5 * 3 * 2 = 30, 2*3*4, 2**8**2, a*b*c',
    ':-) ;-) :* :-* ^_^ hi ^_^ *_* -_- >_< o_O T_T ._. (╯°□°)╯︵ ┻━┻',
    '¯\\_(ツ)_/¯',
    'C:\\_old\\new\\*.txt and \\\\server\\_share_\\a, src\\_a\\_b.ts',
    '**/*.ts src/*_test.go *.md /* comment */',
    'if (a || b || c) x||y||z',
    '# not a heading\n## neither',
    'a\n---\nb\n===',
    '* * *\n- - -\n___',
    '    indented\n      more\n  less',
    'key:\n  - a: 1\n    b: 2',
    '<b>bold</b> <script>alert(1)</script> &amp; &lt; <!-- a -->',
    '![a](b) [a] [a][b] [a]: https',
    '>:( >_> ->> >>> import os',
    '>',
    '+1\n+ a',
    '-1 degrees\n-v --help',
    '2026. It was late.',
    '12:30 3x4 => -> <- != >= |> a~b ~/.bashrc ~~',
    '**not closed, * nor this, ~~nor this, `nor this, ||nor this',
    '****\n** **\n____\n||||\n``',
    'a\n\n\n\nb',
    'regex: \\d+\\.\\w* \\[a\\] C:\\',
    'line\r\nline',
  ])('is none in %j', (text) => {
    expect(drawn(parseText(text))).toBe(text.replaceAll('\r\n', '\n'))
  })
})

describe('plain text', () => {
  it.each([
    ['**a** `b`\n\n> c\n- d\n```js\ne\n```', 'a b c • d e'],
    ['||secret|| and [words](https://example.com)', '▒▒▒▒▒▒ and words'],
    ['1. a\n2. b', '1. a 2. b'],
    ['> ', '>'],
    ['@ada #general', '@ada #general'],
  ])('of %j', (text, plain) => {
    expect(plainText(text)).toBe(plain)
  })
})

const pieces = [
  ...[
    '*',
    '**',
    '_',
    '__',
    '~~',
    '||',
    '`',
    '``',
    '```',
    '\n',
    '\n\n',
    '> ',
    '- ',
    '1. ',
    '  ',
    '\t',
    '[',
    '](',
    ')',
    '\\',
    '(',
    '<',
    '&',
    '!',
  ],
  ...[
    'a',
    'word',
    '@ada',
    '@a.b-',
    '#general',
    'https://example.com/a_b',
    'www.example.com',
    'bob@example.com',
    '[a](https://e.com)',
    '```js\n',
  ],
  ...['中', 'です。', '“', '😀', '👩‍👩‍👧', '\u202E', 'é', 'مرحبا', '\u0301', '\r\n', '\u2028', ' ', 'x||', '\\*', '¯\\_(ツ)_/¯'],
]
const written = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join('')),
  fc.fullUnicodeString({ maxLength: 200 }),
  fc.constantFrom(...[...linkTexts, ...mentionTexts].map(([text]) => text)),
)
const accepted = written.map((text) => messageText.safeParse(text)).filter(({ success }) => success)

describe('any accepted text', () => {
  it('shows everything that was typed but its marks', () => {
    fc.assert(
      fc.property(accepted, ({ data = '' }) => {
        const content = contentOf(parseText(data))
        expect(withoutMarks(content)).toBe(withoutMarks(data))
      }),
      { numRuns: 2_000 },
    )
  })

  it('renders', () => {
    fc.assert(
      fc.property(accepted, ({ data = '' }) => {
        const html = renderToString(createElement(MessageText, { text: data, mentions: ['ada', '@room'], me: 'ada' }))
        expect(html).not.toMatch(/<(?:script|img|iframe|style)|\sstyle=|href="(?!https?:|mailto:)/i)
        expect(typeof plainText(data)).toBe('string')
      }),
      { numRuns: 500 },
    )
  })
})

describe('4,000 hostile characters', () => {
  const fill = (unit: string) => unit.repeat(Math.ceil(4_000 / unit.length)).slice(0, 4_000)
  const units = [
    ...[
      '*',
      '**',
      '*_',
      '*a',
      '_a ',
      '**a** ',
      '`',
      '` ``@a',
      '`a`',
      '[',
      '](',
      '[a](',
      '[a](https://e.com)',
      '||',
      '||a||',
      '~~',
      '>',
      '> ',
      '>\n',
    ],
    ...[
      '- ',
      '- a\n',
      '- *a*\n',
      '  - a\n',
      '1. *a*b_c_\n',
      '\n',
      '```\n',
      '```a\n',
      'a\n```\n',
      '\\*',
      'https://',
      'http://[',
      'https://a.b/((((',
      'a.b.',
    ],
    ...[
      '@',
      '@a',
      '@a.',
      '@a_',
      'a@',
      'a@b.',
      '@room ',
      '#a-',
      '__',
      '.__a',
      '^_',
      '/*',
      '2*',
      '中*',
      '😀*',
      'xn--a.',
      '*a*\n\n',
      '> *a*\n\n',
      'a.com ',
      '*_~|`',
    ],
    ...['@ada http://[', 'https://e.com/{([', "https://e.com/'", 'mailto:a@', '"', '/', '¯\\_(', 'a**b', '*(', '\u202E', '@_'],
  ]

  // Not a measurement: what grows with the square takes seconds here, the worst that is accepted some 20 ms.
  it.each(units)('%j: are read', (unit) => {
    const startedAt = performance.now()
    findMentions(`@ada ${fill(unit)}`)
    parseText(fill(unit))
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('a text that needs no parser', () => {
  const parts = [
    'a',
    'word',
    ' ',
    '  ',
    '. ',
    '.',
    ': ',
    ':',
    '-',
    '- ',
    '1.',
    '1) ',
    '12',
    '\n',
    '/',
    '//',
    '://',
    ',',
    '！',
    '．',
    '。',
    'com',
    'mailto',
    '中',
    '&',
    '(',
    ')',
  ]
  const plainer = fc.array(fc.constantFrom(...parts, ...pieces), { maxLength: 12 }).map((all) => all.join(''))

  it('is read as the parser reads it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          accepted.map(({ data = '' }) => data),
          fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map((all) => all.join('')),
          plainer,
        ),
        (text) => {
          const plain = readPlainParagraph(text)
          if (plain) expect(plain).toEqual(parseText(text))
        },
      ),
      { numRuns: 20_000 },
    )
  })

  it.each(['Good morning. How are you?', 'at 10:30 (or so): 3 of 4, well-known!', 'two\nlines', '好的。明天见', "it's done :)"])(
    '%j is one',
    (text) => {
      expect(readPlainParagraph(text)).toEqual([{ type: 'paragraph', children: [{ type: 'text', text }] }])
    },
  )

  it.each(['**a**', 'see example.com', 'https://e.com', '- a', '1. a', '> a', '`a`', '@ada', '#general', 'a\n\nb', 'mailto:a'])(
    '%j is none',
    (text) => {
      expect(readPlainParagraph(text)).toBeNull()
    },
  )
})
