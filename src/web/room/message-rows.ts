import type { Message, Unsent, User } from '../../sdk'

type Author = Pick<User, 'username' | 'displayName'>

export type MessageRow = {
  /** The same before and after the server has acknowledged it, so that it does not blink. */
  key: string
  /** Set on the first message of a day, in the reader's time zone. */
  day: Date | null
  /** Whether it shows its author: the first of what one person wrote in a row, under one name. */
  startsGroup: boolean
} & ({ message: Message } | { unsent: Unsent })

const groupMs = 5 * 60_000

/** What the list shows, top to bottom: what the server has told, then what is on its way there. */
export function createMessageRows(messages: readonly Message[], unsent: readonly Unsent[], own: Author): MessageRow[] {
  let previous: { author: Author; time: Date } | null = null

  function place(author: Author, isoTime: string) {
    const time = new Date(isoTime)
    const day = !previous || previous.time.toDateString() !== time.toDateString() ? time : null
    const isSame = previous?.author.username === author.username && previous.author.displayName === author.displayName
    const startsGroup = day !== null || !previous || !isSame || time.getTime() - previous.time.getTime() > groupMs
    previous = { author, time }
    return { day, startsGroup }
  }

  return [
    ...messages.map((message) => ({
      key: message.clientId ? `${message.author.username} ${message.clientId}` : String(message.seq),
      ...place(message.author, message.time),
      message,
    })),
    ...unsent.map((waiting) => ({ key: `${own.username} ${waiting.clientId}`, ...place(own, waiting.time), unsent: waiting })),
  ]
}
