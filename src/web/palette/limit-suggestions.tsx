import { Command } from 'cmdk'
import { CalendarDays, Code, Link, Paperclip } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Room, User } from '../../sdk'
import { RoomIcon } from '../rooms/room-mark'
import { Avatar } from '../ui/avatar'
import { bestMatches } from './fuzzy'
import { groupLook, itemLook } from './palette-looks'
import { type LimitName, parseLimit, type SearchLimits, type TypedLimit, toDay } from './search-filters'

interface LimitSuggestionsProps {
  typed: TypedLimit
  rooms: readonly Room[]
  people: readonly Pick<User, 'username' | 'displayName'>[]
  onPick(limits: SearchLimits): void
}

const headings: Record<LimitName, string> = {
  from: 'From',
  in: 'In',
  after: 'On or after',
  before: 'Before',
  has: 'Has',
}

const days = [
  { value: 'today', words: 'Today' },
  { value: 'yesterday', words: 'Yesterday' },
  { value: 'week', words: 'A week ago' },
  { value: 'month', words: 'A month ago' },
]
const things = [
  { value: 'link', words: 'A link', icon: <Link aria-hidden="true" /> },
  { value: 'code', words: 'Code', icon: <Code aria-hidden="true" /> },
  { value: 'file', words: 'A file', icon: <Paperclip aria-hidden="true" /> },
]

interface Suggestion {
  value: string
  words: string
  more?: string
  icon: ReactNode
}

/** What a filter that is being typed may become, as options of the palette's list. */
export function LimitSuggestions({ typed, rooms, people, onPick }: LimitSuggestionsProps) {
  const { name, value } = typed
  const exact = parseLimit(name, value, rooms)
  return (
    <Command.Group heading={headings[name]} className={groupLook}>
      {isDay(name) && exact && !days.some((day) => day.value === value) && (
        <Command.Item value={`limit ${value}`} onSelect={() => onPick(exact)} className={itemLook}>
          <CalendarDays aria-hidden="true" />
          {value}
        </Command.Item>
      )}
      {suggest(typed, rooms, people).map(({ value: each, words, more, icon }) => (
        <Command.Item
          key={each}
          value={`limit ${each}`}
          onSelect={() => {
            const limits = parseLimit(name, each, rooms)
            if (limits) onPick(limits)
          }}
          className={itemLook}
        >
          {icon}
          <bdi className="min-w-0 truncate text-left">{words}</bdi>
          {more && <span className="shrink-0 text-faint text-xs in-data-[selected=true]:text-soft">{more}</span>}
        </Command.Item>
      ))}
    </Command.Group>
  )
}

const isDay = (name: LimitName) => name === 'after' || name === 'before'

/** Below those options: a calendar, or that there are none. */
export function EndOfSuggestions({ typed, rooms, people, onPick }: LimitSuggestionsProps) {
  if (isDay(typed.name)) {
    return (
      <label className="flex items-center gap-3 px-5 pb-3 text-soft text-sm">
        On another day
        <input
          type="date"
          max={toDay(new Date())}
          onChange={({ target }) => target.value && onPick({ [typed.name]: target.value })}
          className="h-11 rounded-m border border-line-strong bg-raised px-2 text-[1rem] mouse:h-8 md:text-sm"
        />
      </label>
    )
  }
  return (
    <p role="status" className="px-5 pb-2 text-faint text-sm">
      {suggest(typed, rooms, people).length === 0 && 'Nothing matches.'}
    </p>
  )
}

function suggest({ name, value }: TypedLimit, rooms: readonly Room[], people: LimitSuggestionsProps['people']): Suggestion[] {
  switch (name) {
    case 'from':
      return people.map((person) => ({
        value: person.username,
        words: person.displayName,
        more: `@${person.username}`,
        icon: <Avatar {...person} className="size-6! rounded-s! text-[0.625rem]!" />,
      }))
    case 'in':
      return bestMatches(rooms, value, 8, (room) => [room.name]).map((room) => ({
        value: room.id,
        words: room.name,
        icon: <RoomIcon kind={room.kind} />,
      }))
    case 'has':
      return things.filter((thing) => thing.value.startsWith(value.toLowerCase()))
    default:
      return days
        .filter((day) => day.value.startsWith(value.toLowerCase()))
        .map((day) => ({ ...day, icon: <CalendarDays aria-hidden="true" /> }))
  }
}
