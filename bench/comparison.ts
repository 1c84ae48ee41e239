import { ratios, roundsOf, summarise, write } from './figures'
import type { Row } from './measurement'
import type { Reading, Target } from './reading'

interface Comparison {
  target: Target
  what: string
  /** The figure's name in the readings. */
  figure: string
  unit: string
  peer: string
  /** Of both, where there are several circumstances. */
  at?: string
  /** Without one it is told, and nothing is to be met. */
  goal?: { atMost: number } | { atLeast: number }
}

/** Roomline's figure against a peer's in the same rounds. */
export function compare(readings: readonly Reading[], { target, what, figure, unit, peer, at, goal }: Comparison): Row {
  const own = roundsOf(readings, target, 'roomline', figure, at)
  const others = roundsOf(readings, target, peer, figure, at)
  const ratio = summarise(ratios(own, others))
  const words = { figure: write(summarise(own), unit), peer: `${peer} ${write(summarise(others), unit)}`, ratio: write(ratio) }
  if (!goal) return { target, what, ...words, goal: '', met: null }
  return 'atMost' in goal
    ? { target, what, ...words, goal: `≤ ${goal.atMost} × ${peer}`, met: ratio && ratio.median <= goal.atMost }
    : { target, what, ...words, goal: `≥ ${goal.atLeast} × ${peer}`, met: ratio && ratio.median >= goal.atLeast }
}
