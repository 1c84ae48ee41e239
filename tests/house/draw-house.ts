import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { importsOf, sourceFiles } from './read-imports'

/** A box of the drawing: a folder of src, or some files of one. */
interface Box {
  name: string
  /** Small text below the name. */
  note?: string
  /** Which files belong to it. Each file belongs to the first box that fits. */
  files: RegExp
  /** Columns that it covers. */
  from: number
  to: number
}

/** From top to bottom: code may only be imported from a row further down. */
const plan: Box[][] = [
  [
    { name: 'cli', note: 'npm run admin', files: /^cli\//, from: 0, to: 3 },
    { name: 'conformance', note: 'judges from outside', files: /^conformance\//, from: 7, to: 7 },
  ],
  [
    { name: 'launch', note: 'npm start', files: /^launch\//, from: 0, to: 0 },
    {
      name: 'server',
      note: 'main, realtime-node, chat-server, connections, router, context',
      files: /^server\/(?!trpc|shown-reads|caller)[\w-]+\.ts$/,
      from: 1,
      to: 4,
    },
    { name: 'web-server', note: 'process around Next', files: /^web-server\//, from: 5, to: 5 },
    { name: 'app', note: 'routes and pages', files: /^app\//, from: 6, to: 6 },
  ],
  [
    { name: 'server/bots', note: 'bots and hooks', files: /^server\/bots\//, from: 1, to: 2 },
    { name: 'server/admin', files: /^server\/admin\/(?!acting|audit-|needs|refused-calls)/, from: 3, to: 4 },
  ],
  [
    { name: 'server/chat', files: /^server\/chat\//, from: 1, to: 2 },
    { name: 'server/people', files: /^server\/people\//, from: 3, to: 3 },
    { name: 'web', note: 'React components', files: /^web\//, from: 6, to: 6 },
    { name: 'sdk-package', note: 'for npm', files: /^sdk-package\//, from: 7, to: 7 },
  ],
  [
    { name: 'server/rooms', files: /^server\/rooms\//, from: 1, to: 1 },
    { name: 'server/presence', files: /^server\/presence\//, from: 2, to: 2 },
    { name: 'server/search', files: /^server\/search\//, from: 3, to: 3 },
    { name: 'server/auth', files: /^server\/auth\//, from: 4, to: 4 },
    { name: 'sdk', note: 'the client library', files: /^sdk\//, from: 6, to: 7 },
  ],
  [
    { name: 'server/security', note: 'passkeys, two-step sign-in', files: /^server\/security\//, from: 4, to: 4 },
    { name: 'server/names', note: 'who is called what', files: /^server\/names\//, from: 3, to: 3 },
  ],
  [
    { name: 'server', note: 'trpc, caller', files: /^server\/(trpc|shown-reads|caller)\.ts$/, from: 1, to: 1 },
    { name: 'server/fanout', note: 'to sockets', files: /^server\/fanout\//, from: 2, to: 3 },
    { name: 'server/jobs', note: 'after the commit', files: /^server\/jobs\//, from: 4, to: 4 },
    { name: 'server/admin', note: 'acting, audit log', files: /^server\/admin\/(acting|audit-|needs|refused-calls)/, from: 5, to: 5 },
  ],
  [
    { name: 'server/fairness', note: 'budgets and limits', files: /^server\/fairness\//, from: 0, to: 1 },
    { name: 'server/bus', note: 'between nodes', files: /^server\/bus\//, from: 2, to: 3 },
  ],
  [{ name: 'server/platform', note: 'database, Redis, configuration, logs', files: /^server\/platform\//, from: 0, to: 5 }],
  [{ name: 'contract', note: 'what server and clients share', files: /^contract\//, from: 0, to: 7 }],
]

/** Without boxes that have no files. */
const rows = plan.map((row) => row.filter(({ files }) => sourceFiles.some((file) => files.test(file))))
const boxes = rows.flat()
const size = { column: 140, row: 92, height: 44, gap: 18, margin: 16, legend: 26 }
const rowOf = (box: Box) => rows.findIndex((row) => row.includes(box))

export interface Arrow {
  from: Box
  to: Box
  /** True when only types are imported. */
  typeOnly: boolean
}

/** The imports between boxes. Leaves out A → C when there are A → B and B → C. */
export function findArrows(): Arrow[] {
  const arrows = new Map<string, Arrow>()
  const modules = new Map(sourceFiles.flatMap((file) => [/\.tsx?$/, /(\/index)?\.tsx?$/].map((ending) => [file.replace(ending, ''), file])))
  for (const file of sourceFiles) {
    const from = boxOf(file)
    for (const { from: module, typeOnly } of importsOf(file)) {
      const imported = modules.get(module)
      const to = imported ? boxOf(imported) : from
      if (to === from) continue
      const key = `${boxes.indexOf(from)} ${boxes.indexOf(to)}`
      arrows.set(key, { from, to, typeOnly: typeOnly && (arrows.get(key)?.typeOnly ?? true) })
    }
  }
  const all = [...arrows.values()]
  const down = all.filter((arrow) => !isUp(arrow))
  const code = all.filter(({ typeOnly }) => !typeOnly)
  return all.filter((arrow) => !isImplied(arrow, arrow.typeOnly ? down : code))
}

function boxOf(file: string): Box {
  const box = boxes.find(({ files }) => files.test(file))
  if (!box) throw new Error(`src/${file} belongs to no box: add its folder to the rows in tests/house/draw-house.ts`)
  return box
}

/** Whether these arrows also lead from its start to its end by way of another box. */
function isImplied({ from, to }: Arrow, arrows: readonly Arrow[]): boolean {
  const seen = new Set<Box>()
  const reaches = (box: Box): boolean => {
    if (box === to) return true
    if (seen.has(box)) return false
    seen.add(box)
    return arrows.some((next) => next.from === box && reaches(next.to))
  }
  return arrows.some((next) => next.from === from && next.to !== to && reaches(next.to))
}

/** Whether it points to a row further up, or to its own. */
export const isUp = ({ from, to }: Arrow): boolean => rowOf(to) <= rowOf(from)

export function drawHouse(): string {
  const arrows = findArrows()
  const width = 2 * size.margin + size.column * (1 + Math.max(...boxes.map(({ to }) => to)))
  const height = 2 * size.margin + size.row * (rows.length - 1) + size.height + size.legend
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="The folders of src and what they import">`,
    '<!-- Drawn from the imports by `npm run docs:house`. -->',
    `<defs>${Object.entries(colors).map(defineTip).join('')}</defs>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...arrows.map((arrow) => drawArrow(arrow, arrows)),
    ...boxes.map(drawBox),
    `<text x="${size.margin + size.gap / 2}" y="${height - size.margin}" font-size="11" fill="#475569">A → B: A imports B. Dashed: only its types. Left out: A → C where A → B → C.</text>`,
    '</svg>',
    '',
  ].join('\n')
}

const colors = { server: '#2563eb', client: '#d97706' }

/** The tip of an arrow. */
const defineTip = ([id, color]: [string, string]) =>
  `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="${color}"/></marker>`

const left = ({ from }: Box) => size.margin + from * size.column + size.gap / 2
const right = ({ to }: Box) => size.margin + (to + 1) * size.column - size.gap / 2
const top = (box: Box) => size.margin + rowOf(box) * size.row
const bottom = (box: Box) => top(box) + size.height
const middle = (box: Box) => (left(box) + right(box)) / 2
const isServer = ({ name }: Box) => /^(server|web-server|launch)/.test(name)

function drawBox(box: Box): string {
  const [fill, stroke] =
    box.name === 'contract' ? ['#f1f5f9', '#475569'] : isServer(box) ? ['#eff6ff', colors.server] : ['#fff7ed', colors.client]
  return [
    `<rect x="${left(box)}" y="${top(box)}" width="${right(box) - left(box)}" height="${size.height}" rx="6" fill="${fill}" stroke="${stroke}"/>`,
    `<text x="${middle(box)}" y="${top(box) + (box.note ? 19 : 27)}" text-anchor="middle" font-weight="600">${box.name}</text>`,
    ...(box.note
      ? [`<text x="${middle(box)}" y="${top(box) + 35}" text-anchor="middle" font-size="10" fill="#475569">${box.note}</text>`]
      : []),
  ].join('')
}

/** A line that leaves its box at the bottom, passes between the boxes of the rows it crosses, and ends at the other's top. */
function drawArrow(arrow: Arrow, arrows: readonly Arrow[]): string {
  const { from, to, typeOnly } = arrow
  const up = isUp(arrow)
  const start = { x: portAt(arrow, arrows, 'from'), y: up ? top(from) : bottom(from) }
  const end = { x: portAt(arrow, arrows, 'to'), y: up ? bottom(to) : top(to) }
  const crossed = boxes.filter(
    (box) => Math.sign(rowOf(box) - rowOf(from)) === Math.sign(rowOf(to) - rowOf(box)) && rowOf(box) !== rowOf(from),
  )
  const x = freeX(crossed, start.x, end.x, ((arrows.indexOf(arrow) % 3) - 1) * 4)
  const half = (size.row - size.height) / 2
  const [first, last] = up ? [start.y - half, end.y + half] : [start.y + half, end.y - half]
  const curve = (a: { x: number; y: number }, b: { x: number; y: number }) =>
    `C${a.x},${(a.y + b.y) / 2} ${b.x},${(a.y + b.y) / 2} ${b.x},${b.y}`
  const via = [
    { x, y: first },
    { x, y: last },
  ] as const
  const path =
    crossed.length === 0
      ? `M${start.x},${start.y} ${curve(start, end)}`
      : `M${start.x},${start.y} ${curve(start, via[0])} L${x},${last} ${curve(via[1], end)}`
  const side = isServer(from) ? 'server' : 'client'
  return `<path d="${path}" fill="none" stroke="${colors[side]}" stroke-width="1.3"${typeOnly ? ' stroke-dasharray="4 3"' : ''} marker-end="url(#${side})"/>`
}

/** Where on its box an arrow starts or ends: the arrows of a side are spread in the order of their other ends. */
function portAt(arrow: Arrow, arrows: readonly Arrow[], side: 'from' | 'to'): number {
  const other = side === 'from' ? 'to' : 'from'
  const box = arrow[side]
  const beside = arrows
    .filter((each) => each[side] === box && isUp(each) === isUp(arrow))
    .sort((a, b) => middle(a[other]) - middle(b[other]))
  // A wide box has room for an arrow right above or below its other end.
  const isWide = right(box) - left(box) > 2.5 * size.column
  const straight = middle(arrow[other]) + (isUp(arrow) ? 16 : 0)
  if (isWide && straight > left(box) && straight < right(box)) return straight
  const step = (right(box) - left(box)) / (beside.length + 1)
  return Math.round(left(box) + step * (beside.indexOf(arrow) + 1))
}

/**
 * The x nearest to both ends at which a vertical line meets none of these boxes.
 * @param shift keeps lines that share a gap apart
 */
function freeX(crossed: readonly Box[], start: number, end: number, shift: number): number {
  const clearance = 4
  const isFree = (x: number) => crossed.every((box) => x < left(box) - clearance || x > right(box) + clearance)
  const candidates = [
    start,
    end,
    ...crossed.flatMap((box) => [left(box) - size.gap / 2 + shift, right(box) + size.gap / 2 + shift]),
  ].filter(isFree)
  const cost = (x: number) => Math.abs(x - start) + Math.abs(x - end)
  return candidates.sort((a, b) => cost(a) - cost(b))[0] ?? start
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../../docs/house.svg', import.meta.url), drawHouse())
}
