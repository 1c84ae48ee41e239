import type { Message, Unsent } from '../../../sdk'
import type { PersonName } from '../../people/people-search'

export type MessageRow = {
  /** The same before and after the server has acknowledged it, so that it does not blink. */
  key: string
  /** Set on the first message of a day, in the reader's time zone. */
  day: Date | null
  /** Whether it shows its author: the first of what one person wrote in a row. */
  startsGroup: boolean
  /** The message that it answers, when that is in the list. */
  answered: Message | undefined
} & ({ message: Message } | { unsent: Unsent })

const groupMs = 5 * 60_000

interface RowsOf {
  messages: readonly Message[]
  unsent: readonly Unsent[]
  /** Who wrote what is unsent. */
  own: PersonName
  /** The place that a line stands above; null for none. */
  firstUnread: number | null
}

/** What the list shows, top to bottom: what the server has told, then what is on its way there. */
export function createMessageRows({ messages, unsent, own, firstUnread }: RowsOf): MessageRow[] {
  const firstSeq = messages[0]?.seq ?? 0
  let previous: { author: PersonName | null; time: Date } | null = null

  function place(author: PersonName, isoTime: string, answers: Message['replyTo'] | undefined) {
    const time = new Date(isoTime)
    const day = !previous || previous.time.toDateString() !== time.toDateString() ? time : null
    const isSame = previous?.author?.username === author.username && previous.author.displayName === author.displayName
    const startsGroup = day !== null || !previous || !isSame || time.getTime() - previous.time.getTime() > groupMs
    previous = { author, time }
    return { day, startsGroup: startsGroup || answers != null, answered: answers ? messages[answers.seq - firstSeq] : undefined }
  }

  /** Something else stands between this and the next. */
  function interrupt() {
    if (previous) previous = { ...previous, author: null }
  }

  return [
    ...messages.map((message) => {
      if (message.seq === firstUnread) interrupt()
      const placed = place(message.author, message.time, message.replyTo)
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
