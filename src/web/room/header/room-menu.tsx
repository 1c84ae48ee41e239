import { CalendarDays, LogOut, Settings, UserPlus, Volume2 } from 'lucide-react'
import * as Menu from 'radix-ui/dropdown-menu'
import type { ReactNode } from 'react'
import type { NotificationLevel, Room } from '../../../sdk'
import { NotificationChoices } from '../../rooms/notification-choices'
import { rightsIn } from '../../rooms/room-rights'
import { MenuContent, MenuItem, MenuLine } from '../../ui/menu'
import { setAnnouncing, useAnnouncing } from '../messages/announcing'

export interface RoomMenuProps {
  room: Room
  /** The button that opens the menu. */
  trigger: ReactNode
  onNotify(level: NotificationLevel): void
  onJumpToDate(): void
  onInvite(): void
  onSettings(): void
  onLeave(): void
}

/** Opens when it is first rendered, because its code is loaded when the button is pressed. */
export default function OpenRoomMenu({ room, trigger, onNotify, onJumpToDate, onInvite, onSettings, onLeave }: RoomMenuProps) {
  const isAnnouncing = useAnnouncing()
  const { changesOwn, moderates } = rightsIn(room)
  return (
    <Menu.Root defaultOpen modal={false}>
      <Menu.Trigger asChild>{trigger}</Menu.Trigger>
      <MenuContent>
        <NotificationChoices notify={room.notify} onNotify={onNotify} />
        <MenuLine />
        <MenuItem icon={<CalendarDays aria-hidden="true" />} onSelect={onJumpToDate}>
          Jump to a date
        </MenuItem>
        <MenuItem icon={<Volume2 aria-hidden="true" />} onSelect={() => setAnnouncing(!isAnnouncing)}>
          {isAnnouncing ? 'Stop announcing new messages' : 'Announce new messages'}
        </MenuItem>
        {changesOwn && (
          <>
            <MenuLine />
            <MenuItem icon={<UserPlus aria-hidden="true" />} onSelect={onInvite}>
              Invite people
            </MenuItem>
            {moderates && (
              <MenuItem icon={<Settings aria-hidden="true" />} onSelect={onSettings}>
                Room settings
              </MenuItem>
            )}
            <MenuItem icon={<LogOut aria-hidden="true" />} onSelect={onLeave}>
              Leave room
            </MenuItem>
          </>
        )}
      </MenuContent>
    </Menu.Root>
  )
}
