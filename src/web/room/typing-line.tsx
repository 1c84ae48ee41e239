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
  if (more.length > 0) return 'Several people are writing…'
  return second ? `${first} and ${second} are writing…` : `${first} is writing…`
}
