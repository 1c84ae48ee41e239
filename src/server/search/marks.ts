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
  /** The different lexemes by their first character: a query may have hundreds of beginnings, and a text thousands of lexemes. */
  const byFirst = new Map<number, string[]>()
  for (const [index, lexeme] of lexemes.entries()) {
    const all = indexes.get(lexeme)
    if (all) {
      all.push(index)
      continue
    }
    indexes.set(lexeme, [index])
    const alike = byFirst.get(firstOf(lexeme))
    if (alike) alike.push(lexeme)
    else byFirst.set(firstOf(lexeme), [lexeme])
  }
  const size = (positions.at(-1) ?? 0) + 1
  const columns = new Map<string, Column>()

  /** Null when the term is nowhere. */
  function findTerm({ lexeme, isPrefix, isSymbol }: QueryTerm): Column | null {
    const key = `${isPrefix ? '*' : ' '}${lexeme}`
    const known = columns.get(key)
    if (known) return known
    const candidates = isPrefix ? (byFirst.get(firstOf(lexeme)) ?? []).filter((other) => other.startsWith(lexeme)) : [lexeme]
    const places = candidates.flatMap((candidate) => indexes.get(candidate) ?? [])
    if (places.length === 0) return null
    const column: Column = { starts: new Int32Array(size), ends: new Int32Array(size) }
    for (const index of places) {
      const start = starts[index] ?? 0
      const end = isSymbol ? (ends[index] ?? 0) : start + lexeme.length
      const position = positions[index] ?? 0
      const other = column.ends[position] ?? 0
      if (other === 0) column.starts[position] = start
      column.ends[position] = Math.max(end, other)
    }
    columns.set(key, column)
    return column
  }

  return {
    /** Where a phrase is, in the folded text. */
    find({ terms }: QueryPhrase): TextMark[] {
      const lastOffset = terms.at(-1)?.offset ?? 0
      const found = new Uint8Array(Math.max(0, size - lastOffset)).fill(1)
      // Symbols share the position of a word, so that several terms may be the first or the last.
      const first: Column[] = []
      const last: Column[] = []
      for (const term of terms) {
        const column = findTerm(term)
        if (!column) return []
        keepWhere(found, column, term.offset)
        if (term.offset === 0) first.push(column)
        if (term.offset === lastOffset) last.push(column)
      }
      const marks: TextMark[] = []
      for (let position = found.indexOf(1); position >= 0; position = found.indexOf(1, position + 1)) {
        const start = Math.min(...first.map(({ starts }) => starts[position] ?? 0))
        const end = Math.max(...last.map(({ ends }) => ends[position + lastOffset] ?? 0))
        marks.push([start, end])
      }
      return marks
    },
  }
}

const firstOf = (lexeme: string) => lexeme.codePointAt(0) ?? 0

/** Two hundred terms of a query may each have thousands of places: this loop does nothing else. */
function keepWhere(found: Uint8Array, { ends }: Column, offset: number) {
  for (let position = 0; position < found.length; position++) if (ends[position + offset] === 0) found[position] = 0
}

/** For each position, where in the text a term is found there. An end of 0: it is not. */
interface Column {
  starts: Int32Array
  ends: Int32Array
}
