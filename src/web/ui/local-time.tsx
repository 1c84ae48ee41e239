import { useSyncExternalStore } from 'react'
import { formatClock, formatFull } from './times'

/**
 * False while the page is rendered on the server and taken over by the browser: until then nobody knows the person's time
 * zone and language, and what is rendered has to be the same on both sides.
 */
export const useIsLocal = (): boolean =>
  useSyncExternalStore(
    subscribe,
    () => true,
    () => false,
  )

const subscribe = () => () => {}

/** The time of day in the person's own time zone. Before that is known there is a space of the same height. */
export function LocalTime({ time, className }: { time: string; className?: string | undefined }) {
  const isLocal = useIsLocal()
  return (
    <time dateTime={time} title={isLocal ? formatFull(time) : undefined} className={className}>
      {isLocal ? formatClock(time) : '\u00a0'}
    </time>
  )
}
