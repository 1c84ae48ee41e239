import { cutQuote } from '../../contract/rules'
import type { Message, Unsent } from '../../sdk'

/** What the reader of a room is about to write. */
export type Writing = { mode: 'new' } | { mode: 'reply'; to: Message } | { mode: 'edit'; message: Message }

/** What an answer carries of the message that it answers. */
export function quoteOf({ seq, author, text }: Message): NonNullable<Unsent['replyTo']> {
  return { seq, author: author.username, text: cutQuote(text) }
}
