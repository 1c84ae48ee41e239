import type { Message, Unsent } from '../../../sdk'
import type { PersonName } from '../../people/people-search'
import { type QuotedAbove, type QuoteLook, quoteLook } from './quote-look'

export type ListRow = {
  /** Stays the same when a pending message is acknowledged, so that it is not rendered anew. */
  key: string
  /** Set on the first message of a day, in the reader's time zone. */
  day: Date | null
  /** Whether it shows its author: it is the first of several messages in a row. */
  startsGroup: boolean
  /** How it shows what it answers. */
  quote: QuoteLook
} & ({ message: Message } | { unsent: Unsent })

const groupMs = 5 * 60_000

interface RowsOf {
  messages: readonly Message[]
  unsent: readonly Unsent[]
  /** The author of the unsent messages. */
  own: PersonName
  /** The seq of the message that has the "New" line above it; null for none. */
  firstUnread: number | null
}

/** The rows of the list from top to bottom: stored messages, then unsent ones. */
export function createListRows({ messages, unsent, own, firstUnread }: RowsOf): ListRow[] {
  let previous: { author: PersonName | null; time: Date; above: QuotedAbove | null } | null = null

  function place(author: PersonName, isoTime: string, replyTo: Message['replyTo'] = null, seq: number | null = null) {
    const time = new Date(isoTime)
    const day = !previous || previous.time.toDateString() !== time.toDateString() ? time : null
    const isSame = previous?.author?.username === author.username && previous.author.displayName === author.displayName
    const startsGroup = day !== null || !previous || !isSame || time.getTime() - previous.time.getTime() > groupMs
    const quote = quoteLook(replyTo, day ? null : (previous?.above ?? null))
    previous = { author, time, above: { seq, replyTo } }
    return { day, startsGroup: startsGroup || (replyTo !== null && quote === 'line'), quote }
  }

  /** Something stands between this message and the next, so the next one shows its author again. */
  function interrupt() {
    if (previous) previous = { ...previous, author: null, above: null }
  }

  return [
    ...messages.map((message) => {
      if (message.seq === firstUnread) interrupt()
      const placed = place(message.author, message.time, message.replyTo, message.seq)
      if (message.kind !== 'text') interrupt()
      return { key: message.clientId ? `${message.author.username} ${message.clientId}` : String(message.seq), ...placed, message }
    }),
    ...unsent.map((waiting) => ({
      key: `${own.username} ${waiting.clientId}`,
      ...place(own, waiting.time, waiting.replyTo),
      unsent: waiting,
    })),
  ]
}
