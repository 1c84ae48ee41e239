import { Bell, X } from 'lucide-react'
import { useState, useSyncExternalStore } from 'react'
import { IconButton } from '../ui/button'

/** `unsupported` where the browser has no notifications, or not on this address. */
export type NotificationPermissionState = NotificationPermission | 'unsupported'

const listeners = new Set<() => void>()

const read = (): NotificationPermissionState => (typeof Notification === 'undefined' ? 'unsupported' : Notification.permission)

/** Whether the browser allows notifications. */
export function useNotificationPermission(): NotificationPermissionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    read,
    () => 'unsupported',
  )
}

/** Makes the browser ask the user. Call it only when they have just pressed a button for it. */
export async function askForNotifications() {
  await Notification.requestPermission()
  for (const listener of listeners) listener()
}

const declinedKey = 'notifications-declined'

/** Offers notifications below the rooms until the offer is accepted or declined. The room menu still offers them after that. */
export function NotificationOffer() {
  const permission = useNotificationPermission()
  const wasDeclined = useSyncExternalStore(
    () => () => {},
    () => localStorage.getItem(declinedKey) !== null,
    () => true,
  )
  const [declined, setDeclined] = useState(false)
  if (permission !== 'default' || wasDeclined || declined) return null

  function decline() {
    localStorage.setItem(declinedKey, 'yes')
    setDeclined(true)
  }

  return (
    <div className="mx-2 mb-1 flex shrink-0 items-center rounded-m text-soft text-sm">
      <button
        type="button"
        onClick={() => void askForNotifications()}
        className="flex min-h-11 min-w-0 flex-1 items-center gap-2 rounded-m px-2.5 text-left hover:bg-hover hover:text-ink mouse:min-h-8"
      >
        <Bell aria-hidden="true" className="size-4 shrink-0 text-faint" />
        Turn on notifications
      </button>
      <IconButton label="No thanks" onClick={decline}>
        <X />
      </IconButton>
    </div>
  )
}
