/** What people type when they only need to fill a field. None of it makes a secret harder to guess. */
const obvious = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  '09876543210',
  'qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm azertyuiop qsdfghjklm wxcvbn',
  'secret password passphrase token auth key super roomline production development default insert replace please here your',
].join(' ')

const placeholder =
  /change(me|this|it|before)|tobechanged|replace(me|this|with)|placeholder|your(own|long|random|very|new)*(\d+bit)?(auth|session|metrics)?(secret|token|key)|(example|sample|default|dummy|fake)(auth|session|metrics)?(secret|token|key)|(secret|token|key)(goes)?here|^x+$/

/**
 * Judges a secret that a machine should have made. It cannot measure randomness, but finds what certainly has none:
 * placeholders, repetitions, sequences and rows of a keyboard.
 * @param leastSurprises how many characters must not follow from those before them
 * @returns what is wrong with it, or undefined
 */
export function findWeakness(secret: string, leastSurprises: number): string | undefined {
  const text = secret.toLowerCase()
  if (placeholder.test(text.replace(/[^a-z0-9]/g, ''))) return 'is a placeholder'
  if (new Set(text).size < Math.min(8, leastSurprises / 2)) return 'has too few different characters'
  if (countSurprises(text) < leastSurprises) return 'is too easy to guess: it repeats itself, or consists of sequences and common words'
  return undefined
}

/** Cuts the text into pieces, as a compressor does: what stands in an earlier part of it, or in `obvious`, is one piece. */
function countSurprises(text: string): number {
  let pieces = 0
  for (let at = 0; at < text.length; pieces++) {
    let length = 2
    while (at + length < text.length && isKnown(text, at, length + 1)) length++
    at += length > 2 ? length : 1
  }
  return pieces
}

function isKnown(text: string, at: number, length: number): boolean {
  const piece = text.slice(at, at + length)
  return obvious.includes(piece) || text.slice(0, at + length - 1).includes(piece)
}
