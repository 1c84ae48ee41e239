import { createContext, type ReactNode, useContext } from 'react'
import type { PersonName } from './people-search'

/** Opens somebody's profile card next to an element. */
export type OpenPersonCard = (person: PersonName, anchor: HTMLElement) => void

const OpenCardContext = createContext<OpenPersonCard | null>(null)
export const PersonCardProvider = OpenCardContext.Provider

interface PersonButtonProps {
  person: PersonName
  /** False where another button next to it opens the same card. */
  isTabStop?: boolean
  className?: string
  children: ReactNode
}

/** A name, avatar or mention that opens the person's profile card. Outside of a room it is plain text. */
export function PersonButton({ person, isTabStop = true, className, children }: PersonButtonProps) {
  const open = useContext(OpenCardContext)
  if (!open) return <span className={className}>{children}</span>
  return (
    <button
      type="button"
      aria-haspopup="dialog"
      {...(!isTabStop && { tabIndex: -1, 'aria-hidden': true })}
      onClick={({ currentTarget }) => open(person, currentTarget)}
      className={className}
    >
      {children}
    </button>
  )
}
