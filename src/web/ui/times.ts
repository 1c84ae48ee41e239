const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' })
const dayAndClock = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' })
const nearDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const farDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })

export const formatClock = (time: string) => clock.format(new Date(time))
/** The time of day, with the date unless it is today. */
export function formatUntil(time: string, now = new Date()): string {
  const date = new Date(time)
  return date.toDateString() === now.toDateString() ? clock.format(date) : dayAndClock.format(date)
}
export const formatFull = (time: string) => full.format(new Date(time))

export function formatDay(day: Date, now = new Date()): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1)
  if (day.toDateString() === now.toDateString()) return 'Today'
  if (day.toDateString() === yesterday.toDateString()) return 'Yesterday'
  return (day.getFullYear() === now.getFullYear() ? nearDay : farDay).format(day)
}

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const steps: [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
]

/** "just now", "5 minutes ago", "yesterday". @param time ISO 8601 */
export function timeAgo(time: string, now = Date.now()): string {
  const ago = now - Date.parse(time)
  const [unit, ms] = steps.find(([, step]) => ago >= step) ?? []
  return unit && ms ? words.format(-Math.floor(ago / ms), unit) : 'just now'
}

/** "45 seconds", "2 minutes", "1 minute 30 seconds" */
export function formatDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 60), 'minute'],
    [seconds % 60, 'second'],
  ] as const
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
  return shown.join(' ') || '0 seconds'
}

/** @param seconds until the next attempt is allowed */
export const tooManyAttempts = (seconds: number) => `Too many attempts. Wait ${formatDuration(seconds)} and try again.`
