import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { drawDataGrowth } from './data-growth-plot'
import { drawGrowth } from './growth-plot'
import type { RunDescription } from './machine'
import type { Row } from './measurement'
import type { Reading, Target } from './reading'
import { formatTable } from './table'

/** A run of these alone leaves the other table as it is. */
const onData: readonly Target[] = ['T9', 'T10', 'T11']

interface Result extends RunDescription {
  startedAt: Date
  rounds: number
  rows: readonly Row[]
  readings: readonly Reading[]
}

/** Writes the table into docs/, one for T1 to T8 and one for what depends on data, and the plots of what was measured. */
export async function writeDocs({ startedAt, rounds, machine, versions, commit, dirty, rows, readings }: Result): Promise<void> {
  const docs = fileURLToPath(new URL('../docs/', import.meta.url))
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const isAboutData = ({ target }: Row) => onData.includes(target)
  for (const [file, own] of [
    ['performance-table.md', rows.filter((row) => !isAboutData(row))],
    ['performance-table-data.md', rows.filter(isAboutData)],
  ] as const) {
    if (own.length === 0) continue
    await writeFile(
      `${docs}${file}`,
      [
        `Written by \`npm run bench -- --write-docs\` on ${startedAt.toISOString().slice(0, 10)}, commit ${commit.slice(0, 9)}${dirty ? ' with uncommitted changes' : ''}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}. ${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds with their range`}; each ratio compares figures from the same round.`,
        '',
        formatTable(own),
        '',
        `Measured with ${packages.join(' · ')}.`,
        '',
      ].join('\n'),
    )
  }
  await mkdir(`${docs}images`, { recursive: true })
  const has = (wanted: Target) => readings.some(({ target, contender }) => target === wanted && contender === 'roomline')
  if (has('T7')) await writeFile(`${docs}images/growth.svg`, drawGrowth(readings))
  if (has('T9')) await writeFile(`${docs}images/data-growth.svg`, drawDataGrowth(readings))
}
