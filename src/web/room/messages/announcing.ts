import { useSyncExternalStore } from 'react'

const key = 'roomline.announcements'
const listeners = new Set<() => void>()

/** Whether screen readers announce new messages. It holds for this browser. */
export const useAnnouncing = (): boolean => useSyncExternalStore(subscribe, isAnnouncing, () => true)

function isAnnouncing(): boolean {
  try {
    return localStorage.getItem(key) !== 'paused'
  } catch {
    return true
  }
}

export function setAnnouncing(isOn: boolean) {
  try {
    if (isOn) localStorage.removeItem(key)
    else localStorage.setItem(key, 'paused')
  } catch {
    // The browser stores nothing: announcements stay on.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('storage', listener)
  }
}
