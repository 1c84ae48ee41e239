import clsx from 'clsx'
import { ChevronDown } from 'lucide-react'
import type { ReactNode } from 'react'
import type { SectionName } from './room-order'

const titles: Record<SectionName, string> = {
  favorites: 'Favorites',
  unread: 'Unread',
  rooms: 'Rooms',
  direct: 'Direct messages',
}

interface ListHeadingProps {
  section: SectionName
  isFolded: boolean
  /** Unread rooms that are folded away. */
  unread: number
  onFold(section: SectionName, isFolded: boolean): void
  /** Buttons at its end. */
  children?: ReactNode
}

export function ListHeading({ section, isFolded, unread, onFold, children }: ListHeadingProps) {
  return (
    <div className="flex items-center pt-2">
      <h2 className="min-w-0 flex-1">
        <button
          type="button"
          aria-expanded={!isFolded}
          onClick={() => onFold(section, !isFolded)}
          className="group flex min-h-11 w-full items-center gap-1 rounded-m px-2.5 text-left font-medium text-faint text-xs -outline-offset-2 hover:text-ink mouse:min-h-8"
        >
          {titles[section]}
          <ChevronDown aria-hidden="true" className={clsx('size-3.5 transition-transform duration-(--swift)', isFolded && '-rotate-90')} />
          {unread > 0 && <span className="font-semibold text-soft tabular-nums">{unread} unread</span>}
        </button>
      </h2>
      {children}
    </div>
  )
}
