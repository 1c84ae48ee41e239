import type { ReactNode } from 'react'
import { useTyping } from '../typing'
import { joinClasses } from './class-names'
import { typingWords } from './typing-words'

/**
 * Says who else is typing. It stays in its place when nobody is, so that nothing around it jumps.
 * @example <TypingLine className="quiet" />
 */
export function TypingLine({ className }: { className?: string }): ReactNode {
  const { people, count } = useTyping()
  const names = people.map(({ displayName }) => displayName)
  return (
    <p role="status" className={joinClasses('roomline-typing', className)}>
      {count > 0 && typingWords(names, count)}
    </p>
  )
}
