import { foldWithOffsets } from './fold'
import type { QueryPhrase, QueryTerm, SearchQuery } from './query'
import { readTerms, type Terms } from './terms'

/** Start and end in a text, in UTF-16 units. */
export type TextMark = [start: number, end: number]

/**
 * What of a text a query finds: in order, without overlaps.
 * @returns null when the query does not find this text. A search must check each message with this: the text may have changed
 *   since it was indexed, and Postgres does not keep all places of words that a message repeats hundreds of times
 * @example findMarks('Our options', parseQuery('optio')) // [[4, 9]]
 */
export function findMarks(text: string, { phrases, excluded }: Pick<SearchQuery, 'phrases' | 'excluded'>): TextMark[] | null {
  const folded = foldWithOffsets(text)
  const finder = createFinder(readTerms(folded.text))
  if (excluded.some((phrase) => finder.find(phrase).length > 0)) return null
  const found: TextMark[] = []
  for (const phrase of phrases) {
    const marks = finder.find(phrase)
    if (marks.length === 0) return null
    for (const [start, end] of marks) found.push([folded.starts[start] ?? 0, folded.ends[end - 1] ?? text.length])
  }
  return merge(found)
}

function merge(marks: TextMark[]): TextMark[] {
  const merged: TextMark[] = []
  for (const [start, end] of marks.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged
}

function createFinder({ lexemes, positions, starts, ends }: Terms) {
  const indexes = new Map<string, number[]>()
  for (const [index, lexeme] of lexemes.entries()) {
    const all = indexes.get(lexeme)
    if (all) all.push(index)
    else indexes.set(lexeme, [index])
  }
  const size = (positions.at(-1) ?? 0) + 1
  const places = new Map<string, Place[]>()

  /** For each position, where in the text the term is found there. */
  function findTerm({ lexeme, isPrefix, isSymbol }: QueryTerm): Place[] {
    const key = `${isPrefix ? '*' : ' '}${lexeme}`
    const known = places.get(key)
    if (known) return known
    const found: Place[] = new Array(size)
    const fill = (all: readonly number[]) => {
      for (const index of all) {
        const start = starts[index] ?? 0
        const end = isSymbol ? (ends[index] ?? 0) : start + lexeme.length
        const position = positions[index] ?? 0
        const other = found[position]
        found[position] = other ? [Math.min(start, other[0]), Math.max(end, other[1])] : [start, end]
      }
    }
    if (isPrefix) {
      for (const [candidate, all] of indexes) if (candidate.startsWith(lexeme)) fill(all)
    } else fill(indexes.get(lexeme) ?? [])
    places.set(key, found)
    return found
  }

  return {
    /** Where a phrase is, in the folded text. */
    find({ terms }: QueryPhrase): TextMark[] {
      const columns = terms.map(findTerm)
      const found: TextMark[] = []
      for (let position = 0; position < size; position++) {
        let start = Number.POSITIVE_INFINITY
        let end = 0
        for (let index = 0; index < columns.length; index++) {
          const place = columns[index]?.[position + (terms[index]?.offset ?? 0)]
          if (!place) {
            end = 0
            break
          }
          start = Math.min(start, place[0])
          end = Math.max(end, place[1])
        }
        if (end > 0) found.push([start, end])
      }
      return found
    },
  }
}

type Place = TextMark | undefined
