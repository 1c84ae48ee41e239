import type { ChatClient } from '../../../sdk'

/** The server forgets it after a little longer. */
const everyMs = 3_000

/** What is sent ends it for the others; of what is said anew sooner than that, the server passes nothing on. */
const afterSendingMs = 1_000

/** Tells the room that its reader is writing, now and then while they are. It is given what has been written so far. */
export function createTypingNews(client: ChatClient, room: string): (text: string) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return (text) => {
    if (text === '') toldAt = Math.min(toldAt, performance.now() - everyMs + afterSendingMs)
    if (text === '' || performance.now() - toldAt < everyMs) return
    toldAt = performance.now()
    tellTyping(client, room)
  }
}

/** Nobody waits for it, and nothing is lost when it does not arrive. */
function tellTyping({ chat }: ChatClient, room: string) {
  chat.typing.mutate({ room }).catch(() => {})
}

interface TypingLineProps {
  /** Usernames. */
  typing: readonly string[]
  /** Whose own writing is no news to them. */
  me: string
}

/** Who else is writing. It keeps its place when nobody is: what is above it does not jump. */
export function TypingLine({ typing, me }: TypingLineProps) {
  const others = typing.filter((username) => username !== me)
  return (
    <p role="status" className="h-5 shrink-0 truncate px-4 text-soft text-xs leading-5 md:px-6">
      {others.length > 0 && wordsFor(others)}
    </p>
  )
}

function wordsFor([first, second, ...more]: readonly string[]): string {
  if (more.length > 0) return 'Several people are typing…'
  return second ? `${first} and ${second} are typing…` : `${first} is typing…`
}
