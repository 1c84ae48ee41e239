import { Bell } from 'lucide-react'
import * as Menu from 'radix-ui/dropdown-menu'
import type { NotificationLevel } from '../../sdk'
import { MenuChoice, MenuItem, MenuLabel } from '../ui/menu'
import { askForNotifications, useNotificationPermission } from './notification-permission'

const levels: { level: NotificationLevel; words: string }[] = [
  { level: 'all', words: 'All messages' },
  { level: 'mentions', words: 'Mentions only' },
  { level: 'nothing', words: 'Nothing' },
]

/** In the room menu: the notification level, and whether the browser allows notifications. */
export function NotificationChoices({ notify, onNotify }: { notify: NotificationLevel; onNotify(level: NotificationLevel): void }) {
  const permission = useNotificationPermission()
  return (
    <>
      <MenuLabel>Notifications</MenuLabel>
      <Menu.RadioGroup value={notify}>
        {levels.map(({ level, words }) => (
          <MenuChoice key={level} value={level} onSelect={() => onNotify(level)}>
            {words}
          </MenuChoice>
        ))}
      </Menu.RadioGroup>
      {permission === 'default' && (
        <MenuItem icon={<Bell aria-hidden="true" />} onSelect={() => void askForNotifications()}>
          Allow in this browser
        </MenuItem>
      )}
      {permission === 'denied' && (
        <p className="max-w-56 px-2.5 pt-1 pb-1.5 text-faint text-xs">
          This browser blocks notifications from this site. You can allow them in its settings.
        </p>
      )}
    </>
  )
}
