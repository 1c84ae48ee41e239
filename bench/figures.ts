import type { Reading, Target } from './reading'

/** A median and how far the rounds lie apart. */
export interface Figure {
  median: number
  min: number
  max: number
}

export function summarise(values: readonly number[]): Figure | null {
  const sorted = [...values].sort((a, b) => a - b)
  const [min] = sorted
  const max = sorted.at(-1)
  if (min === undefined || max === undefined) return null
  return { median: share(sorted, 0.5), min, max }
}

/** The value below which this share of the sorted values lies, between two neighbours in proportion. */
export function share(sorted: ArrayLike<number>, part: number): number {
  const at = (sorted.length - 1) * part
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? below
  return below + (above - below) * (at - Math.floor(at))
}

/** One figure of one contender, round by round. */
export function roundsOf(readings: readonly Reading[], target: Target, of: string, name: string, at?: string): number[] {
  return readings
    .filter((reading) => reading.target === target && reading.of === of && (at === undefined || reading.at === at))
    .flatMap(({ figures }) => figures[name] ?? [])
}

/** Each round against the same round: so what drifts between rounds does not count. */
export function ratios(own: readonly number[], others: readonly number[]): number[] {
  return own.flatMap((value, round) => {
    const other = others[round]
    return other ? [value / other] : []
  })
}

export const unknown = '–'

/** "4.7 µs (4.5..5.1)", without a spread where there was one round. */
export function write(figure: Figure | null, unit = ''): string {
  if (!figure) return unknown
  const words = `${number(figure.median)}${unit && ` ${unit}`}`
  return figure.min === figure.max ? words : `${words} (${number(figure.min)}..${number(figure.max)})`
}

function number(value: number): string {
  const size = Math.abs(value)
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}
