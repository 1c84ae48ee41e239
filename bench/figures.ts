import type { Reading, Target } from './reading'

/** The median of all rounds, and their range. */
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
  return { median: quantile(sorted, 0.5), min, max }
}

/** The quantile of sorted values (0.5 is the median), interpolated between neighbours. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  const at = (sorted.length - 1) * part
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? below
  return below + (above - below) * (at - Math.floor(at))
}

/** The quantile of values in any order. */
export const quantileOf = (values: readonly number[], part: number): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    part,
  )

/** One figure of one contender, in the order of the rounds. */
export function roundsOf(readings: readonly Reading[], target: Target, contender: string, figure: string, variant?: string): number[] {
  return readings
    .filter(
      (reading) => reading.target === target && reading.contender === contender && (variant === undefined || reading.variant === variant),
    )
    .flatMap(({ figures }) => figures[figure] ?? [])
}

/** Divides figures from the same round, so that drift between rounds cancels out. */
export function ratios(own: readonly number[], others: readonly number[]): number[] {
  return own.flatMap((value, round) => {
    const other = others[round]
    return other ? [value / other] : []
  })
}

export const unknown = '–'

/** Formats a figure: "4.7 µs (4.5..5.1)", without the range when there was one round. */
export function format(figure: Figure | null, unit = ''): string {
  if (!figure) return unknown
  const text = `${number(figure.median)}${unit && ` ${unit}`}`
  return figure.min === figure.max ? text : `${text} (${number(figure.min)}..${number(figure.max)})`
}

function number(value: number): string {
  const size = Math.abs(value)
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}
