import { useSyncExternalStore } from 'react'
import { parseRoomPath, roomPath } from './paths'

const listeners = new Set<() => void>()

/** The room in the address bar. @param initial the room that the page was requested for */
export function useRoomInAddress(initial: string | null): string | null {
  return useSyncExternalStore(
    subscribe,
    () => parseRoomPath(location.pathname),
    () => initial,
  )
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}

/** Switches to a room without loading another page. */
export function goToRoom(room: string, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', roomPath(room))
  for (const listener of listeners) listener()
}

export function goToNewestRoom() {
  history.pushState(null, '', '/')
  for (const listener of listeners) listener()
}
