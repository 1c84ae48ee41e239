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
