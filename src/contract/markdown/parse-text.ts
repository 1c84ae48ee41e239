import { parseInlines } from './inlines'
import { type MarkBudget, newMarkBudget } from './marks'
import type { Block } from './tree'

/** Deeper quotes and lists are text. */
const maxDepth = 5

const quoteLine = /^ {0,3}(?:>(?:[ \t]|$)|>(?=> ))/
const itemLine = /^(?<indent>[ \t]*)(?<marker>[-*•]|(?<number>\d{1,3})[.)])(?<space>[ \t]+)(?=\S)/
/** "* * *" and "- - -" are lines that people draw. */
const drawnLine = /^[ \t]*[-*_](?:[ \t]*[-*_])*[ \t]*$/
/** Three backticks that are not closed in their line, with one word for the language. */
const fenceLine = /^(?<before>(?:[^`]|`{1,2}(?!`))*?)(?<fence>`{3,})[ \t]*(?<language>[\w+#.-]*)[ \t]*$/

/** Reads a message. Never throws; takes a few milliseconds for the worst of 4,000 characters. */
export function parseText(text: string): Block[] {
  return parseLines(text.split(/\r\n|[\n\r\u2028\u2029]/), newMarkBudget(), 0)
}

/** Where reading stands. */
interface Reading {
  lines: readonly string[]
  blocks: Block[]
  /** Lines of the paragraph so far. */
  written: string[]
  budget: MarkBudget
  depth: number
}

function parseLines(lines: readonly string[], budget: MarkBudget, depth: number): Block[] {
  const reading: Reading = { lines, blocks: [], written: [], budget, depth }
  for (let at = 0; at < lines.length; ) {
    const next = (depth < maxDepth ? (readQuote(reading, at) ?? readList(reading, at)) : null) ?? readCode(reading, at)
    if (next === null) reading.written.push(lines[at] ?? '')
    at = next ?? at + 1
  }
  finishParagraph(reading)
  return reading.blocks
}

function finishParagraph(reading: Reading): void {
  const paragraph = toParagraph(reading.written, reading.blocks.length > 0, reading.budget)
  if (paragraph) reading.blocks.push(paragraph)
  reading.written = []
}

/** Blank lines between a paragraph and another block are the space between them. */
function toParagraph(lines: string[], isAfterBlock: boolean, budget: MarkBudget): Block | null {
  let from = 0
  let to = lines.length
  if (isAfterBlock) while (from < to && lines[from]?.trim() === '') from++
  while (to > from && lines[to - 1]?.trim() === '') to--
  if (from >= to) return null
  const text = lines.slice(from, to).join('\n')
  // No formatting reaches over a blank line.
  const children = text
    .split(/(\n(?:[^\S\n]*\n)+)/)
    .flatMap((part, nth) => (nth % 2 === 1 ? [{ type: 'text' as const, text: part }] : parseInlines(part, budget)))
  return { type: 'paragraph', children }
}

/** A block of code that begins in this line. Without its end, it goes on to the end of the text. @returns the line after it */
function readCode(reading: Reading, at: number): number | null {
  const { lines } = reading
  const line = lines[at] ?? ''
  if (!line.includes('```')) return null
  const { before = '', fence = '', language = '' } = fenceLine.exec(line)?.groups ?? {}
  if (fence === '') return readCodeAfterFence(reading, at)
  const isAlone = before.trim() === ''
  const code: string[] = []
  let next = at + 1
  let isClosed = false
  for (; next < lines.length && !isClosed; next++) {
    const written = lines[next] ?? ''
    const end = findFence(written, fence)
    isClosed = end >= 0
    const inside = isClosed ? written.slice(0, end) : written
    if (!isClosed || inside.trim() !== '') code.push(withoutIndent(inside, isAlone ? before : ''))
  }
  // "I typed ```" is no code; a fence in a line of its own is.
  if (!isClosed && !(isAlone && at + 1 < lines.length)) return null
  if (!isAlone) reading.written.push(before.trimEnd())
  return addCode(reading, code, language, next)
}

/** "```let a", with the end in a later line. */
function readCodeAfterFence(reading: Reading, at: number): number | null {
  const { lines } = reading
  const [, fence, first] = /^[ \t]*(`{3,})([^`].*)$/.exec(lines[at] ?? '') ?? []
  if (fence === undefined || first === undefined || first.includes(fence)) return null
  const closing = lines.findIndex((line, nth) => nth > at && line.includes(fence))
  const last = lines[closing] ?? ''
  const end = findFence(last, fence)
  if (end < 0) return null
  const code = [first, ...lines.slice(at + 1, closing), last.slice(0, end)]
  if (code.at(-1)?.trim() === '') code.pop()
  return addCode(reading, code, '', closing + 1)
}

/** Where a line ends a block of code. */
function findFence(line: string, fence: string): number {
  const end = line.indexOf(fence)
  return end >= 0 && /^`*\s*$/.test(line.slice(end)) ? end : -1
}

function addCode(reading: Reading, code: string[], language: string, next: number): number {
  finishParagraph(reading)
  reading.blocks.push({ type: 'code', text: code.join('\n'), language: language === '' ? null : language.toLowerCase() })
  return next
}

const withoutIndent = (line: string, indent: string) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart())

/** Lines with ">" in front. A line without it is no longer part of the quote. */
function readQuote(reading: Reading, at: number): number | null {
  const { lines, blocks, written, budget, depth } = reading
  if (!quoteLine.test(lines[at] ?? '')) return null
  let next = at
  while (next < lines.length && quoteLine.test(lines[next] ?? '')) next++
  const quoted = lines.slice(at, next)
  const inside = quoted.map((line) => line.replace(quoteLine, ''))
  if (inside.every((line) => line.trim() === '')) {
    // ">" alone is a sign, and not an empty quote.
    written.push(...quoted)
  } else {
    finishParagraph(reading)
    blocks.push({ type: 'quote', children: parseLines(inside, budget, depth + 1) })
  }
  return next
}

interface Item {
  number: number | null
  lines: string[]
  /** How far its further lines are indented. */
  width: number
}

/** Items, with the indented lines that belong to them. */
function readList(reading: Reading, at: number): number | null {
  const { lines, blocks, written, budget, depth } = reading
  const first = readItem(lines[at] ?? '')
  if (!first) return null
  // An indented line below text is part of what was pasted.
  const isBelowText = (written.at(-1) ?? '').trim() !== ''
  if (first.indent > (isBelowText ? 1 : 3)) return null
  const items: Item[] = []
  let next = at
  let blankLines = 0
  for (; next < lines.length; next++) {
    const line = lines[next] ?? ''
    if (line.trim() === '') {
      blankLines++
      continue
    }
    const item = readItem(line)
    const last = items.at(-1)
    const indent = widthOf(/^[ \t]*/.exec(line)?.[0] ?? '')
    if (item && indent <= first.indent + 1 && item.isNumbered === first.isNumbered) {
      items.push({ number: item.number, lines: [item.text], width: indent + 2 })
    } else if (last && indent >= first.indent + 2) {
      for (let blank = 0; blank < blankLines; blank++) last.lines.push('')
      last.lines.push(cutIndent(line, item && indent < last.width + 2 ? indent : last.width))
    } else break
    blankLines = 0
  }
  finishParagraph(reading)
  blocks.push({
    type: 'list',
    items: items.map((item) => ({ number: item.number, children: parseLines(item.lines, budget, depth + 1) })),
  })
  return next - blankLines
}

function readItem(line: string): { indent: number; isNumbered: boolean; number: number | null; text: string } | null {
  const match = itemLine.exec(line)
  if (!match?.groups || drawnLine.test(line)) return null
  const { indent = '', number } = match.groups
  return {
    indent: widthOf(indent),
    isNumbered: number !== undefined,
    number: number === undefined ? null : Number(number),
    text: line.slice(match[0].length),
  }
}

const widthOf = (indent: string) => indent.replaceAll('\t', '    ').length

function cutIndent(line: string, width: number): string {
  const [indent = ''] = /^[ \t]*/.exec(line) ?? []
  return ' '.repeat(Math.max(0, widthOf(indent) - width)) + line.slice(indent.length)
}
