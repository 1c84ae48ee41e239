import { format, ratios, roundsOf, summarise } from '../figures'
import type { Row } from '../measurement'
import type { Reading } from '../reading'

export interface GrowthCase {
  nodes: number
  rooms: number
  /** Of each room, on each node. */
  followers: number
}

export const describeCase = ({ nodes, rooms, followers }: GrowthCase) =>
  `${count(nodes, 'node')}, ${count(rooms, 'room')}, ${count(followers, 'follower')} each`

function count(value: number, noun: string): string {
  return `${value.toLocaleString('en')} ${noun}${value === 1 ? '' : 's'}`
}

export const oneRoom = (followers: number): GrowthCase => ({ nodes: 1, rooms: 1, followers })

/** Not one of the single-node steps, so that the two series do not share a case. */
export const followersPerNode = 500

const goal = '≤ 1.2'

export function growthRows(readings: readonly Reading[]): Row[] {
  return [...followerRows(readings), ...roomRows(readings), ...nodeRows(readings)]
}

function followerRows(readings: readonly Reading[]): Row[] {
  const steps = casesIn(readings)
    .filter(({ nodes, rooms }) => nodes === 1 && rooms === 1)
    .map(({ followers }) => followers)
    .filter((followers) => followers >= 10 && followers !== followersPerNode)
    .sort((a, b) => a - b)
  const [earlier, later] = [steps.slice(-3, -1), steps.slice(-2)]
  const growthOf = (contender: string) => {
    const [before, after] = [slopes(readings, contender, earlier), slopes(readings, contender, later)]
    const ratio = summarise(ratios(after, before))
    return { after, ratio, figure: format(summarise(after), 'µs'), peer: `${span(earlier)}: ${format(summarise(before), 'µs')}` }
  }
  const [own, bare] = [growthOf('roomline'), growthOf('ws')]
  const what = `CPU per additional follower, ${span(later)} in a room`
  return [
    { target: 'T7', what, figure: own.figure, peer: own.peer, ratio: format(own.ratio), goal, met: own.ratio && own.ratio.median <= 1.2 },
    { target: 'T7', what: `${what}, ws itself`, figure: bare.figure, peer: bare.peer, ratio: format(bare.ratio), goal: '', met: null },
    {
      ...{ target: 'T7', what: `${what}, compared with ws`, figure: own.figure, peer: `ws ${bare.figure}` },
      ...{ ratio: format(summarise(ratios(own.after, bare.after))), goal: '', met: null },
    },
  ]
}

const span = (steps: readonly number[]) => steps.map((step) => step.toLocaleString('en')).join(' to ')

/** The cost of one additional follower between two steps, for each round. */
function slopes(readings: readonly Reading[], contender: string, [fewer = 0, more = 0]: readonly number[]): number[] {
  const [low, high] = [fewer, more].map((followers) =>
    roundsOf(readings, 'T7', contender, 'cpuPerMessageUs', describeCase(oneRoom(followers))),
  )
  return (high ?? []).map((cost, round) => (cost - (low?.[round] ?? 0)) / (more - fewer))
}

function roomRows(readings: readonly Reading[]): Row[] {
  return casesIn(readings)
    .filter(({ rooms }) => rooms > 1)
    .map((growthCase) => {
      const what = `CPU per message, ${count(growthCase.rooms, 'room')} of ${count(growthCase.followers, 'follower')}`
      return compareCases(readings, what, growthCase, oneRoom(growthCase.followers), 'cpuPerMessageUs', 'one such room')
    })
}

function nodeRows(readings: readonly Reading[]): Row[] {
  return casesIn(readings)
    .filter(({ nodes }) => nodes > 1)
    .map((growthCase) => {
      const what = `CPU per delivery, ${growthCase.followers} followers on each of ${count(growthCase.nodes, 'node')}`
      return compareCases(readings, what, growthCase, { ...growthCase, nodes: 1 }, 'cpuPerDeliveryUs', 'one node')
    })
}

function compareCases(
  readings: readonly Reading[],
  what: string,
  growthCase: GrowthCase,
  other: GrowthCase,
  figure: string,
  name: string,
): Row {
  const [own, others] = [growthCase, other].map((at) => roundsOf(readings, 'T7', 'roomline', figure, describeCase(at)))
  const ratio = summarise(ratios(own ?? [], others ?? []))
  return {
    ...{ target: 'T7', what, figure: format(summarise(own ?? []), 'µs'), peer: `${name}: ${format(summarise(others ?? []), 'µs')}` },
    ...{ ratio: format(ratio), goal, met: ratio && ratio.median <= 1.2 },
  }
}

/** The cases in which Roomline was measured, each once. */
export function casesIn(readings: readonly Reading[]): GrowthCase[] {
  const cases = readings
    .filter(({ target, contender }) => target === 'T7' && contender === 'roomline')
    .map(({ variant, figures: { nodes = 1, rooms = 1, followers = 1 } }) => [variant, { nodes, rooms, followers }] as const)
  return [...new Map(cases).values()]
}
