import { unknown } from './figures'
import type { Row } from './measurement'

const heads = ['target', 'what', 'Roomline', 'peer', 'ratio', 'goal', 'met']

/** The rows as a Markdown table, which reads as well on a terminal. */
export function writeTable(rows: readonly Row[]): string {
  const cells = [
    heads,
    ...rows.map(({ target, what, figure, peer, ratio, goal, met }) => [target, what, figure, peer, ratio, goal, wordOf(met)]),
  ]
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

/** Who was left out of a run has no figures. */
export const isKnown = ({ figure }: Row) => figure !== unknown

const wordOf = (met: boolean | null) => (met === null ? '' : met ? 'yes' : 'no')
