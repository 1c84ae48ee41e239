import type { Message, Unsent } from '../../sdk'

/** What the reader of a room is about to write. */
export type Writing = { mode: 'new' } | { mode: 'reply'; to: Message } | { mode: 'edit'; message: Message }

/** A quoted line is no longer than the server's. */
const quoteLength = 200

/** What an answer carries of the message that it answers. */
export function quoteOf({ seq, author, text }: Message): NonNullable<Unsent['replyTo']> {
  const characters = [...text.slice(0, quoteLength * 4)]
  const isLong = characters.length > quoteLength || text.length > quoteLength * 4
  return { seq, author: author.username, text: isLong ? `${characters.slice(0, quoteLength).join('')}…` : text }
}
