import { findAsTyped } from './as-typed'
import { findCode } from './code-spans'
import { findLinks } from './links'
import { type MarkBudget, type Marked, parseMarks } from './marks'
import { splitNames } from './names'
import type { Inline } from './tree'

const maxDepth = 12

/** A piece of a text whose formatting is known before the parser sees it. */
interface Piece {
  start: number
  end: number
  /** Null for what is left as it was typed. */
  inline: Inline | null
}

/** Reads lines of text, without a blank line between them. */
export function parseInlines(text: string, budget: MarkBudget): Inline[] {
  const escapes = findEscapes(text)
  if (escapes.length === 0) return parseRun(text, budget, none).inlines
  // A backslash is an escape where the mark after it would make formatting. Everywhere else it is a backslash.
  const { used, codes } = parseRun(text, budget, none)
  // In code it is one too, unless the code begins with an escaped backtick.
  const written = codes.filter(({ start }) => !escapes.includes(start - 1))
  const outside = escapes.filter((at) => !written.some(({ start, end }) => start <= at && at < end))
  const hidden = outside.filter((at) => used.some(({ start, end }) => start <= at + 1 && at + 1 < end))
  const escaped = new Set(outside)
  return parseRun(text, budget, { escaped, hidden: new Set(hidden) }).inlines
}

const none = { escaped: new Set<number>(), hidden: new Set<number>() }

/** The backslashes that stand before a mark. */
function findEscapes(text: string): number[] {
  if (!/\\[*_~|`[]/.test(text)) return []
  const kept = findAsTyped(text)
  return [...text.matchAll(/\\[*_~|`[]/g)].map(({ index }) => index).filter((at) => !kept.some(({ start, end }) => start <= at && at < end))
}

interface Run {
  inlines: Inline[]
  /** Where the marks are that make formatting. */
  used: Range[]
  codes: Range[]
}

interface Range {
  start: number
  end: number
}

function parseRun(text: string, budget: MarkBudget, { escaped, hidden }: typeof none): Run {
  const used: Run['used'] = []
  const pieces: Piece[] = []
  let bare = text
  const hide = (start: number, end: number, by: string) => {
    bare = bare.slice(0, start) + by.repeat(end - start) + bare.slice(end)
  }
  for (const at of escaped) hide(at, at + 2, '.')
  for (const { start, end, width } of findCode(bare)) {
    pieces.push({ start, end, inline: { type: 'code', text: withoutPadding(text.slice(start + width, end - width)) } })
    used.push({ start, end: start + width }, { start: end - width, end })
    hide(start, end, ' ')
  }
  const codes = [...pieces]
  for (const { start, end, url: seen } of findLinks(bare)) {
    const prefix = seen.slice(0, seen.length - (end - start))
    const url = prefix + text.slice(start, end).replace(/\\(?=[*_~|`[])/g, '')
    if (!URL.canParse(url)) continue
    pieces.push({ start, end, inline: { type: 'link', url, children: [{ type: 'text', text: text.slice(start, end) }], isBare: true } })
    hide(start, end, 'x')
  }
  for (const { start, end } of codes) hide(start, end, 'x')
  for (const { start, end } of findAsTyped(bare)) hide(start, end, 'x')
  for (const { start, end } of findMentionsToKeep(bare)) hide(start, end, 'x')
  for (const spoiler of findSpoilers(bare)) {
    const inner = text.slice(spoiler.start + 2, spoiler.end - 2)
    const inside = parseInside(inner, spoiler.start + 2, budget, escaped, hidden)
    used.push({ start: spoiler.start, end: spoiler.start + 2 }, { start: spoiler.end - 2, end: spoiler.end }, ...inside.used)
    for (let at = pieces.length - 1; at >= 0; at--)
      if ((pieces[at]?.start ?? 0) >= spoiler.start && (pieces[at]?.end ?? 0) <= spoiler.end) pieces.splice(at, 1)
    pieces.push({ start: spoiler.start, end: spoiler.end, inline: { type: 'spoiler', children: inside.inlines } })
    hide(spoiler.start, spoiler.end, 'x')
  }
  pieces.sort((a, b) => a.start - b.start)
  const nodes = parseMarks(bare, budget)
  const take = createTaker(text, pieces, hidden)
  const inlines = toInlines(nodes, 0, text.length, 0)
  return { inlines, used, codes }

  function toInlines(children: readonly Marked[], from: number, to: number, depth: number, isInLink = false): Inline[] {
    const inlines: Inline[] = []
    let at = from
    for (const marked of children) {
      if (depth >= maxDepth || (marked.type === 'link' && (isInLink || targetOf(marked.end) === null))) continue
      take(inlines, at, marked.start, isInLink)
      inlines.push(toInline(marked, depth, isInLink))
      at = marked.end
    }
    take(inlines, at, to, isInLink)
    return inlines
  }

  function toInline({ type, start, end, children }: Marked, depth: number, isInLink: boolean): Inline {
    if (type === 'link') {
      const labelEnd = bare.lastIndexOf('](', end)
      used.push({ start, end: start + 1 })
      return {
        type,
        url: targetOf(end) ?? '',
        children: toInlines(children, start + 1, labelEnd, depth + 1, true),
        isBare: false,
      }
    }
    const width = type === 'emphasis' ? 1 : 2
    used.push({ start, end: start + width }, { start: end - width, end })
    return { type, children: toInlines(children, start + width, end - width, depth + 1, isInLink) }
  }

  /** Where a link with words of its own leads: only to addresses that would be links by themselves. */
  function targetOf(end: number): string | null {
    const start = bare.lastIndexOf('](', end) + 2
    const target = pieces.find((piece) => piece.start === start && piece.end === end - 1)?.inline
    return target?.type === 'link' ? target.url : null
  }
}

/** The inside of a spoiler. Its escapes are those of the text around it. */
function parseInside(inner: string, offset: number, budget: MarkBudget, escaped: Set<number>, hidden: Set<number>): Run {
  const moved = (set: Set<number>) => new Set([...set].map((at) => at - offset).filter((at) => at >= 0 && at < inner.length - 1))
  const run = parseRun(inner, budget, { escaped: moved(escaped), hidden: moved(hidden) })
  const move = ({ start, end }: Range) => ({ start: start + offset, end: end + offset })
  return { inlines: run.inlines, used: run.used.map(move), codes: run.codes.map(move) }
}

/** Code that begins or ends with a backtick is written with a space around it. */
const withoutPadding = (code: string) => (/^ .*`.* $|^ `|` $/s.test(code) ? code.replace(/^ (?=.)|(?<=.) $/gs, '') : code)

/** "||" around something, and not the operator between two words. */
function findSpoilers(text: string): Range[] {
  if (!text.includes('||')) return []
  return [...text.matchAll(/(?<![\w)\]|])\|\|(?=[^\s|])(?:(?!\|\|).)*?[^\s|]\|\|(?![\w(|])/gs)].map(({ index, 0: match }) => ({
    start: index,
    end: index + match.length,
  }))
}

/** Names whose own underscores are no marks. */
function findMentionsToKeep(text: string): Range[] {
  if (!/[@＠]/.test(text)) return []
  return [...text.matchAll(/[@＠][\w.-]{1,64}/g)]
    .map(({ index, 0: match }) => ({ start: index, end: index + match.replace(/[_.-]+$/, '').length }))
    .filter(({ start, end }) => text.slice(start, end).includes('_'))
}

/** @returns a function that adds what stands between two places: pieces, and text with its mentions */
function createTaker(text: string, pieces: readonly Piece[], hidden: Set<number>) {
  const boundaries = pieces.filter(({ inline }) => inline !== null)
  let next = 0
  return (into: Inline[], from: number, to: number, isInLink: boolean): void => {
    let at = from
    for (; next < boundaries.length; next++) {
      const piece = boundaries[next]
      if (!piece || piece.start >= to) break
      if (piece.start < at) continue
      addText(into, at, piece.start, isInLink)
      // A link has no links in it.
      if (piece.inline?.type === 'link' && isInLink) addText(into, piece.start, piece.end, true)
      else if (piece.inline) into.push(piece.inline)
      at = piece.end
    }
    addText(into, at, to, isInLink)
  }

  function addText(into: Inline[], from: number, to: number, isInLink: boolean): void {
    if (from >= to) return
    let shown = ''
    let at = from
    for (const place of hidden) {
      if (place < at || place >= to) continue
      shown += text.slice(at, place)
      at = place + 1
    }
    shown += text.slice(at, to)
    const last = into.at(-1)
    if (isInLink) into.push({ type: 'text', text: shown })
    else into.push(...splitNames(shown, last?.type === 'text' ? last.text.slice(-1) : text.charAt(from - 1)))
  }
}
