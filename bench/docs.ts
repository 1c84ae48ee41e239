import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { drawGrowth } from './growth-plot'
import type { RunDescription } from './machine'
import type { Row } from './measurement'
import type { Reading } from './reading'
import { formatTable } from './table'

interface Result extends RunDescription {
  startedAt: Date
  rounds: number
  rows: readonly Row[]
  readings: readonly Reading[]
}

/** Writes the table into docs/, and the plot if growth (T7) was measured. */
export async function writeDocs({ startedAt, rounds, machine, versions, commit, dirty, rows, readings }: Result): Promise<void> {
  const docs = fileURLToPath(new URL('../docs/', import.meta.url))
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  await writeFile(
    `${docs}performance-table.md`,
    [
      `Written by \`npm run bench -- --write-docs\` on ${startedAt.toISOString().slice(0, 10)}, commit ${commit.slice(0, 9)}${dirty ? ' with uncommitted changes' : ''}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}. Medians of ${rounds} rounds with their range; each ratio compares figures from the same round.`,
      '',
      formatTable(rows),
      '',
      `Measured with ${packages.join(' · ')}.`,
      '',
    ].join('\n'),
  )
  if (!readings.some(({ target, contender }) => target === 'T7' && contender === 'roomline')) return
  await mkdir(`${docs}images`, { recursive: true })
  await writeFile(`${docs}images/growth.svg`, drawGrowth(readings))
}
