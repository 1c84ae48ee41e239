import { setMaxListeners } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeDocs } from './docs'
import { describeRun } from './machine'
import { type Target, targets } from './reading'
import { measurements, type RoundReading, runRounds } from './run'
import { startServices } from './services'
import { createStage } from './stage'
import { formatTable, hasFigure } from './table'

const usage = 'usage: npm run bench -- [--quick] [--rounds 5] [--only T1,T2] [--of roomline,ws] [--write-docs]'

/** Measures Roomline and its peers in the same run. A target that is missed does not fail the run. */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    of: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
})
const quick = values.quick
const rounds = Number(values.rounds ?? (quick ? 1 : 5))
const only = new Set((values.only?.split(',') ?? targets) as Target[])
const contenders = values.of === undefined ? null : new Set(values.of.split(','))
if (!Number.isInteger(rounds) || rounds < 1 || [...only].some((target) => !targets.includes(target))) {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}

const interrupted = new AbortController()
// Every process that a measurement starts listens, and several data sets take many.
setMaxListeners(100, interrupted.signal)
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort(new Error(`stopped by ${name}`)))
try {
  await run()
} catch (error) {
  process.stderr.write(`${interrupted.signal.aborted ? interrupted.signal.reason.message : (error as Error).stack}\n`)
  process.exitCode = 1
}

async function run() {
  const startedAt = new Date()
  const services = await startServices(interrupted.signal)
  try {
    const description = await describeRun(services)
    const { machine, commit, dirty } = description
    log(
      `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, commit ${commit.slice(0, 9)}${dirty ? ' with uncommitted changes' : ''}`,
    )
    const stage = createStage({ services, quick, signal: interrupted.signal, log, wants: (target) => only.has(target) })
    const readings: RoundReading[] = []
    const failure = await runRounds(stage, { rounds, contenders }, readings).then(
      () => null,
      (error: Error) => error,
    )
    if (readings.length === 0 && failure) throw failure
    const rows = measurements
      .flatMap(({ targets: own, rows }) => rows(readings.filter(({ target }) => own.includes(target))))
      .filter(hasFigure)
    const result = { startedAt, quick, rounds, ...description, failure: failure?.message ?? null, rows, readings }
    const file = await writeResult(result)
    log(`\n${formatTable(rows)}\n\n${file}`)
    if (failure) throw failure
    if (values['write-docs']) await writeDocs(result)
  } finally {
    await services.close()
  }
}

async function writeResult(result: { startedAt: Date }): Promise<string> {
  const folder = fileURLToPath(new URL('results/', import.meta.url))
  await mkdir(folder, { recursive: true })
  const file = `${folder}${result.startedAt.toISOString().replaceAll(':', '-')}.json`
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`)
  return file
}

function log(line: string) {
  process.stdout.write(`${line}\n`)
}
