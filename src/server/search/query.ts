import { CharacterKind, kindOf } from './characters'
import { foldText } from './fold'
import { crowdedTag, quoteTag, readTerms, TermKind } from './terms'

export interface QueryTerm {
  lexeme: string
  /** Whether terms that only begin so match too. */
  isPrefix: boolean
  isSymbol: boolean
  /** The term's place behind the first one of its phrase. */
  offset: number
}

/** A word, or several terms next to each other. */
export interface QueryPhrase {
  terms: QueryTerm[]
}

export interface SearchQuery {
  kind: 'search'
  /** Each must be in the text. Never empty. */
  phrases: QueryPhrase[]
  /** None may be in the text. */
  excluded: QueryPhrase[]
}

/** `onlyExcluded`: all of it says what is not wanted. `empty`: nothing in it can be searched, such as `…` or `-`. */
export type ParsedQuery = SearchQuery | { kind: 'onlyExcluded' } | { kind: 'empty' }

const maxPhrases = 40
const maxTerms = 256

/**
 * Reads a query as people type it: words, "a phrase", -without, -"without this". A word finds words that begin so. What is
 * written without spaces, such as an address, is a phrase. Words beyond the 40th are ignored.
 */
export function parseQuery(query: string): ParsedQuery {
  const found = { phrases: new Map<string, QueryPhrase>(), excluded: new Map<string, QueryPhrase>() }
  let left = maxTerms
  for (const { text, isQuoted, isExcluded } of readTokens(query)) {
    const terms = readPhrase(text, isQuoted)
    const to = isExcluded ? found.excluded : found.phrases
    const key = terms.map(({ lexeme, isPrefix, offset }) => `${offset} ${lexeme}${isPrefix ? '*' : ''}`).join(' ')
    if (terms.length === 0 || to.has(key)) continue
    // What is left out could only have found fewer messages.
    if (isExcluded ? terms.length > left : to.size >= maxPhrases || left === 0) continue
    to.set(key, { terms: terms.slice(0, left) })
    left = Math.max(0, left - terms.length)
  }
  if (found.phrases.size > 0) return { kind: 'search', phrases: [...found.phrases.values()], excluded: [...found.excluded.values()] }
  return { kind: found.excluded.size > 0 ? 'onlyExcluded' : 'empty' }
}

interface Token {
  text: string
  isQuoted: boolean
  isExcluded: boolean
}

const quotes: Record<string, string> = {
  ...Object.fromEntries([...'"“”„‟＂〝〞〟'].map((quote) => [quote, '"“”„‟＂〝〞〟'])),
  ...Object.fromEntries([...'«»'].map((quote) => [quote, '«»'])),
  ...{ '‹': '›', '「': '」', '『': '』', '｢': '｣' },
}

// The byte order mark is invisible, and no space.
const isSpace = /[^\S\ufeff]/

function* readTokens(query: string): Generator<Token> {
  let isAfterSpace = true
  for (let at = 0; at < query.length; ) {
    if (isSpace.test(query.charAt(at))) {
      isAfterSpace = true
      at++
      continue
    }
    const isExcluded = isAfterSpace && /[-－]/.test(query.charAt(at)) && canBeExcluded(query, at + 1)
    if (isExcluded) at++
    isAfterSpace = false
    const closing = quotes[query.charAt(at)]
    if (closing !== undefined) {
      const end = findEnd(query, at + 1, (character) => closing.includes(character))
      if (end < query.length) {
        yield { text: query.slice(at + 1, end), isQuoted: true, isExcluded }
        at = end + 1
        continue
      }
    } else if (!isExcluded && kindOf(query.codePointAt(at) ?? 0) === CharacterKind.separator) {
      at++
      continue
    }
    // A quote that is never closed is no quote.
    const end = findEnd(query, at + (closing === undefined ? 0 : 1), (character) => isSpace.test(character))
    yield { text: query.slice(at, end), isQuoted: false, isExcluded }
    at = end
  }
}

function findEnd(text: string, from: number, isEnd: (character: string) => boolean): number {
  let end = from
  while (end < text.length && !isEnd(text.charAt(end))) end++
  return end
}

/** Not an arrow or an option: in "a -> b" and "rm --force", nothing is excluded. */
function canBeExcluded(query: string, at: number): boolean {
  const codePoint = query.codePointAt(at) ?? 0
  const character = String.fromCodePoint(codePoint)
  if (character in quotes || /[#@\p{Extended_Pictographic}]/u.test(character)) return true
  const kind = kindOf(codePoint)
  return kind !== CharacterKind.separator && kind !== CharacterKind.symbol
}

function readPhrase(text: string, isQuoted: boolean): QueryTerm[] {
  const { lexemes, kinds, positions } = readTerms(foldText(text))
  const terms: QueryTerm[] = []
  const first = positions[0] ?? 0
  for (const [index, lexeme] of lexemes.entries()) {
    const kind = kinds[index]
    // The pair before it has this character too.
    if (kind === TermKind.tail) continue
    const isLast = index === lexemes.length - 1
    const isPrefix = kind === TermKind.symbol || kind === TermKind.single || (kind === TermKind.word && isLast && !isQuoted)
    terms.push({ lexeme, isPrefix, isSymbol: kind === TermKind.symbol, offset: (positions[index] ?? 0) - first })
  }
  return terms
}

/**
 * The text of a `tsquery` for what `toTsvector` makes. It finds every message that `findMarks` finds, and some that it does not:
 * messages that repeat words hundreds of times and have the words of a phrase elsewhere.
 * @param tags a message must have all of them
 * @example toTsquery({ phrases: [{ terms: [due] }], excluded: [] }, ['has:link']) // "'/has:link' & 'due':*"
 */
export function toTsquery({ phrases, excluded }: Pick<SearchQuery, 'phrases' | 'excluded'>, tags: readonly string[] = []): string {
  return [
    ...tags.map(quoteTag),
    ...phrases.map((phrase) => (phrase.terms.length > 1 ? `(${nextToEachOther(phrase)} | ${inCrowd(phrase)})` : nextToEachOther(phrase))),
    ...excluded.map((phrase) => `!(${nextToEachOther(phrase)})`),
  ].join(' & ')
}

// Lexemes are letters, marks, digits and symbols: nothing in them needs quoting.
const quoteTerm = ({ lexeme, isPrefix }: QueryTerm) => `'${lexeme}'${isPrefix ? ':*' : ''}`

function nextToEachOther({ terms }: QueryPhrase): string {
  let text = ''
  let offset = 0
  for (const term of terms) {
    text += text === '' ? quoteTerm(term) : ` <${term.offset - offset}> ${quoteTerm(term)}`
    offset = term.offset
  }
  return text
}

const inCrowd = ({ terms }: QueryPhrase) => [quoteTag(crowdedTag), ...new Set(terms.map(quoteTerm))].join(' & ')
