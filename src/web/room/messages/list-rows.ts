import type { Message, Unsent } from '../../../sdk'
import type { PersonName } from '../../people/people-search'
import { type QuotedAbove, type QuoteLook, quoteLook } from './quote-look'
import type { Rows } from './row-window'

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
  /** All that are loaded, without holes. */
  messages: readonly Message[]
  unsent: readonly Unsent[]
  /** The author of the unsent messages. */
  own: PersonName
  /** The seq of the message that has the "New" line above it; null for none. */
  firstUnread: number | null
  /** The messages to make rows of; all by default. The unsent ones follow the last message. */
  rows?: Rows
  /** Where days begin; the person's own time zone by default. */
  timeZone?: string | undefined
}

/** The rows of the list from top to bottom: stored messages, then unsent ones. */
export function createListRows({ messages, unsent, own, firstUnread, rows, timeZone }: RowsOf): ListRow[] {
  const days = timeZone === undefined ? null : new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short' })
  const dayOf = (time: Date) => days?.format(time) ?? time.toDateString()
  const first = messages[0]?.seq ?? 1
  const from = rows ? Math.max(rows.from - first, 0) : 0
  const to = rows ? Math.min(rows.to - first + 1, messages.length) : messages.length
  let previous: { author: PersonName | null; time: Date; above: QuotedAbove | null } | null = null

  function place(author: PersonName, isoTime: string, replyTo: Message['replyTo'] = null, seq: number | null = null) {
    const time = new Date(isoTime)
    const day = !previous || dayOf(previous.time) !== dayOf(time) ? time : null
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

  function rowOf(message: Message) {
    if (message.seq === firstUnread) interrupt()
    const placed = place(message.author, message.time, message.replyTo, message.seq)
    if (message.kind !== 'text') interrupt()
    return { key: message.clientId ? `${message.author.username} ${message.clientId}` : String(message.seq), ...placed, message }
  }

  const before = messages[from - 1]
  if (before) rowOf(before)
  return [
    ...messages.slice(from, to).map(rowOf),
    ...(to < messages.length ? [] : unsent).map((waiting) => ({
      key: `${own.username} ${waiting.clientId}`,
      ...place(own, waiting.time, waiting.replyTo),
      unsent: waiting,
    })),
  ]
}
