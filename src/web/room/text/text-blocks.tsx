import type { ReactNode } from 'react'
import type { Block } from '../../../contract/markdown/tree'
import { CodeBlock } from './code-block'
import { InlineText, type Reader } from './inline-text'

interface TextBlocksProps {
  blocks: readonly Block[]
  reader: Reader
  /** Shown after the last word. */
  after?: ReactNode
}

export function TextBlocks({ blocks, reader, after }: TextBlocksProps) {
  const endsInWords = blocks.at(-1)?.type === 'paragraph'
  return (
    <>
      {blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
        <TextBlock key={index} block={block} reader={reader} after={endsInWords && index === blocks.length - 1 ? after : undefined} />
      ))}
      {!endsInWords && after && <p>{after}</p>}
    </>
  )
}

function TextBlock({ block, reader, after }: { block: Block; reader: Reader; after: ReactNode }) {
  switch (block.type) {
    case 'paragraph':
      return (
        <p dir="auto" className="[unicode-bidi:plaintext]">
          <InlineText inlines={block.children} reader={reader} />
          {after}
        </p>
      )
    case 'code':
      return <CodeBlock text={block.text} language={block.language} />
    case 'quote':
      return (
        <blockquote dir="auto" className="my-1 border-line-strong/50 border-s-[3px] ps-3 text-soft">
          <TextBlocks blocks={block.children} reader={reader} />
        </blockquote>
      )
    case 'list':
      return <TextList items={block.items} reader={reader} />
  }
}

function TextList({ items, reader }: { items: Extract<Block, { type: 'list' }>['items']; reader: Reader }) {
  const children = items.map(({ number, children: blocks }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
    <li key={index} value={number ?? undefined} dir="auto" className="ps-1 marker:text-faint">
      <TextBlocks blocks={blocks} reader={reader} />
    </li>
  ))
  // Numbers are shown as they were typed.
  if (items.some(({ number }) => number !== null)) return <ol className="my-0.5 list-decimal ps-7">{children}</ol>
  return <ul className="my-0.5 list-disc ps-6">{children}</ul>
}
