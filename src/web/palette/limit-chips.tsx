import { X } from 'lucide-react'
import { formatDay } from '../ui/times'
import { hasWords, type LimitName, limitNames, type SearchLimits, startOfDay } from './search-filters'

interface LimitChipsProps {
  limits: SearchLimits
  nameOfRoom(room: string): string
  onRemove(name: LimitName): void
}

/** What a search is limited to, each with a button that removes it. */
export function LimitChips({ limits, nameOfRoom, onRemove }: LimitChipsProps) {
  const shown = limitNames.filter((name) => limits[name] !== undefined)
  if (shown.length === 0) return null
  return (
    <ul aria-label="Filters" className="flex flex-wrap gap-1.5 px-3 pt-3">
      {shown.map((name) => {
        const words = limitWords(name, limits[name] ?? '', nameOfRoom)
        return (
          <li key={name} className="flex max-w-full items-center rounded-full bg-accent-soft text-accent text-sm">
            <span className="min-w-0 truncate py-0.5 pl-2.5">
              {name}: <bdi className="font-medium">{words}</bdi>
            </span>
            <button
              type="button"
              aria-label={`Remove the filter ${name}: ${words}`}
              onClick={() => onRemove(name)}
              className="flex size-9 items-center justify-center rounded-full hover:text-ink mouse:size-6"
            >
              <X aria-hidden="true" className="size-3.5" />
            </button>
          </li>
        )
      })}
    </ul>
  )
}

export function limitWords(name: LimitName, value: string, nameOfRoom: (room: string) => string): string {
  switch (name) {
    case 'from':
      return `@${value}`
    case 'in':
      return nameOfRoom(value)
    case 'has':
      return hasWords[value as keyof typeof hasWords]
    default:
      return formatDay(startOfDay(value))
  }
}

interface LimitButtonsProps {
  limits: SearchLimits
  onStart(name: LimitName): void
}

const buttonWords: Record<LimitName, string> = { from: 'From', in: 'In', after: 'After', before: 'Before', has: 'Has' }

/** Begins a filter, for those who don't know what can be typed. */
export function LimitButtons({ limits, onStart }: LimitButtonsProps) {
  const offered = limitNames.filter((name) => limits[name] === undefined)
  if (offered.length === 0) return null
  return (
    <fieldset className="flex flex-wrap items-center gap-1.5 px-3 pt-2.5 pb-1">
      <legend className="sr-only">Add a filter</legend>
      {offered.map((name) => (
        <button
          key={name}
          type="button"
          onClick={() => onStart(name)}
          className="min-h-9 rounded-full border border-line px-3 text-soft text-xs hover:border-line-strong hover:text-ink mouse:min-h-7 mouse:px-2.5"
        >
          {buttonWords[name]}
        </button>
      ))}
    </fieldset>
  )
}
