import { useSyncExternalStore } from 'react'

/** `unsupported` where the browser has no notifications, or not on such an address. */
export type NotificationPermissionState = NotificationPermission | 'unsupported'

const listeners = new Set<() => void>()

const read = (): NotificationPermissionState => (typeof Notification === 'undefined' ? 'unsupported' : Notification.permission)

/** Whether this browser may show notifications. It is asked only by `askForNotifications`. */
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

/** Has the browser ask the person, who has just pressed for it. */
export async function askForNotifications() {
  await Notification.requestPermission()
  for (const listener of listeners) listener()
}
