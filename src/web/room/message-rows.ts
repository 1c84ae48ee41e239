import type { Message, Unsent } from '../../sdk'

export type MessageRow = {
  /** The same before and after the server has acknowledged it, so that it does not blink. */
  key: string
  /** Set on the first message of a day, in the reader's time zone. */
  day: Date | null
  /** Whether it shows its author: the first of what one person wrote in a row. */
  startsGroup: boolean
} & ({ message: Message } | { unsent: Unsent })

const groupMs = 5 * 60_000

/** What the list shows, top to bottom: what the server has told, then what is on its way there. */
export function createMessageRows(messages: readonly Message[], unsent: readonly Unsent[], username: string): MessageRow[] {
  let previous: { username: string; time: Date } | null = null

  function place(author: string, isoTime: string) {
    const time = new Date(isoTime)
    const day = !previous || previous.time.toDateString() !== time.toDateString() ? time : null
    const startsGroup = day !== null || previous?.username !== author || time.getTime() - previous.time.getTime() > groupMs
    previous = { username: author, time }
    return { day, startsGroup }
  }

  return [
    ...messages.map((message) => ({
      key: message.clientId ? `${message.author.username} ${message.clientId}` : String(message.seq),
      ...place(message.author.username, message.time),
      message,
    })),
    ...unsent.map((waiting) => ({ key: `${username} ${waiting.clientId}`, ...place(username, waiting.time), unsent: waiting })),
  ]
}
