import type { Message } from '../contract/message'
import { cutQuote } from '../contract/rules'
import type { Unsent } from './outbox-storage'

/**
 * A message with what it quotes as it is now, if this client knows that better. The server reads a quote whenever it reads
 * the message with it. So the quote is at least as new as the message's version, and a quoted message with a higher version
 * is newer than the quote.
 */
export function withNewerQuote<Answer extends Message | Unsent>(answer: Answer, find: (seq: number) => Message | undefined): Answer {
  const { replyTo } = answer
  const quoted = replyTo && find(replyTo.seq)
  return quoted ? withQuote(answer, quoted) : answer
}

/** A message with this version of what it quotes, if its quote is not newer. */
export function withQuote<Answer extends Message | Unsent>(answer: Answer, quoted: Message): Answer {
  const { replyTo } = answer
  if (!replyTo || ('version' in answer && answer.version > quoted.version)) return answer
  const text = cutQuote(quoted.text)
  return text === replyTo.text ? answer : { ...answer, replyTo: { ...replyTo, text } }
}

/** What an answer shows of the message that it answers. */
export function quoteOf({ seq, author, text }: Pick<Message, 'seq' | 'author' | 'text'>): NonNullable<Unsent['replyTo']> {
  return { seq, author, text: cutQuote(text) }
}
