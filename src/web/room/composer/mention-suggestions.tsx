import clsx from 'clsx'
import { type KeyboardEvent, useEffect, useState } from 'react'
import { findMentionBeingTyped } from '../../../contract/text-tokens'
import { Avatar } from '../../ui/avatar'

export interface MentionSuggestion {
  username: string
  displayName: string
}

/** @returns members of the room that fit what was typed after an @ */
export type FindMembers = (query: string) => Promise<MentionSuggestion[]>

const everybody: MentionSuggestion = { username: 'room', displayName: 'Everybody in this room' }
const mostShown = 7
const settleMs = 120

/**
 * Names for the @ that stands before the caret.
 * @param onChoose what stands there instead: from the @ to the caret
 */
export function useMentionSuggestions(
  findMembers: FindMembers,
  textBeforeCaret: string,
  onChoose: (at: number, replacement: string) => void,
) {
  const typed = findMentionBeingTyped(textBeforeCaret)
  const [found, setFound] = useState<{ query: string; people: MentionSuggestion[] } | null>(null)
  const [active, setActive] = useState(0)
  /** Where the @ is that somebody wants no names for. */
  const [closedAt, setClosedAt] = useState<number | null>(null)
  const query = typed && typed.at !== closedAt ? typed.query.toLowerCase() : null

  useEffect(() => {
    if (query === null) return setFound(null)
    let isStale = false
    const timer = setTimeout(async () => {
      const members = await findMembers(query).catch(() => [])
      if (isStale) return
      const people = 'room'.startsWith(query) ? [...members, everybody] : members
      const rank = ({ username }: MentionSuggestion) => (username.startsWith(query) ? 0 : 1)
      setFound({ query, people: people.sort((a, b) => rank(a) - rank(b)).slice(0, mostShown) })
      setActive(0)
    }, settleMs)
    return () => {
      isStale = true
      clearTimeout(timer)
    }
  }, [query, findMembers])

  if (!typed && closedAt !== null) setClosedAt(null)
  const people = query !== null && found ? found.people : []

  function choose({ username }: MentionSuggestion) {
    if (typed) onChoose(typed.at, `@${username} `)
  }

  return {
    ...{ people, active, choose },
    /** @returns whether the key was for the names */
    onKeyDown: ({ key, shiftKey }: KeyboardEvent): boolean => {
      const chosen = people[active]
      if (!chosen || !typed) return false
      if (key === 'ArrowDown') setActive((active + 1) % people.length)
      else if (key === 'ArrowUp') setActive((active + people.length - 1) % people.length)
      else if ((key === 'Enter' || key === 'Tab') && !shiftKey) choose(chosen)
      else if (key === 'Escape') setClosedAt(typed.at)
      else return false
      return true
    },
  }
}

interface MentionListProps {
  id: string
  people: readonly MentionSuggestion[]
  active: number
  onChoose(person: MentionSuggestion): void
}

export const optionId = (id: string, place: number) => `${id}-${place}`

export function MentionList({ id, people, active, onChoose }: MentionListProps) {
  return (
    <div
      id={id}
      role="listbox"
      aria-label="People to mention"
      className="menu absolute bottom-full left-0 z-20 mb-1.5 w-full max-w-sm overflow-hidden rounded-m border border-line bg-raised p-1 shadow-high"
    >
      {people.map((person, place) => (
        <div
          key={person.username}
          id={optionId(id, place)}
          role="option"
          aria-selected={place === active}
          tabIndex={-1}
          // The text keeps the focus, and a phone its keyboard.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(person)}
          onKeyDown={undefined}
          className={clsx(
            'flex min-h-11 cursor-pointer items-center gap-2.5 rounded-s px-2 mouse:min-h-9',
            place === active && 'bg-selected',
          )}
        >
          {person === everybody ? (
            <span
              aria-hidden="true"
              className="inline-flex size-6 items-center justify-center rounded-s bg-spark font-semibold text-on-spark text-sm"
            >
              @
            </span>
          ) : (
            <Avatar {...person} className="size-6! rounded-s! text-[0.625rem]!" />
          )}
          <bdi className="truncate font-medium text-sm">{person.displayName}</bdi>
          <span className="truncate text-faint text-sm">@{person.username}</span>
        </div>
      ))}
    </div>
  )
}
