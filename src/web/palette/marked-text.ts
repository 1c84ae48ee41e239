import { plainText } from '../../contract/markdown/plain-text'

/** A part of an excerpt. */
export interface MarkedPart {
  text: string
  /** Whether this is what was searched for. */
  isMark: boolean
}

// Characters of the private use area. They stand in for the marks while the formatting is taken away around them.
const start = '\uE000'
const end = '\uE001'
const standIns = /[\uE000\uE001]/g

/** An excerpt in one line without its formatting, split at its marks. @param marks start and end, in UTF-16 units */
export function splitMarks(excerpt: string, marks: readonly (readonly [start: number, end: number])[]): MarkedPart[] {
  if (excerpt.search(standIns) >= 0) return [{ text: plainText(excerpt), isMark: false }]
  let marked = ''
  let from = 0
  for (const [markStart, markEnd] of marks) {
    marked += `${excerpt.slice(from, markStart)}${start}${excerpt.slice(markStart, markEnd)}${end}`
    from = markEnd
  }
  const parts: MarkedPart[] = []
  let isMark = false
  for (const text of plainText(marked + excerpt.slice(from)).split(/(?=[\uE000\uE001])/)) {
    if (text.startsWith(start)) isMark = true
    else if (text.startsWith(end)) isMark = false
    const bare = text.replace(standIns, '')
    if (bare !== '') parts.push({ text: bare, isMark })
  }
  return parts
}
