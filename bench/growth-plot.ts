import { roundsOf, summarise } from './figures'
import { casesIn, describeCase, followersPerNode, type GrowthCase } from './measurements/growth-rows'
import type { Reading } from './reading'

export interface Line {
  name: string
  color: string
  dashed?: boolean
  points: { x: number; y: number }[]
}

export interface Panel {
  title: string
  lines: Line[]
}

const size = { width: 320, height: 300, left: 48, right: 20, top: 76, bottom: 30 }
const colors = { roomline: '#2563eb', ws: '#d97706', reference: '#94a3b8' }

/** Draws CPU per delivery against followers, rooms and nodes, with logarithmic axes. */
export function drawGrowth(readings: readonly Reading[]): string {
  const cases = casesIn(readings)
  const most = Math.max(...cases.map(({ followers }) => followers))
  const single = cases.filter(({ nodes, rooms }) => nodes === 1 && rooms === 1)
  const rooms = cases.filter((growthCase) => growthCase.nodes === 1 && growthCase.rooms * growthCase.followers === most)
  const across = cases.filter(({ followers, rooms: of }) => followers === followersPerNode && of === 1)
  const steps = single.filter(({ followers }) => followers !== followersPerNode)
  const line = (
    name: string,
    of: string,
    color: string,
    on: GrowthCase[],
    x: keyof GrowthCase,
    at = (growthCase: GrowthCase) => growthCase,
    dashed = false,
  ): Line => ({
    ...{ name, color, dashed },
    points: on
      .map((growthCase) => ({ x: growthCase[x], y: costAt(readings, of, at(growthCase)) }))
      .filter(({ y }) => Number.isFinite(y))
      .sort((a, b) => a.x - b.x),
  })
  const alone = ({ followers }: GrowthCase): GrowthCase => ({ nodes: 1, rooms: 1, followers })
  const panels: Panel[] = [
    {
      title: 'followers in a room',
      lines: [line('Roomline', 'roomline', colors.roomline, steps, 'followers'), line('ws', 'ws', colors.ws, steps, 'followers')],
    },
    {
      title: `rooms (${most.toLocaleString('en')} followers in total)`,
      lines: [
        line('one room of the same size', 'roomline', colors.reference, rooms, 'rooms', alone, true),
        line('Roomline', 'roomline', colors.roomline, rooms, 'rooms'),
      ],
    },
    { title: `nodes (${followersPerNode} followers on each)`, lines: [line('Roomline', 'roomline', colors.roomline, across, 'nodes')] },
  ]
  return drawPanels(
    'Server CPU per delivery against followers, rooms and nodes',
    'Server CPU per delivery in µs, both axes logarithmic',
    panels,
  )
}

/** @param label describes the picture to those who cannot see it */
export function drawPanels(label: string, heading: string, panels: readonly Panel[]): string {
  const width = size.width * panels.length
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${size.height}" font-family="system-ui, sans-serif" font-size="11" role="img" aria-label="${label}">`,
    `<rect width="${width}" height="${size.height}" fill="#ffffff"/>`,
    `<text x="${size.left}" y="18" font-weight="600">${heading}</text>`,
    ...panels.map((panel, index) => `<g transform="translate(${index * size.width} 0)">${drawPanel(panel)}</g>`),
    '</svg>',
    '',
  ].join('\n')
}

function costAt(readings: readonly Reading[], contender: string, growthCase: GrowthCase): number {
  return summarise(roundsOf(readings, 'T7', contender, 'cpuPerDeliveryUs', describeCase(growthCase)))?.median ?? Number.NaN
}

function drawPanel({ title, lines }: Panel): string {
  const points = lines.flatMap(({ points: own }) => own)
  const x = createAxis(
    points.map((point) => point.x),
    size.left,
    size.width - size.right,
  )
  const y = createAxis(
    points.map((point) => point.y),
    size.height - size.bottom,
    size.top,
  )
  const bottom = size.height - size.bottom
  return [
    `<text x="${size.left}" y="42" font-weight="600">${title}</text>`,
    ...y.ticks.map(
      (value) =>
        `<line x1="${size.left}" x2="${size.width - size.right}" y1="${y.place(value)}" y2="${y.place(value)}" stroke="#e2e8f0"/>` +
        `<text x="${size.left - 6}" y="${y.place(value) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
    ),
    ...[...new Set(points.map((point) => point.x))].map(
      (value) => `<text x="${x.place(value)}" y="${bottom + 16}" text-anchor="middle">${value.toLocaleString('en')}</text>`,
    ),
    ...lines.map(drawLine(x.place, y.place)),
    `<text x="${size.left}" y="58">${lines.map(({ name, color }) => `<tspan fill="${color}" dx="8">${name}</tspan>`).join('')}</text>`,
  ].join('\n')
}

const drawLine =
  (placeX: (value: number) => number, placeY: (value: number) => number) =>
  ({ color, dashed, points }: Line): string => {
    const path = points.map((point) => `${placeX(point.x)},${placeY(point.y)}`).join(' ')
    const dots = points.map((point) => `<circle cx="${placeX(point.x)}" cy="${placeY(point.y)}" r="3" fill="${color}"/>`).join('')
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5"${dashed ? ' stroke-dasharray="4 3"' : ''}/>${dots}`
  }

function createAxis(values: number[], from: number, to: number) {
  const low = Math.log10(Math.min(...values))
  const high = Math.log10(Math.max(...values))
  // A flat line must not be stretched over the whole panel.
  const room = Math.max(1 - (high - low), 0) / 2
  const [start, end] = [low - room, high + room]
  const ticks = [1, 2, 5].flatMap((digit) => Array.from({ length: 12 }, (_, power) => digit * 10 ** (power - 4)))
  return {
    place: (value: number) => Math.round(from + ((Math.log10(value) - start) / (end - start)) * (to - from)),
    ticks: ticks.filter((value) => Math.log10(value) >= start - 0.01 && Math.log10(value) <= end + 0.01),
  }
}
