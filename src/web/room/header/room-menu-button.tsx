import { Ellipsis } from 'lucide-react'
import { type ComponentProps, lazy, Suspense, useState } from 'react'
import type { NotificationLevel, Room } from '../../../sdk'
import { IconButton } from '../../ui/button'

const loadMenu = () => import('./room-menu')
const LoadedMenu = lazy(loadMenu)

export interface RoomMenuProps {
  room: Room
  onNotify(level: NotificationLevel): void
  onInvite(): void
  onSettings(): void
  onLeave(): void
}

/** Stands where the room's menu will be, and brings the menu when it is pressed. */
export function RoomMenu(props: RoomMenuProps) {
  const [wanted, setWanted] = useState(false)
  const button = (
    <RoomMenuButton
      name={props.room.name}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={loadMenu}
      onFocus={loadMenu}
      onClick={() => setWanted(true)}
    />
  )
  return wanted ? (
    <Suspense fallback={button}>
      <LoadedMenu {...props} />
    </Suspense>
  ) : (
    button
  )
}

export function RoomMenuButton({ name, ...props }: { name: string } & Omit<ComponentProps<typeof IconButton>, 'label' | 'children'>) {
  return (
    <IconButton label={`More about ${name}`} {...props}>
      <Ellipsis />
    </IconButton>
  )
}
