import clsx from 'clsx'
import { UserPlus, X } from 'lucide-react'
import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { limits } from '../../contract/rules'
import type { Chat } from '../../sdk'
import { Avatar } from '../ui/avatar'
import { inputLook } from '../ui/fields'
import type { PersonName, SuggestedPerson } from './people-search'
import { useSuggestions } from './people-search'

interface PeoplePickerProps {
  client: Chat
  label: string
  hint?: string
  /** What is wrong with the selection, as a sentence. */
  error?: string | undefined
  picked: readonly PersonName[]
  onPick(picked: readonly PersonName[]): void
  /** Usernames that are not suggested. */
  exclude?: readonly string[]
  /** How many people can be selected. */
  limit?: number
}

/** Selects people by name: suggestions while typing, and a row of the people selected so far. */
export function PeoplePicker({ client, label, hint, error, picked, onPick, exclude = [], limit = limits.firstMembers }: PeoplePickerProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const isFull = picked.length >= limit
  const suggestions = useSuggestions(client, isFull ? '' : query, [...exclude, ...picked.map(({ username }) => username)])
  const at = Math.min(active, suggestions.length - 1)

  function pick(person: PersonName | undefined) {
    if (!person || isFull) return
    onPick([...picked, person])
    setQuery('')
    setActive(0)
    input.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent) {
    // In an input method, Enter accepts a word.
    if (event.nativeEvent.isComposing) return
    if (event.key === 'ArrowDown' && at < suggestions.length - 1) setActive(at + 1)
    else if (event.key === 'ArrowUp' && at > 0) setActive(at - 1)
    else if (event.key === 'Backspace' && query === '' && picked.length > 0) return onPick(picked.slice(0, -1))
    else if ((event.key === 'Enter' || event.key === ',') && query.trim() !== '') pick(suggestions[at])
    else return
    event.preventDefault()
  }

  const note = error ?? hint
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium text-sm">
        {label}
      </label>
      {picked.length > 0 && (
        <ul aria-label="Selected people" className="mb-2 flex flex-wrap gap-1.5">
          {picked.map((person) => (
            <li key={person.username} className="flex max-w-full items-center rounded-full bg-accent-soft pl-3 text-sm">
              <bdi className="truncate">{person.displayName}</bdi>
              <button
                type="button"
                aria-label={`Remove ${person.displayName}`}
                onClick={() => onPick(picked.filter(({ username }) => username !== person.username))}
                className="inline-flex size-11 shrink-0 items-center justify-center rounded-full text-soft hover:text-ink mouse:size-7"
              >
                <X aria-hidden="true" className="size-3.5" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        ref={input}
        id={id}
        role="combobox"
        aria-expanded={suggestions.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={suggestions.length > 0 ? `${id}-${at}` : undefined}
        aria-invalid={error ? true : undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        dir="auto"
        maxLength={limits.peopleQuery}
        disabled={isFull}
        placeholder={isFull ? `Up to ${limit} people` : 'Name or username'}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value)
          setActive(0)
        }}
        onKeyDown={onKeyDown}
        className={inputLook}
      />
      <SuggestedPeople id={id} suggestions={suggestions} active={at} onPick={pick} />
      {note && suggestions.length === 0 && (
        <p id={`${id}-note`} role={error ? 'alert' : undefined} className={`mt-1.5 text-sm ${error ? 'text-danger' : 'text-faint'}`}>
          {note}
        </p>
      )}
    </div>
  )
}

interface SuggestedPeopleProps {
  id: string
  suggestions: readonly SuggestedPerson[]
  active: number
  onPick(person: SuggestedPerson): void
}

/** The list of the combobox. The focus stays in the field; `aria-activedescendant` names the active option. */
export function SuggestedPeople({ id, suggestions, active, onPick }: SuggestedPeopleProps) {
  if (suggestions.length === 0) return null
  return (
    <div id={`${id}-list`} role="listbox" aria-label="People" className="mt-1.5 max-h-56 overflow-y-auto rounded-m border border-line p-1">
      {suggestions.map((person, index) => (
        <div
          key={`${person.username} ${person.isTyped}`}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(person)}
          onKeyDown={(event) => event.key === 'Enter' && onPick(person)}
          className={clsx(
            'flex min-h-11 cursor-pointer items-center gap-2.5 rounded-s px-2 text-sm mouse:min-h-9',
            index === active ? 'bg-selected' : 'hover:bg-hover',
          )}
        >
          {person.isTyped ? (
            <>
              <UserPlus aria-hidden="true" className="mx-1 size-4 shrink-0 text-faint" />
              <span className="truncate">
                Add <span className="font-medium">@{person.username}</span>
              </span>
            </>
          ) : (
            <>
              <Avatar {...person} className="size-6! rounded-s! text-[0.625rem]!" />
              <bdi className="truncate font-medium">{person.displayName}</bdi>
              <span className="truncate text-faint">@{person.username}</span>
            </>
          )}
        </div>
      ))}
    </div>
  )
}
