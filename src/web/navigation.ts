import { useSyncExternalStore } from 'react'
import { type AdminSection, messagePath, parseAdminPath, parseMessagePath, parseRoomPath, roomPath } from './paths'
import { runAfterLeaving, takesLayerEntry } from './ui/layers'

const listeners = new Set<() => void>()

/** The room in the address bar. @param initial the room that the page was requested for */
export function useRoomInAddress(initial: string | null): string | null {
  return useSyncExternalStore(
    subscribe,
    () => parseRoomPath(location.pathname),
    () => initial,
  )
}

/** How the person got to the address in the address bar. A new object each time, also when the address is the same. */
export interface Arrival {
  room: string | null
  /** The message that the address names. */
  seq: number | null
  /** The entry of the browser's history. */
  entry: string
  /** Whether the person came by the browser's Back or Forward. */
  isReturn: boolean
}

let arrival: Arrival | null = null
let entries = 0

/** The latest arrival; null until the page's effects have run. */
export const useArrival = (): Arrival | null => useSyncExternalStore(subscribe, readArrival, () => null)

const readArrival = (): Arrival => {
  arrival ??= arriveAt(entryInHistory(), false)
  return arrival
}

/** Which entry of the browser's history this is. */
export const entryInHistory = (): string => String((history.state as { entry?: unknown } | null)?.entry ?? '')

function arriveAt(entry: string, isReturn: boolean): Arrival {
  const { room, seq } = parseMessagePath(location.pathname) ?? { room: null, seq: null }
  return { room, seq, entry, isReturn }
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
  if (listeners.size === 0) addEventListener('popstate', onReturn)
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) removeEventListener('popstate', onReturn)
  }
}

function onReturn() {
  // Only something that lay over the page was closed.
  if (entryInHistory() === readArrival().entry) return
  arrival = arriveAt(entryInHistory(), true)
  notify()
}

function notify() {
  for (const listener of [...listeners]) listener()
}

/** Changes the address without loading another page. */
export function goTo(path: string, { replace = false } = {}) {
  if (runAfterLeaving(() => goTo(path, { replace }))) return
  const entry = `${performance.timeOrigin} ${entries++}`
  history[takesLayerEntry() || replace ? 'replaceState' : 'pushState']({ entry }, '', path)
  arrival = arriveAt(entry, false)
  notify()
}

export const goToRoom = (room: string, options?: { replace?: boolean }) => goTo(roomPath(room), options)

/** Opens the room at a message, and highlights it. The browser's Back returns to where the person was. */
export function goToMessage(room: string, seq: number) {
  const path = messagePath(room, seq)
  goTo(path, { replace: location.pathname === path })
}

export const goToNewestRoom = () => goTo('/')
