import type { ChatClient } from '../../../sdk'

/** A little less than the time after which the server forgets it. */
const resendMs = 3_000

/** Sending a message ends the typing state, and for this long after it the server ignores a new one. */
const ignoredAfterMessageMs = 1_000

/** @returns a function to call with the text after each change; it tells the server now and then that the user is typing */
export function createTypingNotifier(client: ChatClient, room: string): (text: string) => void {
  let sentAt = Number.NEGATIVE_INFINITY
  return (text) => {
    if (text === '') sentAt = Math.min(sentAt, performance.now() - resendMs + ignoredAfterMessageMs)
    if (text === '' || performance.now() - sentAt < resendMs) return
    sentAt = performance.now()
    // A failure needs no handling: a later change of the text tells the server again.
    client.chat.typing.mutate({ room }).catch(() => {})
  }
}

interface TypingLineProps {
  /** Usernames. */
  typing: readonly string[]
  /** The viewer's username: their own typing is not shown. */
  me: string
}

/** Shows who else is typing. It keeps its height when nobody is, so that nothing above it jumps. */
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
