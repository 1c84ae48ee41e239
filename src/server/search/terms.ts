import { CharacterKind, kindOf, unitsOf } from './characters'
import { foldText } from './fold'

export const TermKind = {
  /** A word, or a piece of a very long one. */
  word: 1,
  /** Two neighbouring characters of a script without spaces between words. */
  pair: 2,
  /** The last character of such a script's run, after the pairs. */
  tail: 3,
  /** Such a character alone. */
  single: 4,
  /** A symbol or emoji, as often as it stands there in a row. */
  symbol: 5,
} as const

/** The terms of a text in order, as columns. `starts` and `ends` are places in the folded text. */
export interface Terms {
  lexemes: string[]
  kinds: number[]
  positions: number[]
  starts: number[]
  ends: number[]
}

/** Longer words become several terms, the same ones for each word that begins the same. Postgres allows 2,046 bytes. */
const maxWordUnits = 100
const maxSymbolUnits = 32
const maxSymbolsInRow = 8

/**
 * The terms of a folded text. Words, and characters of scripts without spaces, take one position each. Symbols and emoji take
 * none: they stand at the word before them, so that "see general" is a phrase of "see #general".
 */
export function readTerms(folded: string): Terms {
  const terms: Terms = { lexemes: [], kinds: [], positions: [], starts: [], ends: [] }
  let position = 1
  const add = (lexeme: string, kind: number, start: number, end: number) => {
    terms.lexemes.push(lexeme)
    terms.kinds.push(kind)
    terms.positions.push(position)
    terms.starts.push(start)
    terms.ends.push(end)
  }
  for (let at = 0; at < folded.length; ) {
    const codePoint = folded.codePointAt(at) ?? 0
    switch (kindOf(codePoint)) {
      case CharacterKind.word:
      case CharacterKind.mark: {
        const end = endOfRun(folded, at, CharacterKind.word)
        while (at < end) {
          const cut = end - at > maxWordUnits ? wholeCharacters(folded, at + maxWordUnits) : end
          position++
          add(folded.slice(at, cut), TermKind.word, at, cut)
          at = cut
        }
        break
      }
      case CharacterKind.unspaced: {
        const end = endOfRun(folded, at, CharacterKind.unspaced)
        let isFirst = true
        while (at < end) {
          const second = at + unitsOf(folded.codePointAt(at) ?? 0)
          position++
          if (second < end) {
            const third = second + unitsOf(folded.codePointAt(second) ?? 0)
            add(folded.slice(at, third), TermKind.pair, at, third)
          } else add(folded.slice(at, end), isFirst ? TermKind.single : TermKind.tail, at, end)
          isFirst = false
          at = second
        }
        break
      }
      case CharacterKind.symbol:
      case CharacterKind.flagHalf:
      case CharacterKind.skinTone: {
        let end = endOfSymbol(folded, at)
        const symbol = folded.slice(at, end)
        let times = 1
        for (; folded.startsWith(symbol, end) && endOfSymbol(folded, end) === end + symbol.length; end += symbol.length) times++
        add(symbol.replaceAll('\u200d', '').repeat(Math.min(times, maxSymbolsInRow)), TermKind.symbol, at, end)
        at = end
        break
      }
      default:
        at += unitsOf(codePoint)
    }
  }
  return terms
}

function endOfRun(text: string, start: number, kind: number): number {
  let end = start
  while (end < text.length) {
    const codePoint = text.codePointAt(end) ?? 0
    const next = kindOf(codePoint)
    if (next !== kind && next !== CharacterKind.mark) break
    end += unitsOf(codePoint)
  }
  return end
}

/** The end of an emoji with its skin tone, marks and what is joined to it. */
function endOfSymbol(text: string, start: number): number {
  const first = text.codePointAt(start) ?? 0
  let end = start + unitsOf(first)
  if (kindOf(first) === CharacterKind.flagHalf) {
    return kindOf(text.codePointAt(end) ?? 0) === CharacterKind.flagHalf ? end + 2 : end
  }
  while (end < text.length && end - start < maxSymbolUnits) {
    const codePoint = text.codePointAt(end) ?? 0
    const kind = kindOf(codePoint)
    if (kind === CharacterKind.skinTone || kind === CharacterKind.mark) end += unitsOf(codePoint)
    else if (kind === CharacterKind.joiner) {
      const joined = text.codePointAt(end + 1) ?? 0
      end += kindOf(joined) === CharacterKind.symbol ? 1 + unitsOf(joined) : 1
    } else break
  }
  return end
}

/** The place, or the one before when it is inside a surrogate pair. */
const wholeCharacters = (text: string, at: number) => (isLowSurrogate(text.charCodeAt(at)) ? at - 1 : at)

const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff

/** What Postgres keeps: so many places for each term, none beyond the last. */
const maxPlaces = 255
const maxPosition = 16_383

/** No text makes a term that begins so. */
const tagMark = '/'

/** Tags a message with more places than Postgres keeps: for it, phrases are left to `findMarks`. */
export const crowdedTag = 'crowded'

/**
 * The text of a `tsvector` of everything that can be found in a message. Any text is fine.
 * @param tags terms without a position that no text has, for filters, such as `has:link`; `toTsquery` takes the same
 * @example toTsvector('Déjà vu', ['has:link']) // "'deja':2 'vu':3 '/has:link'"
 */
export function toTsvector(text: string, tags: readonly string[] = []): string {
  const { lexemes, positions } = readTerms(foldText(text))
  // Nearly all terms have one place only.
  const places = new Map<string, number | number[]>()
  let isCrowded = false
  for (let index = 0; index < lexemes.length; index++) {
    const lexeme = lexemes[index] ?? ''
    const position = positions[index] ?? 0
    const before = places.get(lexeme)
    if (before === undefined) places.set(lexeme, position)
    else if (position > maxPosition) continue
    else if (typeof before === 'number') {
      if (before !== position) places.set(lexeme, [before, position])
    } else if (before.length === maxPlaces) isCrowded = true
    else if (before[before.length - 1] !== position) before.push(position)
  }
  if ((positions[positions.length - 1] ?? 0) > maxPosition) isCrowded = true
  let vector = ''
  for (const [lexeme, all] of places) {
    if (typeof all !== 'number') vector += `'${lexeme}':${all.join(',')} `
    else vector += all > maxPosition ? `'${lexeme}' ` : `'${lexeme}':${all} `
  }
  for (const tag of tags) vector += `${quoteTag(tag)} `
  if (isCrowded) vector += quoteTag(crowdedTag)
  return vector.trimEnd()
}

/** A tag as it is written in a `tsvector` and a `tsquery`. */
export const quoteTag = (tag: string): string => `'${tagMark}${tag.replace(/['\\]/g, '$&$&')}'`
