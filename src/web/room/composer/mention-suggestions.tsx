import clsx from 'clsx'
import { type KeyboardEvent, useMemo, useState } from 'react'
import { findMentionBeingTyped } from '../../../contract/markdown/mentions'
import { type PersonName, usePeopleSearch } from '../../people/people-search'
import { Avatar } from '../../ui/avatar'

/** @returns members of the room who match what was typed after an @ */
export type FindMembers = (query: string) => Promise<readonly PersonName[]>

const everyone: PersonName = { username: 'room', displayName: 'Everyone in this room' }
const shownLimit = 7
const delayMs = 120

/**
 * Names for the @ that was typed before the caret.
 * @param onChoose called with what replaces the text from the @ to the caret
 */
export function useMentionSuggestions(
  room: string,
  findMembers: FindMembers,
  textBeforeCaret: string,
  onChoose: (at: number, replacement: string) => void,
) {
  const typed = findMentionBeingTyped(textBeforeCaret)
  /** Where the @ is whose suggestions were closed. */
  const [closedAt, setClosedAt] = useState<number | null>(null)
  const query = typed && typed.at !== closedAt ? typed.query.toLowerCase() : null
  const members = usePeopleSearch({ query, queryKey: ['mentions', room], search: findMembers, delayMs })
  const people = useMemo(() => (query === null || members === null ? [] : rank(members, query)), [members, query])
  const [selected, setSelected] = useState<{ people: readonly PersonName[]; index: number }>({ people, index: 0 })
  // Other names: the first of them is the one that Enter takes.
  const active = selected.people === people ? selected.index : 0
  if (!typed && closedAt !== null) setClosedAt(null)

  function choose({ username }: PersonName) {
    if (typed) onChoose(typed.at, `@${username} `)
  }

  const select = (index: number) => setSelected({ people, index })

  return {
    ...{ people, active, choose },
    /** @returns whether the key was meant for the suggestions */
    onKeyDown: ({ key, shiftKey }: KeyboardEvent): boolean => {
      const chosen = people[active]
      if (!chosen || !typed) return false
      if (key === 'ArrowDown') select((active + 1) % people.length)
      else if (key === 'ArrowUp') select((active + people.length - 1) % people.length)
      else if ((key === 'Enter' || key === 'Tab') && !shiftKey) choose(chosen)
      else if (key === 'Escape') setClosedAt(typed.at)
      else return false
      return true
    },
  }
}

/** Usernames that begin with what was typed come first. */
function rank(members: readonly PersonName[], query: string): readonly PersonName[] {
  const people = 'room'.startsWith(query) ? [...members, everyone] : members
  const rankOf = ({ username }: PersonName) => (username.startsWith(query) ? 0 : 1)
  return [...people].sort((a, b) => rankOf(a) - rankOf(b)).slice(0, shownLimit)
}

interface MentionListProps {
  id: string
  people: readonly PersonName[]
  active: number
  onChoose(person: PersonName): void
}

export const optionId = (id: string, index: number) => `${id}-${index}`

export function MentionList({ id, people, active, onChoose }: MentionListProps) {
  return (
    <div
      id={id}
      role="listbox"
      aria-label="People to mention"
      className="menu absolute bottom-full left-0 z-20 mb-1.5 w-full max-w-sm overflow-hidden rounded-m border border-line bg-raised p-1 shadow-high"
    >
      {people.map((person, index) => (
        <div
          key={person.username}
          id={optionId(id, index)}
          role="option"
          aria-selected={index === active}
          tabIndex={-1}
          // Keeps the focus in the text, and a phone's keyboard open.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(person)}
          onKeyDown={undefined}
          className={clsx(
            'flex min-h-11 cursor-pointer items-center gap-2.5 rounded-s px-2 mouse:min-h-9',
            index === active && 'bg-selected',
          )}
        >
          {person === everyone ? (
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
