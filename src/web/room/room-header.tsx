import { Hash, Lock, PanelLeft, UsersRound } from 'lucide-react'
import type { ReactNode } from 'react'
import type { RoomKind } from '../../sdk'
import { IconButton } from '../ui/button'

interface RoomHeaderProps {
  name: string
  topic?: string | undefined
  kind?: RoomKind | undefined
  onShowRooms(): void
  children?: ReactNode
}

export function RoomHeader({ name, topic, kind, onShowRooms, children }: RoomHeaderProps) {
  return (
    <header className="flex min-h-14 shrink-0 items-center gap-2 border-line border-b py-1 pr-2 pl-2 md:pr-4 md:pl-6">
      <IconButton label="Show the rooms" onClick={onShowRooms} className="md:hidden">
        <PanelLeft />
      </IconButton>
      <div className="min-w-0 flex-1">
        <h1 className="flex items-center gap-1.5 font-semibold text-lg tracking-tight">
          {kind && <RoomIcon kind={kind} />}
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

const roomIcons = { public: Hash, private: Lock, direct: UsersRound }
const kindWords = { public: 'Public room', private: 'Private room', direct: 'Direct room' }

export function RoomIcon({ kind, className }: { kind: RoomKind; className?: string }) {
  const Icon = roomIcons[kind]
  return <Icon role="img" aria-label={kindWords[kind]} className={className ?? 'size-4 shrink-0 text-faint'} />
}
