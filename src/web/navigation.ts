import { useSyncExternalStore } from 'react'
import { type AdminSection, parseAdminPath, parseRoomPath, roomPath } from './paths'

const listeners = new Set<() => void>()

/** The room in the address bar. @param initial the room that the page was requested for */
export function useRoomInAddress(initial: string | null): string | null {
  return useSyncExternalStore(
    subscribe,
    () => parseRoomPath(location.pathname),
    () => initial,
  )
}

/** The admin page in the address bar. @param initial the one that was requested */
export function useAdminSectionInAddress(initial: AdminSection): AdminSection {
  return useSyncExternalStore(
    subscribe,
    () => parseAdminPath(location.pathname) ?? initial,
    () => initial,
  )
}

/** What follows the path in the address bar: "?kind=room". "" until the page's effects have run. */
export const useQueryInAddress = (): string =>
  useSyncExternalStore(
    subscribe,
    () => location.search,
    () => '',
  )

function subscribe(listener: () => void) {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}

/** Changes the address without loading another page. */
export function goTo(path: string, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', path)
  for (const listener of listeners) listener()
}

export const goToRoom = (room: string, options?: { replace?: boolean }) => goTo(roomPath(room), options)

export const goToNewestRoom = () => goTo('/')
