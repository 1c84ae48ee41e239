import { ArrowDownAZ, Clock, ListFilter, X } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { limits } from '../../contract/rules'
import { IconButton } from '../ui/button'
import type { RoomOrder } from './room-order'

interface ListToolsProps {
  filter: string
  order: RoomOrder
  onFilter(filter: string): void
  onOrder(order: RoomOrder): void
  /** Opens the first room that matches. */
  onEnter(): void
  /** Puts the focus into the list. */
  onDown(): void
}

/** The filter of the room list, and its order. */
export function ListTools({ filter, order, onFilter, onOrder, onEnter, onDown }: ListToolsProps) {
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Escape' && filter !== '') onFilter('')
    else if (event.key === 'Enter' && filter.trim() !== '') onEnter()
    else if (event.key === 'ArrowDown') onDown()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const isByName = order === 'name'
  return (
    <div className="flex shrink-0 items-center gap-1 px-2 pt-1">
      <div className="relative min-w-0 flex-1">
        <ListFilter aria-hidden="true" className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-faint" />
        <input
          type="text"
          dir="auto"
          value={filter}
          maxLength={limits.roomQuery}
          aria-label="Filter rooms"
          placeholder="Filter rooms"
          onChange={(event) => onFilter(event.target.value)}
          onKeyDown={onKeyDown}
          className="block h-11 w-full rounded-m bg-transparent pr-9 pl-9 text-[1rem] placeholder:text-faint hover:bg-hover focus:bg-raised mouse:h-8 md:text-sm"
        />
        {filter !== '' && (
          <IconButton label="Clear the filter" onClick={() => onFilter('')} className="absolute! inset-y-0 right-0 mouse:size-8!">
            <X />
          </IconButton>
        )}
      </div>
      <IconButton
        label={isByName ? 'Rooms A–Z. Sort by latest message' : 'Latest message first. Sort rooms A–Z'}
        onClick={() => onOrder(isByName ? 'latest' : 'name')}
      >
        {isByName ? <ArrowDownAZ /> : <Clock />}
      </IconButton>
    </div>
  )
}
