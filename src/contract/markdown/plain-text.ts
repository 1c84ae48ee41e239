import { parseText } from './parse-text'
import type { Block, Inline } from './tree'

/** A message in one line, as it reads without its formatting: for quotes, lists, notifications and titles. */
export function plainText(text: string): string {
  return inOneLine(endSpoiler(text) ?? text)
}

const inOneLine = (text: string) => plainBlocks(parseText(text)).replace(/\s+/gu, ' ').trim()

/** A long text may have been cut inside a spoiler: what is left of that must stay hidden. Null when there is none. */
function endSpoiler(text: string): string | null {
  if (!text.endsWith('…') || !text.includes('||')) return null
  return inOneLine(`${text}||`).endsWith('||') ? null : `${text}||`
}

function plainBlocks(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      if (block.type === 'paragraph') return plainInlines(block.children)
      if (block.type === 'code') return block.text
      if (block.type === 'quote') return plainBlocks(block.children)
      return block.items.map(({ number, children }) => `${number === null ? '•' : `${number}.`} ${plainBlocks(children)}`).join('\n')
    })
    .join('\n')
}

function plainInlines(inlines: readonly Inline[]): string {
  return inlines
    .map((inline) => {
      // Nobody should read in a notification what its author hid.
      if (inline.type === 'spoiler') return plainInlines(inline.children).replace(/\S/gu, '▒')
      return 'children' in inline ? plainInlines(inline.children) : inline.text
    })
    .join('')
}
