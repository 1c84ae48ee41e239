import { createSeeded } from '../../tests/faults/seeded'

const textBytes = 250

/** Texts of 250 bytes made of words, so that the search index has realistic work. */
export const texts = createTexts(512)

function createTexts(count: number): string[] {
  const chance = createSeeded(7)
  const word = () => Array.from({ length: chance.between(2, 9) }, () => String.fromCharCode(97 + chance.between(0, 25))).join('')
  const vocabulary = Array.from({ length: 2_000 }, word)
  return Array.from({ length: count }, () => {
    let text = ''
    while (text.length < textBytes) text += `${vocabulary[chance.between(0, vocabulary.length - 1)]} `
    return text
      .slice(0, textBytes - 1)
      .trim()
      .padEnd(textBytes, '.')
  })
}
