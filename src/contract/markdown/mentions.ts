import { limits } from '../rules'
import { findNameBeingTyped } from './names'
import { parseText } from './parse-text'
import { type Block, eachInline, type Inline } from './tree'

/**
 * What a text mentions: for each mention the names that it may mean, the longest first, in lowercase and with a space between
 * them. The first of them that is a member of the room is meant. "@room" is everybody.
 * @example findMentions('Thanks @ada-san, @room') // ["ada-san ada", "@room"]
 */
export function findMentions(text: string): string[] {
  if (!/[@\uFF20]/.test(text)) return []
  const found = new Set<string>()
  eachInline(parseText(text), (inline) => {
    if (inline.type === 'mention' && found.size < limits.mentionsPerMessage) found.add(inline.names.map(({ name }) => name).join(' '))
  })
  return [...found]
}

/** Whether a text has something that is shown as a link. */
export function hasLink(text: string): boolean {
  return /:|\.|@/.test(text) && hasInline(text, 'link')
}

/** Whether a text has something that is shown as code. */
export function hasCode(text: string): boolean {
  if (!text.includes('`')) return false
  const blocks = parseText(text)
  return hasCodeBlock(blocks) || hasInline(text, 'code')
}

function hasInline(text: string, type: Inline['type']): boolean {
  let found = false
  eachInline(parseText(text), (inline) => {
    if (inline.type === type) found = true
  })
  return found
}

const hasCodeBlock = (blocks: readonly Block[]): boolean =>
  blocks.some((block) => {
    if (block.type === 'quote') return hasCodeBlock(block.children)
    return block.type === 'list' ? block.items.some(({ children }) => hasCodeBlock(children)) : block.type === 'code'
  })

/** The name that somebody is typing after an @: `query` is what follows the @, `at` where the @ is. Null outside a mention. */
export function findMentionBeingTyped(textBeforeCaret: string): { query: string; at: number } | null {
  const typed = findNameBeingTyped(textBeforeCaret)
  if (!typed) return null
  // What a text means that has a name here says whether a mention can stand here.
  const upTo = textBeforeCaret.slice(0, typed.at)
  const probe = 'mention-being-typed'
  // Code whose end is still to be typed, and not "5` @ada".
  const ends = /(?<![\w`])`+[^`\s][^`\n]*$/.test(`${upTo}@`) ? ['', '`'] : ['']
  const canStand = ends.every((end) => findLastMention(`${upTo}@${probe}${end}`) === probe)
  return canStand ? typed : null
}

function findLastMention(text: string): string | null {
  let last: string | null = null
  eachInline(parseText(text), (inline) => {
    if (inline.type === 'mention') last = inline.names[0]?.name ?? null
  })
  return last
}
