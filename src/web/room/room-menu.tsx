import { LogOut } from 'lucide-react'
import * as Menu from 'radix-ui/dropdown-menu'
import { RoomMenuButton } from './room-menu-button'

/** Open from the start: it is loaded when somebody asks for it. */
export default function RoomMenu({ name, onLeave }: { name: string; onLeave(): void }) {
  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger asChild>
        <RoomMenuButton name={name} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content align="end" sideOffset={6} className="menu z-20 min-w-48 rounded-m border border-line bg-raised p-1 shadow-high">
          <Menu.Item
            onSelect={onLeave}
            className="flex min-h-11 cursor-pointer items-center gap-2.5 rounded-s px-2.5 text-sm outline-none data-highlighted:bg-hover md:min-h-9"
          >
            <LogOut aria-hidden="true" className="size-4 text-faint" />
            Leave room
          </Menu.Item>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  )
}
