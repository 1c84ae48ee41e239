import { unknown } from './figures'
import type { Row } from './measurement'

const heads = ['target', 'measurement', 'Roomline', 'peer', 'ratio', 'goal', 'met']

/** Formats the rows as a Markdown table, which is also readable in a terminal. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [
    heads,
    ...rows.map(({ target, what, figure, peer, ratio, goal, met }) => [target, what, figure, peer, ratio, goal, formatMet(met)]),
  ]
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

/** False for contenders that were left out of the run. */
export const hasFigure = ({ figure }: Row) => figure !== unknown

const formatMet = (met: boolean | null) => (met === null ? '' : met ? 'yes' : 'no')
