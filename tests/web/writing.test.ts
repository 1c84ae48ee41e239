import { describe, expect, it } from 'vitest'
import { findMentionBeingTyped } from '../../src/contract/markdown/mentions'
import { findCommand, findUnknownCommand } from '../../src/web/room/composer/commands'
import { findClosedShortcode, findTrigger } from '../../src/web/room/composer/completion-trigger'
import { readPastedCode } from '../../src/web/room/composer/pasted-text'
import {
  breakLine,
  fenceAround,
  fenced,
  isInCode,
  linkSelection,
  type TextChange,
  toggleMark,
  type Writing,
} from '../../src/web/room/composer/writing'

/** A text with what is selected between two bars; with one bar, the caret. */
function read(marked: string): Writing {
  const start = marked.indexOf('|')
  const end = marked.lastIndexOf('|')
  return { text: marked.replaceAll('|', ''), start, end: end === start ? start : end - 1 }
}

function show({ text }: Writing, change: TextChange | null): string {
  if (!change) return 'no change'
  const { from, to, insert, start, end } = change
  const next = text.slice(0, from) + insert + text.slice(to)
  return start === end
    ? `${next.slice(0, start)}|${next.slice(start)}`
    : `${next.slice(0, start)}|${next.slice(start, end)}|${next.slice(end)}`
}

const applied = (marked: string, act: (writing: Writing) => TextChange | null) => show(read(marked), act(read(marked)))

describe('formatting keys', () => {
  it.each([
    ['|some words|', '**', '**|some words|**'],
    ['**|some words|**', '**', '|some words|'],
    ['|**some words**|', '**', '|some words|'],
    ['a | b |c', '**', 'a  **|b|** c'],
    ['**|bold|**', '*', '***|bold|***'],
    ['***|both|***', '*', '**|both|**'],
    ['***|both|***', '**', '*|both|*'],
    ['**|bold|**', '~~', '**~~|bold|~~**'],
    ['|one\n\n two|', '~~', '|~~one~~\n\n ~~two~~|'],
    ['a |', '`', 'a `|`'],
    ['`|code|`', '`', '|code|'],
  ])('%j with %s becomes %j', (marked, mark, expected) => {
    expect(applied(marked, (writing) => toggleMark(writing, mark))).toBe(expected)
  })

  it.each([
    ['|', '```ts\n|\n```'],
    ['see |', 'see \n```ts\n|\n```'],
    ['see\n||', 'see\n```ts\n|\n```'],
    ['|a\n  b|', '```ts\na\n  b\n```|'],
    ['|a ``` b|', '````ts\na ``` b\n````|'],
    ['|a| after', '```ts\na\n```\n| after'],
  ])('a block of code: %j becomes %j', (marked, expected) => {
    const { text, start, end } = read(marked)
    expect(applied(marked, (writing) => fenced(text.slice(start, end), writing, 'ts'))).toBe(expected)
  })
})

describe('a new line', () => {
  it.each([
    ['words|', 'words\n|'],
    ['- one|', '- one\n- |'],
    ['  * one|', '  * one\n  * |'],
    ['9. nine|', '9. nine\n10. |'],
    ['1) one|', '1) one\n2) |'],
    ['> said|', '> said\n> |'],
    ['- one\n- |', '- one\n|'],
    ['- one |two|', '- one \n- |'],
    ['-not a list|', '-not a list\n|'],
    ['3.14|', '3.14\n|'],
    ['```\n  - code|\n```', '```\n  - code\n  |\n```'],
    ['```\n\tif|', '```\n\tif\n\t|'],
  ])('%j becomes %j', (marked, expected) => {
    expect(applied(marked, breakLine)).toBe(expected)
  })
})

describe('code being written', () => {
  it.each([
    ['```\n|a\n```', true],
    ['```js|\na\n```', false],
    ['```\na\n```|', false],
    ['```\na\n```\nb|', false],
    ['```\na|', true],
    ['````\n```\na|', true],
    ['~~~\n```\n~~~\na|', false],
    ['|```\na', false],
  ])('fence around %j: %s', (marked, expected) => {
    const { text, start } = read(marked)
    expect(fenceAround(text, start) !== null).toBe(expected)
  })

  it.each([
    ['a `b|', true],
    ['a `b` c|', false],
    ['a ``b|', true],
    ['```js|', true],
    ['a `b\nc|', false],
  ])('code at %j: %s', (marked, expected) => {
    const { text, start } = read(marked)
    expect(isInCode(text, start)).toBe(expected)
  })
})

describe('pasting', () => {
  const paste = (plain: string, { html = '', editor = '' } = {}) => readPastedCode({ plain, html, editor })

  it.each([
    'function add(a, b) {\n  return a + b\n}',
    'def add(a, b):\n    return a + b\n\nprint(add(1, 2))',
    '#include <stdio.h>\nint main() {\n  return 0;\n}',
    '<ul>\n  <li>one</li>\n</ul>',
    '{\n  "name": "roomline",\n  "private": true\n}',
    'for i in 1 2 3; do\n\techo $i\n\tdate\ndone',
  ])('looks like code: %j', (plain) => {
    expect(paste(plain)).toEqual({ language: '' })
  })

  it.each([
    'One line; it ends here {',
    'Dear all,\n\nthe meeting is at ten.\nBring cake.\n\nAda',
    '- milk\n- bread\n  - brown\n  - white\n- eggs',
    '1. first\n2. second',
    '> said Ben\n\nI agree.',
    'The town\n  has one river\nand two bridges\nand three towers\nand four gates\nand a wall.',
    '```\nconst a = 1;\nconst b = 2;\n```',
  ])('is text: %j', (plain) => {
    expect(paste(plain)).toBeNull()
  })

  it('comes from an editor, whose language it keeps', () => {
    expect(paste('a\nb', { editor: '{"version":1,"mode":"typescript"}' })).toEqual({ language: 'typescript' })
    expect(paste('a\nb', { editor: '{"mode":"typescriptreact"}' })).toEqual({ language: 'tsx' })
    expect(paste('a\nb', { editor: '{"mode":"a b`"}' })).toEqual({ language: '' })
    expect(paste('a\nb', { html: '<div><pre class="x">a\nb</pre></div>' })).toEqual({ language: '' })
    expect(paste('Dear all,\nhello', { editor: '{"mode":"plaintext"}' })).toBeNull()
    expect(paste('a', { editor: '{"mode":"typescript"}' })).toBeNull()
    expect(paste('a\nb', { editor: 'nonsense' })).toBeNull()
  })

  it.each([
    ['see |here|', 'https://example.com/a_(b)', 'see [here](https://example.com/a_%28b%29)|'],
    ['see |', 'https://example.com', 'no change'],
    ['|https://example.org|', 'https://example.com', 'no change'],
    ['|two\nlines|', 'https://example.com', 'no change'],
    ['|here|', 'javascript:alert(1)', 'no change'],
    ['|here|', 'https://example.com and more', 'no change'],
    ['`|here|`', 'https://example.com', 'no change'],
  ])('an address over a selection: %j and %s become %j', (marked, url, expected) => {
    expect(applied(marked, (writing) => linkSelection(writing, url))).toBe(expected)
  })
})

describe('what is being typed', () => {
  it.each([
    ['hi @be', { kind: 'person', at: 3, query: 'be' }],
    ['@', { kind: 'person', at: 0, query: '' }],
    ['see #Gen', { kind: 'room', at: 4, query: 'gen' }],
    ['(#', { kind: 'room', at: 1, query: '' }],
    ['so :tad', { kind: 'emoji', at: 3, query: 'tad' }],
    [':+1', { kind: 'emoji', at: 0, query: '+1' }],
  ] as const)('%j is %j', (typed, expected) => {
    expect(findTrigger(typed, { findMention: findMentionBeingTyped })).toEqual(expected)
  })

  it.each([
    'hello',
    'mail me@example',
    'at 10:30',
    'at 10:30:45',
    'so :)',
    'so :d',
    'https://example.com/#part',
    'C#',
    '/top',
    '`@be',
    '```\n@be',
    '```js\n:tad',
    '@be ',
  ])('%j is nothing', (typed) => {
    expect(findTrigger(typed, { findMention: findMentionBeingTyped })).toBeNull()
  })

  it('a slash is a command only at the beginning, and only where there are commands', () => {
    expect(findTrigger('/Top', { hasCommands: true })).toEqual({ kind: 'command', at: 0, query: 'top' })
    expect(findTrigger('a /top', { hasCommands: true })).toBeNull()
    expect(findTrigger('/etc/passwd', { hasCommands: true })).toBeNull()
  })

  it.each([
    ['so :tada:', { at: 3, name: 'tada' }],
    [':+1:', { at: 0, name: '+1' }],
    ['10:30:', null],
    ['`:tada:', null],
    ['::', null],
  ])('closed: %j is %j', (typed, expected) => {
    expect(findClosedShortcode(typed)).toEqual(expected)
  })

  it('commands: found with what follows; unknown ones are named, paths are not', () => {
    const topic = { name: 'topic', takes: 'text', does: '' }
    expect(findCommand('/topic  New things \n', [topic])).toEqual({ command: topic, rest: 'New things' })
    expect(findCommand('/TOPIC', [topic])).toEqual({ command: topic, rest: '' })
    expect(findCommand('/topical', [topic])).toBeNull()
    expect(findCommand('the /topic', [topic])).toBeNull()
    expect(findUnknownCommand('/nope hello', [topic])).toBe('nope')
    expect(findUnknownCommand('/etc/passwd', [topic])).toBeNull()
    expect(findUnknownCommand('/top', [topic])).toBeNull()
    expect(findUnknownCommand('no /nope', [topic])).toBeNull()
  })
})
