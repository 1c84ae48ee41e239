import { CheckCheck, LogOut, Star, StarOff } from 'lucide-react'
import * as Menu from 'radix-ui/dropdown-menu'
import { useLayoutEffect, useRef } from 'react'
import type { NotificationLevel, Room } from '../../sdk'
import { MenuContent, MenuItem, MenuLine } from '../ui/menu'
import { NotificationChoices } from './notification-choices'
import type { MenuPlace } from './room-row'

export interface RoomRowActs {
  setFavorite(room: Room, favorite: boolean): void
  setNotify(room: Room, notify: NotificationLevel): void
  markRead(room: Room): void
  leave(room: Room): void
}

interface RoomRowMenuProps extends RoomRowActs {
  room: Room
  place: MenuPlace
  onClose(): void
}

/** What can be done with a room in the list. */
export default function RoomRowMenu({ room, place, onClose, ...acts }: RoomRowMenuProps) {
  const anchor = useRef<HTMLButtonElement>(null)
  // Not as a style attribute, which the page's policy would refuse in HTML from the server.
  useLayoutEffect(() => {
    anchor.current?.style.setProperty('left', `${place.x}px`)
    anchor.current?.style.setProperty('top', `${place.y}px`)
  }, [place])
  return (
    <Menu.Root open modal={false} onOpenChange={(open) => open || onClose()}>
      <Menu.Trigger asChild>
        <button
          ref={anchor}
          type="button"
          tabIndex={-1}
          aria-label={`Options for ${room.name}`}
          className="pointer-events-none fixed size-0"
        />
      </Menu.Trigger>
      <MenuContent
        align="start"
        sideOffset={4}
        // In a drawer, above it.
        className="z-40"
        onCloseAutoFocus={(event) => {
          event.preventDefault()
          if (place.opener.isConnected && document.activeElement === document.body) place.opener.focus()
        }}
      >
        <MenuItem
          icon={room.favorite ? <StarOff aria-hidden="true" /> : <Star aria-hidden="true" />}
          onSelect={() => acts.setFavorite(room, !room.favorite)}
        >
          {room.favorite ? 'Remove from favorites' : 'Add to favorites'}
        </MenuItem>
        <MenuItem icon={<CheckCheck aria-hidden="true" />} disabled={room.unread === 0} onSelect={() => acts.markRead(room)}>
          Mark as read
        </MenuItem>
        <MenuLine />
        <NotificationChoices notify={room.notify} onNotify={(notify) => acts.setNotify(room, notify)} />
        {room.kind !== 'direct' && (
          <>
            <MenuLine />
            <MenuItem icon={<LogOut aria-hidden="true" />} onSelect={() => acts.leave(room)}>
              Leave room
            </MenuItem>
          </>
        )}
      </MenuContent>
    </Menu.Root>
  )
}
