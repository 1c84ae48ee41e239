import { format, ratios, roundsOf, summarise } from './figures'
import type { Row } from './measurement'
import type { Reading, Target } from './reading'

interface Comparison {
  target: Target
  /** The row's title. */
  what: string
  /** Name of the figure in the readings. */
  figure: string
  unit: string
  peer: string
  /** The variant to compare, where a measurement has several. */
  variant?: string
  /** Without a goal, the row is for information only. */
  goal?: { atMost: number } | { atLeast: number }
}

/** Compares Roomline's figure with a peer's from the same rounds. */
export function compare(readings: readonly Reading[], { target, what, figure, unit, peer, variant, goal }: Comparison): Row {
  const own = roundsOf(readings, target, 'roomline', figure, variant)
  const others = roundsOf(readings, target, peer, figure, variant)
  const ratio = summarise(ratios(own, others))
  const words = { figure: format(summarise(own), unit), peer: `${peer} ${format(summarise(others), unit)}`, ratio: format(ratio) }
  if (!goal) return { target, what, ...words, goal: '', met: null }
  return 'atMost' in goal
    ? { target, what, ...words, goal: `≤ ${goal.atMost} × ${peer}`, met: ratio && ratio.median <= goal.atMost }
    : { target, what, ...words, goal: `≥ ${goal.atLeast} × ${peer}`, met: ratio && ratio.median >= goal.atLeast }
}
