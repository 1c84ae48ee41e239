import type { Chat } from '../../../sdk'
import { usePeopleNames } from '../../people/people-names'

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

const namedLimit = 3

/** @param names display names. @param count how many people are typing */
export function typingWords([first, second, third]: readonly string[], count: number): string {
  if (count > namedLimit) return 'Several people are typing…'
  if (third) return `${first}, ${second} and ${third} are typing…`
  return second ? `${first} and ${second} are typing…` : `${first} is typing…`
}
