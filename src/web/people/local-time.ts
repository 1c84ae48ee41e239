/**
 * What time it is for somebody: "3:05 PM, 2 hours ahead of you"; null for an unknown time zone.
 * @param timeZone the IANA name of their time zone
 * @param here the viewer's
 */
export function localTimeWords(timeZone: string, now = new Date(), here: string | undefined = undefined): string | null {
  try {
    const clock = new Intl.DateTimeFormat(undefined, { timeZone, hour: 'numeric', minute: '2-digit' }).format(now)
    return `${clock}, ${differenceWords(offsetMinutes(timeZone, now) - offsetMinutes(here, now))}`
  } catch {
    return null
  }
}

/** How far a time zone is ahead of UTC. Undefined for the browser's own. */
function offsetMinutes(timeZone: string | undefined, now: Date): number {
  const parts = new Intl.DateTimeFormat('en', {
    ...(timeZone && { timeZone }),
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', hourCycle: 'h23' },
  } as const).formatToParts(now)
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((other) => other.type === type)?.value)
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'))
  return Math.round((wall - Math.floor(now.getTime() / 60_000) * 60_000) / 60_000)
}

function differenceWords(minutes: number): string {
  if (minutes === 0) return 'the same as yours'
  const hours = Math.abs(minutes) / 60
  const amount = Number.isInteger(hours) ? String(hours) : `${Math.floor(hours) || ''}${fractions[hours % 1] ?? ''}`
  return `${amount} ${hours > 1 ? 'hours' : 'hour'} ${minutes > 0 ? 'ahead of' : 'behind'} you`
}

const fractions: Record<number, string> = { 0.25: '¼', 0.5: '½', 0.75: '¾' }
