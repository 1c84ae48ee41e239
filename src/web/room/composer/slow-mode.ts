import { useEffect, useState } from 'react'

/** Whole seconds until a moment of `Date.now()`, counted down to 0. */
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
 * How many seconds a member still waits in a slow room after their latest message.
 * @param lastOwnTime when it was stored, ISO 8601 by the server's clock: this one may go wrong, and never makes them wait longer than the room does
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
