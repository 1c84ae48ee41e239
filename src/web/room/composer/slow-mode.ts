import { useEffect, useState } from 'react'

/** Whole seconds until a time, counted down to 0. @param at in milliseconds, as `Date.now()` gives it */
export function useSecondsUntil(at: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    setNow(Date.now())
    if (at <= Date.now()) return
    const timer = setInterval(() => {
      setNow(Date.now())
      if (at <= Date.now()) clearInterval(timer)
    }, 250)
    return () => clearInterval(timer)
  }, [at])
  return Math.max(0, Math.ceil((at - now) / 1_000))
}

/**
 * How many seconds a member must still wait before their next message in a room in slow mode.
 * @param lastOwnTime when their latest message was stored, in ISO 8601. It is by the server's clock, and this device's clock
 * may be wrong, so the wait is never longer than the room's own.
 */
export function useSlowMode(slowModeSeconds: number, lastOwnTime: string | undefined): number {
  const [until, setUntil] = useState(0)
  useEffect(() => {
    const waitMs = slowModeSeconds * 1_000
    const leftMs = lastOwnTime === undefined ? 0 : Date.parse(lastOwnTime) + waitMs - Date.now()
    setUntil(Date.now() + Math.min(Math.max(leftMs, 0), waitMs))
  }, [slowModeSeconds, lastOwnTime])
  return useSecondsUntil(until)
}
