const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' })
const dayAndClock = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' })
const nearDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const farDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })

export const formatClock = (time: string) => clock.format(new Date(time))
/** The hour when it is today, else the day too. */
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
