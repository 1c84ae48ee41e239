import clsx from 'clsx'
import type { MouseEvent } from 'react'
import type { Room } from '../../sdk'
import { RoomIcon } from '../room/room-header'
import { roomPath } from '../room-address'
import { Button } from '../ui/button'
import type { MyRooms } from './my-rooms'

interface RoomListProps {
  myRooms: MyRooms
  current: string | null
  onOpen(room: string): void
}

export function RoomList({ myRooms: { rooms, failure, reload }, current, onOpen }: RoomListProps) {
  if (failure && !rooms) {
    return (
      <div role="alert" className="space-y-2 px-2 py-1 text-sm">
        <p className="text-danger">{failure.words}</p>
        <Button look="outline" onClick={reload}>
          Try again
        </Button>
      </div>
    )
  }
  if (!rooms) return <RoomListSkeleton />
  if (rooms.length === 0) return <p className="px-2.5 py-1 text-soft text-sm">You are in no room yet.</p>

  // By name: a list that stays as it is can be found by the hand alone.
  const sorted = [...rooms].sort((a, b) => a.name.localeCompare(b.name))
  return (
    <ul>
      {sorted.map((room) => (
        <li key={room.id}>
          <RoomLink room={room} isCurrent={room.id === current} onOpen={onOpen} />
        </li>
      ))}
    </ul>
  )
}

function RoomLink({ room, isCurrent, onOpen }: { room: Room; isCurrent: boolean; onOpen(room: string): void }) {
  function open(event: MouseEvent) {
    // With a modifier the browser opens a tab or a window, as with any link.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    onOpen(room.id)
  }

  return (
    <a
      href={roomPath(room.id)}
      onClick={open}
      aria-current={isCurrent ? 'page' : undefined}
      className={clsx(
        'relative flex min-h-11 items-center gap-2 rounded-m px-2.5 text-base md:min-h-8',
        isCurrent
          ? 'bg-selected font-medium text-ink before:absolute before:inset-y-2 before:-left-2 before:w-[3px] before:rounded-r-full before:bg-spark'
          : 'text-soft hover:bg-hover hover:text-ink',
      )}
    >
      <RoomIcon kind={room.kind} />
      <bdi className="truncate">{room.name}</bdi>
    </a>
  )
}

function RoomListSkeleton() {
  return (
    <div role="status" aria-label="Loading rooms" className="late space-y-3 px-2.5 pt-2">
      {['w-24', 'w-32', 'w-20'].map((width) => (
        <div key={width} className={`skeleton h-3 rounded-s ${width}`} />
      ))}
    </div>
  )
}
