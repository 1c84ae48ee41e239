import type { Block, Inline } from './tree'

/** A message that was read, in one line, as it reads without its formatting. */
export const plainBlocks = (blocks: readonly Block[]): string => readBlocks(blocks).replace(/\s+/gu, ' ').trim()

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
