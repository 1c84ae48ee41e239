import { useSyncExternalStore } from 'react'
import { parseRoomPath, roomPath } from './paths'

const listeners = new Set<() => void>()

/** The room in the address bar, kept current. @param initial what the server was asked for */
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

/** Shows a room without asking the server for another page: all that changes is what the chat follows. */
export function goToRoom(room: string, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', roomPath(room))
  for (const listener of listeners) listener()
}

export function goToNewestRoom() {
  history.pushState(null, '', '/')
  for (const listener of listeners) listener()
}
