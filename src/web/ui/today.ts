import { useSyncExternalStore } from 'react'

/** The day of a time in the reader's time zone, to compare with that of another. */
export const dayOf = (time: Date): string => time.toDateString()

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setTimeout> | undefined
let shown = ''

/** Today, as of `dayOf`. It changes at midnight, and when a device wakes up on another day. */
export const useToday = (): string =>
  useSyncExternalStore(
    watchToday,
    () => dayOf(new Date()),
    () => dayOf(new Date()),
  )

/** Calls the listener when another day has begun. @returns an unsubscribe function */
export function watchToday(listener: () => void): () => void {
  if (listeners.size === 0) start()
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) stop()
  }
}

function start() {
  shown = dayOf(new Date())
  schedule()
  if (typeof document !== 'undefined') document.addEventListener('visibilitychange', check)
}

function stop() {
  clearTimeout(timer)
  if (typeof document !== 'undefined') document.removeEventListener('visibilitychange', check)
}

function schedule() {
  const now = new Date()
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1)
  clearTimeout(timer)
  timer = setTimeout(check, midnight.getTime() - now.getTime() + 50)
}

function check() {
  schedule()
  const today = dayOf(new Date())
  if (today === shown) return
  shown = today
  for (const listener of [...listeners]) listener()
}
