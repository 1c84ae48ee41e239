import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeDocs } from './docs'
import { describeRun } from './machine'
import { type Target, targets } from './reading'
import { measurements, type RoundReading, runRounds } from './run'
import { startServices } from './services'
import { createStage } from './stage'
import { isKnown, writeTable } from './table'

const usage = 'usage: npm run bench -- [--quick] [--rounds 5] [--only T1,T2] [--of roomline,ws] [--write-docs]'

/** The measurements of the targets, against peers in the same run. Nothing in it fails on a time. */
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
const of = values.of === undefined ? null : new Set(values.of.split(','))
if (!Number.isInteger(rounds) || rounds < 1 || [...only].some((target) => !targets.includes(target))) {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort(new Error(`ended by ${name}`)))
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
    say(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, commit ${commit.slice(0, 9)}${dirty ? ' with changes' : ''}`)
    const stage = createStage({ services, quick, signal: interrupted.signal, say, wants: (target) => only.has(target) })
    const readings: RoundReading[] = []
    const failure = await runRounds(stage, { rounds, of }, readings).then(
      () => null,
      (error: Error) => error,
    )
    if (readings.length === 0 && failure) throw failure
    const rows = measurements
      .flatMap(({ targets: own, rows }) => rows(readings.filter(({ target }) => own.includes(target))))
      .filter(isKnown)
    const result = { startedAt, quick, rounds, ...description, failure: failure?.message ?? null, rows, readings }
    const file = await writeResult(result)
    say(`\n${writeTable(rows)}\n\n${file}`)
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

function say(line: string) {
  process.stdout.write(`${line}\n`)
}
