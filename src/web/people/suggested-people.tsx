import clsx from 'clsx'
import { UserPlus } from 'lucide-react'
import { Avatar } from '../ui/avatar'
import type { Suggestion } from './suggestions'

interface SuggestedPeopleProps {
  id: string
  suggestions: readonly Suggestion[]
  active: number
  onPick(person: Suggestion): void
}

/** The list of a combobox: the focus stays in the field, and the field says which of them is meant. */
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
