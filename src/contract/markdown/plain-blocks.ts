import type { Block, Inline } from './tree'

/** A text in one line, as it reads without its formatting. */
export function readInOneLine(text: string, parse: (text: string) => readonly Block[]): string {
  const read = (text: string) => readBlocks(parse(text)).replace(/\s+/gu, ' ').trim()
  const closed = closeSpoiler(text)
  const hidden = closed === null ? null : read(closed)
  return hidden === null || hidden.endsWith('||') ? read(text) : hidden
}

/** A long text may have been cut inside a spoiler: what is left of that must stay hidden. Null when there can be none. */
export const closeSpoiler = (text: string): string | null => (text.endsWith('…') && text.includes('||') ? `${text}||` : null)

function readBlocks(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      if (block.type === 'paragraph') return readInlines(block.children)
      if (block.type === 'code') return block.text
      if (block.type === 'quote') return readBlocks(block.children)
      return block.items.map(({ number, children }) => `${number === null ? '•' : `${number}.`} ${readBlocks(children)}`).join('\n')
    })
    .join('\n')
}

function readInlines(inlines: readonly Inline[]): string {
  return inlines
    .map((inline) => {
      // Nobody should read in a notification what its author hid.
      if (inline.type === 'spoiler') return readInlines(inline.children).replace(/\S/gu, '▒')
      return 'children' in inline ? readInlines(inline.children) : inline.text
    })
    .join('')
}
