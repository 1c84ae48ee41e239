import { LogOut, Settings, UserPlus } from 'lucide-react'
import * as Menu from 'radix-ui/dropdown-menu'
import { NotificationChoices } from '../../rooms/notification-choices'
import { rightsIn } from '../../rooms/room-rights'
import { MenuContent, MenuItem, MenuLine } from '../../ui/menu'
import { RoomMenuButton, type RoomMenuProps } from './room-menu-trigger'

/** Open from the start: it is loaded when somebody asks for it. */
export default function OpenRoomMenu({ room, onNotify, onInvite, onSettings, onLeave }: RoomMenuProps) {
  const { changesOwn, moderates } = rightsIn(room)
  return (
    <Menu.Root defaultOpen modal={false}>
      <Menu.Trigger asChild>
        <RoomMenuButton name={room.name} />
      </Menu.Trigger>
      <MenuContent>
        <NotificationChoices notify={room.notify} onNotify={onNotify} />
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
