import type { Chat } from '../../../sdk'
import { namedLimit, typingWords } from '../../../sdk/react/components/typing-words'
import { usePeopleNames } from '../../../sdk/react/people-names'

interface TypingLineProps {
  client: Chat
  /** Usernames. */
  typing: readonly string[]
  /** The viewer's username: their own typing is not shown. */
  me: string
}

/** Shows who else is typing. It keeps its height when nobody is, so that nothing above it jumps. */
export function TypingLine({ client, typing, me }: TypingLineProps) {
  const others = typing.filter((username) => username !== me)
  const names = usePeopleNames(client, others.slice(0, namedLimit))
  const known = others.flatMap((username) => names.get(username) ?? [])
  return (
    <p role="status" className="h-5 shrink-0 truncate px-4 text-soft text-xs leading-5 md:px-6">
      {known.length > 0 && typingWords(known, others.length)}
    </p>
  )
}
