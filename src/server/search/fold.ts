import { CharacterKind, isExtender, kindOf, unitsOf } from './characters'

/** `starts[i]` and `ends[i]` are the places in the original text (UTF-16 units) of what became the unit `text[i]`. */
export interface FoldedText {
  text: string
  starts: readonly number[]
  ends: readonly number[]
}

/**
 * The text as it is compared in searches: without the differences of case, width, accents and composition, and without
 * invisible characters. Thai, Indic and Japanese marks stay, since they make other letters.
 * @example foldText('Ｓtraße, Ｃａｆé') // "strasse, cafe"
 */
export function foldText(text: string): string {
  if (isAscii.test(text)) return text.toLowerCase()
  let folded = ''
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = endOfCluster(text, start)
    folded += foldCluster(text, start, end)
  }
  return folded
}

/** Folds a text as `foldText` does, and says where everything in it came from. */
export function foldWithOffsets(text: string): FoldedText {
  const starts: number[] = []
  const ends: number[] = []
  let folded = ''
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = endOfCluster(text, start)
    const cluster = foldCluster(text, start, end)
    folded += cluster
    for (let unit = 0; unit < cluster.length; unit++) {
      starts.push(start)
      ends.push(end)
    }
  }
  return { text: folded, starts, ends }
}

const isAscii = /^[\0-\x7f]*$/

/** A cluster is a character with what composes with it. Normalizing one by one gives what normalizing the whole text does. */
function endOfCluster(text: string, start: number): number {
  let end = start + unitsOf(text.codePointAt(start) ?? 0)
  while (end < text.length) {
    const next = text.codePointAt(end) ?? 0
    if (next < 0x80 || !isExtender(next)) break
    end += unitsOf(next)
  }
  return end
}

const asciiFolded = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code).toLowerCase())

const clusters = new Map<string, string>()
const maxClusters = 20_000

function foldCluster(text: string, start: number, end: number): string {
  const code = text.charCodeAt(start)
  if (code < 0x80 && end === start + 1) return asciiFolded[code] ?? ''
  const cluster = text.slice(start, end)
  const known = clusters.get(cluster)
  if (known !== undefined) return known
  const folded = kindOf(cluster.codePointAt(0) ?? 0) === CharacterKind.symbol ? foldSymbol(cluster) : foldLetter(cluster)
  if (cluster.length <= 8) {
    if (clusters.size >= maxClusters) clusters.clear()
    clusters.set(cluster, folded)
  }
  return folded
}

const invisible = /\p{Default_Ignorable_Code_Point}+/gu

const optionalMarks = [
  // Latin, Greek and Cyrillic accents.
  ...['\\u0300-\\u036f', '\\u0483-\\u0489', '\\u1ab0-\\u1aff', '\\u1dc0-\\u1dff', '\\ufe20-\\ufe2f'],
  // Hebrew points.
  ...['\\u0591-\\u05bd', '\\u05bf', '\\u05c1\\u05c2', '\\u05c4\\u05c5', '\\u05c7'],
  // Arabic vowels, and what makes a word longer.
  ...[
    '\\u0610-\\u061a',
    '\\u0640',
    '\\u064b-\\u065f',
    '\\u0670',
    '\\u06d6-\\u06dc',
    '\\u06df-\\u06e4',
    '\\u06e7\\u06e8',
    '\\u06ea-\\u06ed',
  ],
  // Circles and keycaps.
  '\\u20d0-\\u20ff',
]
const accents = new RegExp(`[${optionalMarks.join('')}]+`, 'g')

// Letters that are no accented ones to Unicode, but to those who type.
const plainLetters: Record<string, string> = {
  ...{ ß: 'ss', ς: 'σ', ı: 'i', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', ħ: 'h', ŧ: 't', þ: 'th' },
}
const notPlain = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'g')

const foldLetter = (cluster: string) =>
  cluster
    .replace(invisible, '')
    .normalize('NFKD')
    .replace(accents, '')
    .toLowerCase()
    .replace(notPlain, (letter) => plainLetters[letter] ?? letter)
    .normalize('NFC')

function foldSymbol(cluster: string): string {
  const joined = cluster.includes('\u200d') ? '\u200d' : ''
  const visible = cluster.replace(invisible, '')
  // "Tea™" is not "teatm".
  if (/^[™℠]/.test(visible)) return visible
  const folded = visible.normalize('NFKC').toLowerCase()
  // "№5" is "no 5", not "no5".
  return /^[\u2100-\u214f\u3200-\u33ff]/.test(visible) ? ` ${folded} ` : folded + joined
}
