/**
 * How a message is written, as server and page read it. All text in the leaves is as it was typed; only the characters that
 * make the formatting are left out.
 */
export type Block =
  /** Line breaks and spaces in it count. */
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'code'; text: string; language: string | null }
  | { type: 'quote'; children: Block[] }
  /** `number` is null for an item with a bullet. */
  | { type: 'list'; items: { number: number | null; children: Block[] }[] }

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'code'; text: string }
  | { type: 'strong' | 'emphasis' | 'strike' | 'spoiler'; children: Inline[] }
  /** `url` is http, https or mailto. The children of a link with words of its own are as the author wrote them. */
  | { type: 'link'; url: string; children: Inline[]; isBare: boolean }
  /** `names` are the usernames that the text after the @ may mean, the longest first; "@room" is everybody. */
  | { type: 'mention'; text: string; names: MentionedName[] }
  /** Perhaps the name of a room: `slug` follows the #. */
  | { type: 'room'; text: string; slug: string }

export interface MentionedName {
  name: string
  /** How much of the mention's text it is. */
  length: number
}

/** Calls back for every inline of a tree, from its start to its end. */
export function eachInline(blocks: readonly Block[], visit: (inline: Inline) => void): void {
  for (const block of blocks) {
    if (block.type === 'paragraph') visitAll(block.children, visit)
    if (block.type === 'quote') eachInline(block.children, visit)
    if (block.type === 'list') for (const item of block.items) eachInline(item.children, visit)
  }
}

function visitAll(inlines: readonly Inline[], visit: (inline: Inline) => void): void {
  for (const inline of inlines) {
    visit(inline)
    if ('children' in inline) visitAll(inline.children, visit)
  }
}
