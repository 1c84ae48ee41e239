import { PanelLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import type { RoomKind, User } from '../../../sdk'
import { RoomMark } from '../../rooms/room-mark'
import { IconButton } from '../../ui/button'

interface RoomHeaderProps {
  name: string
  topic?: string | undefined
  kind?: RoomKind | undefined
  /** The other people in a direct room. */
  people?: readonly User[] | undefined
  onShowRooms(): void
  children?: ReactNode
}

export function RoomHeader({ name, topic, kind, people = [], onShowRooms, children }: RoomHeaderProps) {
  return (
    <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-2 border-line border-b py-1 pr-2 pl-2 md:pr-4 md:pl-6">
      <IconButton label="Show the rooms" onClick={onShowRooms} className="md:hidden">
        <PanelLeft />
      </IconButton>
      <div className="min-w-0 flex-1 basis-20">
        <h1 className="flex items-center gap-1.5 font-semibold text-lg tracking-tight">
          {kind && <RoomMark kind={kind} people={people} />}
          <bdi className="truncate">{name}</bdi>
        </h1>
        {topic && (
          <p className="truncate text-faint text-sm" dir="auto" title={topic}>
            {topic}
          </p>
        )}
      </div>
      {children}
    </header>
  )
}
