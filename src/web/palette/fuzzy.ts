import { foldName } from '../rooms/room-order'

/**
 * How well a name matches what was typed: its letters in their order, the better the closer together and the nearer to the
 * beginning of words. 0 when they are not all in it.
 */
export function matchScore(name: string, typed: string): number {
  const letters = foldName(typed).replace(/\s+/g, '')
  if (letters === '') return 1
  const text = foldName(name)
  const whole = text.indexOf(foldName(typed).trim())
  if (whole >= 0) return 100 + (whole === 0 ? 50 : startsWord(text, whole) ? 25 : 0) + 20 * (letters.length / text.length)
  let score = 0
  let at = -1
  for (const letter of letters) {
    // The beginning of a word is meant rather than a letter before it: "rn" finds "release notes".
    const next = text.indexOf(letter, at + 1)
    if (next < 0) return 0
    const word = findWordStart(text, letter, next)
    const place = next === at + 1 ? next : (word ?? next)
    score += place === at + 1 ? 3 : startsWord(text, place) ? 4 : 1
    at = place
  }
  return score / letters.length
}

const startsWord = (text: string, index: number) => index === 0 || /[^\p{L}\p{N}]/u.test(text.charAt(index - 1))

function findWordStart(text: string, letter: string, from: number): number | null {
  for (let index = from; index >= 0; index = text.indexOf(letter, index + 1)) if (startsWord(text, index)) return index
  return null
}

/** The best matches, the best first; those that match alike stay in their order. @param namesOf what each may be called */
export function bestMatches<Item>(
  items: readonly Item[],
  typed: string,
  limit: number,
  namesOf: (item: Item) => readonly string[],
): Item[] {
  return items
    .map((item) => ({ item, score: Math.max(...namesOf(item).map((name) => matchScore(name, typed))) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ item }) => item)
}
