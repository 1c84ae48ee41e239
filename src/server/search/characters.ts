/** What a character is to a search. */
export const CharacterKind = {
  /** Ends a word: spaces, punctuation, control characters. */
  separator: 1,
  /** A letter, mark or digit of a script that puts spaces between words. */
  word: 2,
  /** A character of a script that writes words without spaces between them, and of Korean. */
  unspaced: 3,
  /** A combining mark of any script: part of whatever comes before it. */
  mark: 4,
  /** A term of its own: + = $ # €, emoji. */
  symbol: 5,
  /** Half of a flag. */
  flagHalf: 6,
  skinTone: 7,
  /** The zero width joiner: makes one emoji of two. */
  joiner: 8,
  /** Invisible: other zero-width characters, soft hyphens, variation selectors. */
  ignored: 9,
} as const

const unspacedScripts = [
  ...['Han', 'Hiragana', 'Katakana', 'Bopomofo', 'Hangul', 'Thai', 'Lao', 'Khmer', 'Myanmar'],
  ...['Tai_Le', 'New_Tai_Lue', 'Tai_Tham', 'Tai_Viet', 'Ahom', 'Javanese', 'Balinese'],
]
const unspaced = new RegExp(`[${unspacedScripts.map((script) => `\\p{Script_Extensions=${script}}`).join('')}]`, 'u')
const letter = /[\p{L}\p{N}]/u
const mark = /\p{M}/u
// Backquotes mark code and are not shown. The # belongs to names like C# and to hashtags.
const symbol = /[\p{S}\p{Extended_Pictographic}#]/u
const apostrophesAndBackquotes = /[`ʼʻʹˈ]/u
const ignored = /\p{Default_Ignorable_Code_Point}/u

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint)
  if (codePoint === 0x200d) return CharacterKind.joiner
  if (ignored.test(character)) return CharacterKind.ignored
  if (codePoint >= 0x1f3fb && codePoint <= 0x1f3ff) return CharacterKind.skinTone
  if (codePoint >= 0x1f1e6 && codePoint <= 0x1f1ff) return CharacterKind.flagHalf
  if (apostrophesAndBackquotes.test(character)) return CharacterKind.separator
  if (mark.test(character)) return unspaced.test(character) ? CharacterKind.unspaced : CharacterKind.mark
  if (letter.test(character)) return unspaced.test(character) ? CharacterKind.unspaced : CharacterKind.word
  return symbol.test(character) ? CharacterKind.symbol : CharacterKind.separator
}

// Korean vowels and final consonants, and halfwidth voiced sound marks.
const composing = /[\u1160-\u11ff\ud7b0-\ud7ff\uff9e\uff9f\uffc2-\uffdc]/u
const extenderFlag = 0x80

function classifyFully(codePoint: number): number {
  const kind = classify(codePoint)
  const character = String.fromCodePoint(codePoint)
  const isPart = mark.test(character) || composing.test(character) || kind === CharacterKind.joiner || kind === CharacterKind.ignored
  return isPart ? kind | extenderFlag : kind
}

// Filled as characters are met. Those beyond are rare enough to be classified each time.
const known = new Uint8Array(0x20000)

function lookUp(codePoint: number): number {
  const kind = known[codePoint]
  if (kind) return kind
  const found = classifyFully(codePoint)
  if (codePoint < known.length) known[codePoint] = found
  return found
}

export const kindOf = (codePoint: number): number => lookUp(codePoint) & ~extenderFlag

/** Whether a character changes the one before it, or is invisible: the two are normalized together. */
export const isExtender = (codePoint: number): boolean => (lookUp(codePoint) & extenderFlag) !== 0

/** Of a string's code point at a place: its length in UTF-16 units. */
export const unitsOf = (codePoint: number): number => (codePoint > 0xffff ? 2 : 1)
