import type { TextMark } from './marks'

const maxUnits = 200
const unitsBefore = 50
/** How far from the wanted place a cut looks for a space. */
const wordSearch = 30
/** Nobody reads a character of more units, and an excerpt must end. */
const maxGrapheme = 100

const graphemes = new Intl.Segmenter()

/**
 * The part of a text around its first marks, with … where it was cut: about 200 UTF-16 units. Neither a character nor, where
 * there are spaces, a word is cut.
 * @param marks as `findMarks` gives them
 * @returns `marks` are places in the excerpt
 */
export function excerptOf(text: string, marks: readonly TextMark[]): { excerpt: string; marks: TextMark[] } {
  if (text.length <= maxUnits) return { excerpt: text, marks: marks.map(([start, end]) => [start, end]) }
  const [first, firstEnd] = marks[0] ?? [0, 0]
  const wanted = Math.max(0, Math.min(first - unitsBefore, text.length - maxUnits))
  const start = wanted === 0 ? 0 : Math.min(cutAfter(text, wanted), graphemeStart(text, first))
  const latest = start + maxUnits
  const end = latest >= text.length ? text.length : cutBefore(text, latest, firstEnd)
  const lead = start > 0 ? '…' : ''
  const shift = lead.length - start
  return {
    excerpt: lead + text.slice(start, end) + (end < text.length ? '…' : ''),
    marks: marks
      .filter((mark) => mark[0] < end && mark[1] > start)
      .map(([from, to]) => [Math.max(from, start) + shift, Math.min(to, end) + shift]),
  }
}

/** A place to begin, soon after `at`: after a space, else between two characters. */
function cutAfter(text: string, at: number): number {
  const space = text.slice(at - 1, at + wordSearch).search(/\s/)
  if (space >= 0) return at + space
  const start = graphemeStart(text, at)
  return start === at ? at : Math.min(start + (graphemes.segment(text).containing(start)?.segment.length ?? 0), text.length)
}

/** A place to end, soon before `at` but not before `earliest`: before a space, else between two characters. */
function cutBefore(text: string, at: number, earliest: number): number {
  for (let end = at; end >= Math.max(earliest, at - wordSearch); end--) if (/\s/.test(text.charAt(end))) return end
  return graphemeStart(text, at)
}

function graphemeStart(text: string, at: number): number {
  const start = graphemes.segment(text).containing(at)?.index ?? at
  return at - start > maxGrapheme ? wholeCharacter(text, at) : start
}

const wholeCharacter = (text: string, at: number) => (/[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at)
