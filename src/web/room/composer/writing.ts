/** A text field: its text and what is selected in it, in UTF-16 units. */
export interface Writing {
  text: string
  start: number
  end: number
}

/** Replaces the text from `from` to `to`, and selects a part of the new text. */
export interface TextChange {
  from: number
  to: number
  insert: string
  start: number
  end: number
}

const fenceLine = /^ {0,3}(`{3,}|~{3,})/

/** The block of code between two lines of ``` that a place is in: its fence, and whether there is one that ends it. */
export function fenceAround(text: string, at: number): { fence: string; isClosed: boolean } | null {
  let fence: string | null = null
  let lineStart = 0
  for (const line of text.split('\n')) {
    const mark = fenceLine.exec(line)?.[1]
    const lineEnd = lineStart + line.length
    if (fence === null) {
      // On the line that opens it, the code has not begun.
      if (lineEnd >= at) return null
      if (mark) fence = mark
    } else if (mark && closes(line, fence)) {
      if (lineStart > at) return { fence, isClosed: true }
      fence = null
    }
    lineStart = lineEnd + 1
  }
  return fence === null ? null : { fence, isClosed: false }
}

const closes = (line: string, fence: string) => {
  const mark = line.trim()
  return mark.startsWith(fence) && mark === fence.charAt(0).repeat(mark.length)
}

/** Whether what is typed at a place is code: in a fence, or after an odd number of backquotes in its line. */
export function isInCode(text: string, at: number): boolean {
  if (fenceAround(text, at)) return true
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  // What opens a fence is no code yet, and neither is anything behind it.
  if (fenceLine.test(line)) return true
  return (line.match(/`+/g)?.length ?? 0) % 2 === 1
}

/** Puts marks around what is selected, or takes them away again. Of several lines, each gets its own. */
export function toggleMark({ text, start, end }: Writing, mark: string): TextChange {
  const selected = text.slice(start, end)
  const before = runBefore(text, start, mark.charAt(0))
  const after = runAfter(text, end, mark.charAt(0))
  if (hasMark(Math.min(before, after), mark)) {
    const [from, to] = [start - mark.length, end + mark.length]
    return { from, to, insert: selected, start: from, end: from + selected.length }
  }
  const inside = Math.min(runAfter(selected, 0, mark.charAt(0)), runBefore(selected, selected.length, mark.charAt(0)))
  if (selected.length > 2 * mark.length && hasMark(inside, mark)) {
    const insert = selected.slice(mark.length, -mark.length)
    return { from: start, to: end, insert, start, end: start + insert.length }
  }
  const insert = selected
    .split('\n')
    .map((line) =>
      line.replace(/^(\s*)(.*?)(\s*)$/s, (whole, left, words, right) => (words ? `${left}${mark}${words}${mark}${right}` : whole)),
    )
    .join('\n')
  if (selected.trim() === '') {
    const caret = start + mark.length
    return { from: start, to: start, insert: mark + mark, start: caret, end: caret }
  }
  if (selected.includes('\n')) return { from: start, to: end, insert, start, end: start + insert.length }
  const inner = start + insert.indexOf(mark) + mark.length
  return { from: start, to: end, insert, start: inner, end: inner + selected.trim().length }
}

/** "***" is bold and italic, so it has both "**" and "*", but "**" has no "*". */
const hasMark = (run: number, mark: string) => (mark === '*' ? run % 2 === 1 : run >= mark.length)

const runBefore = (text: string, at: number, character: string) => {
  let run = 0
  while (at - run > 0 && text[at - run - 1] === character) run++
  return run
}

const runAfter = (text: string, at: number, character: string) => {
  let run = 0
  while (text[at + run] === character) run++
  return run
}

/** Puts the selected lines into a block of code, or begins an empty one. */
export function insertFence({ text, start, end }: Writing, language = ''): TextChange {
  return fenced(text.slice(start, end), { text, start, end }, language)
}

/** Replaces what is selected with a block of code, on lines of its own. The caret is after it, or in it if it is empty. */
export function fenced(code: string, { text, start, end }: Writing, language: string): TextChange {
  const body = code.replace(/^\n+|\s+$/g, '')
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const isLineStart = start === 0 || text[start - 1] === '\n'
  const rest = text.slice(end)
  const opening = `${isLineStart ? '' : '\n'}${fence}${language}\n`
  const closing = `\n${fence}${rest === '' || rest.startsWith('\n') ? '' : '\n'}`
  const insert = opening + body + closing
  const caret = start + (body === '' ? opening.length : insert.length)
  return { from: start, to: end, insert, start: caret, end: caret }
}

const listMark = /^(?<indent>\s*)(?:(?<bullet>[-*+])|(?<number>\d{1,9})(?<dot>[.)])|(?<quote>>))(?<space>\s+|$)/

/** A new line. It continues a list or a quote, ends it after an empty item, and keeps the indentation of code. */
export function breakLine({ text, start, end }: Writing): TextChange {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const line = text.slice(lineStart, start)
  const insertAt = (insert: string): TextChange => {
    const caret = start + insert.length
    return { from: start, to: end, insert, start: caret, end: caret }
  }
  if (fenceAround(text, start)) return insertAt(`\n${/^\s*/.exec(line)?.[0] ?? ''}`)
  const mark = listMark.exec(line)
  if (!mark?.groups || mark.groups.space === '') return insertAt('\n')
  const { indent = '', bullet, number, dot = '', space = ' ' } = mark.groups
  if (
    line.length === mark[0].length &&
    text
      .slice(end)
      .match(/^[^\n]*/)?.[0]
      .trim() === ''
  ) {
    return { from: lineStart, to: end, insert: '', start: lineStart, end: lineStart }
  }
  return insertAt(`\n${indent}${bullet ?? (number ? `${Number(number) + 1}${dot}` : '>')}${space}`)
}

/** Makes what is selected a link. Null when that cannot be one: nothing, several lines, code or an address. */
export function linkSelection({ text, start, end }: Writing, pasted: string): TextChange | null {
  const selected = text.slice(start, end)
  const url = pasted.trim()
  if (!isWebAddress(url) || selected.trim() === '' || /[\n[\]]/.test(selected) || isWebAddress(selected.trim())) return null
  if (isInCode(text, start)) return null
  // Brackets would end the link early.
  const target = url.replace(/[()]/g, (bracket) => (bracket === '(' ? '%28' : '%29'))
  const insert = `[${selected}](${target})`
  const caret = start + insert.length
  return { from: start, to: end, insert, start: caret, end: caret }
}

const isWebAddress = (text: string) => /^https?:\/\/\S+$/i.test(text) && URL.canParse(text)
