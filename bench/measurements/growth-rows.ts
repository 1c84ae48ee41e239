import { ratios, roundsOf, summarise, write } from '../figures'
import type { Row } from '../measurement'
import type { Reading } from '../reading'

export interface Place {
  nodes: number
  rooms: number
  /** In each room, on each node. */
  followers: number
}

export const wordsOf = ({ nodes, rooms, followers }: Place) =>
  `${count(nodes, 'node')}, ${count(rooms, 'room')}, ${count(followers, 'follower')} each`

function count(value: number, noun: string): string {
  return `${value.toLocaleString('en')} ${noun}${value === 1 ? '' : 's'}`
}

export const oneRoom = (followers: number): Place => ({ nodes: 1, rooms: 1, followers })

/** Not one of the steps of one node, so that the two series do not share a place. */
export const followersPerNode = 500

const goal = '≤ 1.2'

export function growthRows(readings: readonly Reading[]): Row[] {
  return [...followerRows(readings), ...roomRows(readings), ...nodeRows(readings)]
}

function followerRows(readings: readonly Reading[]): Row[] {
  const steps = placesIn(readings)
    .filter(({ nodes, rooms }) => nodes === 1 && rooms === 1)
    .map(({ followers }) => followers)
    .filter((followers) => followers >= 10 && followers !== followersPerNode)
    .sort((a, b) => a - b)
  const [earlier, later] = [steps.slice(-3, -1), steps.slice(-2)]
  const growthOf = (of: string) => {
    const [before, after] = [slopes(readings, of, earlier), slopes(readings, of, later)]
    const ratio = summarise(ratios(after, before))
    return { after, ratio, figure: write(summarise(after), 'µs'), peer: `${span(earlier)}: ${write(summarise(before), 'µs')}` }
  }
  const [own, bare] = [growthOf('roomline'), growthOf('ws')]
  const what = `CPU of one follower more, ${span(later)} in a room`
  return [
    { target: 'T7', what, figure: own.figure, peer: own.peer, ratio: write(own.ratio), goal, met: own.ratio && own.ratio.median <= 1.2 },
    { target: 'T7', what: `${what} of ws`, figure: bare.figure, peer: bare.peer, ratio: write(bare.ratio), goal: '', met: null },
    {
      ...{ target: 'T7', what: `${what}, against ws`, figure: own.figure, peer: `ws ${bare.figure}` },
      ...{ ratio: write(summarise(ratios(own.after, bare.after))), goal: '', met: null },
    },
  ]
}

const span = (steps: readonly number[]) => steps.map((step) => step.toLocaleString('en')).join(' to ')

/** What a follower more costs between two steps, round by round. */
function slopes(readings: readonly Reading[], of: string, [few = 0, many = 0]: readonly number[]): number[] {
  const [low, high] = [few, many].map((followers) => roundsOf(readings, 'T7', of, 'cpuPerMessageUs', wordsOf(oneRoom(followers))))
  return (high ?? []).map((cost, round) => (cost - (low?.[round] ?? 0)) / (many - few))
}

function roomRows(readings: readonly Reading[]): Row[] {
  return placesIn(readings)
    .filter(({ rooms }) => rooms > 1)
    .map((place) => {
      const what = `CPU of a message, in ${count(place.rooms, 'room')} of ${count(place.followers, 'follower')}`
      return againstOther(readings, what, place, oneRoom(place.followers), 'cpuPerMessageUs', 'one such room')
    })
}

function nodeRows(readings: readonly Reading[]): Row[] {
  return placesIn(readings)
    .filter(({ nodes }) => nodes > 1)
    .map((place) => {
      const what = `CPU of a delivery, ${place.followers} followers on each of ${count(place.nodes, 'node')}`
      return againstOther(readings, what, place, { ...place, nodes: 1 }, 'cpuPerDeliveryUs', 'one node')
    })
}

function againstOther(readings: readonly Reading[], what: string, place: Place, other: Place, figure: string, name: string): Row {
  const [own, others] = [place, other].map((at) => roundsOf(readings, 'T7', 'roomline', figure, wordsOf(at)))
  const ratio = summarise(ratios(own ?? [], others ?? []))
  return {
    ...{ target: 'T7', what, figure: write(summarise(own ?? []), 'µs'), peer: `${name}: ${write(summarise(others ?? []), 'µs')}` },
    ...{ ratio: write(ratio), goal, met: ratio && ratio.median <= 1.2 },
  }
}

/** Where Roomline was measured, each once. */
export function placesIn(readings: readonly Reading[]): Place[] {
  const places = readings
    .filter(({ target, of }) => target === 'T7' && of === 'roomline')
    .map(({ at, figures: { nodes = 1, rooms = 1, followers = 1 } }) => [at, { nodes, rooms, followers }] as const)
  return [...new Map(places).values()]
}
