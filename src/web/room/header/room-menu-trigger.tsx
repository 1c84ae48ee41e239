import { Ellipsis } from 'lucide-react'
import type { ComponentProps } from 'react'
import type { NotificationLevel, Room } from '../../../sdk'
import { IconButton } from '../../ui/button'

export interface RoomMenuProps {
  room: Room
  onNotify(level: NotificationLevel): void
  onInvite(): void
  onSettings(): void
  onLeave(): void
}

export function RoomMenuButton({ name, ...props }: { name: string } & Omit<ComponentProps<typeof IconButton>, 'label' | 'children'>) {
  return (
    <IconButton label={`More actions for ${name}`} {...props}>
      <Ellipsis />
    </IconButton>
  )
}
