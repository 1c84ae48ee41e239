import { parseText } from '../../../contract/markdown/parse-text'
import { closeSpoiler } from '../../../contract/markdown/plain-blocks'
import { readPlainParagraph } from '../../../contract/markdown/plain-paragraph'
import type { Block } from '../../../contract/markdown/tree'
import type { Message } from '../../../sdk'

/** Texts with their formatting, as read on the server: so the page shows its first messages without the parser. */
export type ParsedTexts = Readonly<Record<string, readonly Block[]>>

/** All texts in these messages that need the parser. */
export function parseTexts(messages: readonly Message[]): ParsedTexts {
  const texts = new Set(
    messages.flatMap(({ text, replyTo }) => (replyTo ? [text, replyTo.text, closeSpoiler(replyTo.text) ?? ''] : [text])),
  )
  return Object.fromEntries([...texts].filter((text) => readPlainParagraph(text) === null).map((text) => [text, parseText(text)]))
}
