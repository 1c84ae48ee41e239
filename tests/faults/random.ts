import { parseArgs } from 'node:util'
import { report } from '../support/report'
import { startBench } from './bench'
import { runCycles } from './cycles'
import { carryOut, describeSchedule, makeSchedule } from './schedule'
import { createSeeded } from './seeded'
import { startTalk } from './talk'

/** Rounds of random faults until the time is up. Each round has its own seed, counted up from the first. */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' }, cycles: { type: 'string' } },
})
const minutes = Number(values.minutes)
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
const cycles = Number(values.cycles ?? (minutes >= 10 ? 100_000 : 0))
if (!(minutes > 0) || !Number.isInteger(firstSeed) || !Number.isInteger(cycles)) {
  process.stderr.write('usage: npm run test:random-faults -- [--minutes 30] [--seed 1] [--cycles 100000]\n')
  process.exit(2)
}

process.exitCode = await run()

async function run(): Promise<number> {
  process.stdout.write(`Faults for ${minutes} minutes, seeds from ${firstSeed}\n`)
  const until = performance.now() + minutes * 60_000
  if (cycles > 0 && !(await leavesNothingBehind())) return 1
  let seed = firstSeed
  do {
    const failure = await runRound(seed)
    if (failure) {
      process.stdout.write(`FAILED with --seed ${seed}\n${failure}\n`)
      return 1
    }
    seed++
  } while (performance.now() < until)
  process.stdout.write(`${seed - firstSeed} rounds, all promises kept\n`)
  return 0
}

/** @returns what went wrong and the schedule, or null */
async function runRound(seed: number): Promise<string | null> {
  const chance = createSeeded(seed)
  const schedule = makeSchedule(chance, 3)
  const people = chance.between(4, 10)
  const followers = chance.between(6, 20)
  const pauseMs = chance.between(50, 400)
  const bench = await startBench({ seed })
  try {
    const talk = await startTalk(bench, {
      people,
      followers,
      patienceMs: 5_000,
      // Half of them notice a dead connection by themselves, the others wait until it is cut.
      optionsOf: (index) => (index % 2 === 0 ? { keepAlive: { intervalMs: 2_000, pongTimeoutMs: 1_500 } } : {}),
    })
    const talking = talk.sendSteadily(pauseMs)
    await talk.untilAcknowledged(people)
    const carried = await Promise.allSettled(schedule.map((step) => carryOut(bench, talk.history.room, step)))
    const broken = carried.find((result) => result.status === 'rejected')
    if (broken) throw broken.reason
    await bench.untilHealthy(60_000)
    await talk.untilAcknowledged(talk.history.acknowledged.length + 2 * people)
    await talking.stop()
    await talk.history.verify()
    report(`seed ${seed}`, { faults: schedule.length, people, followers, sends: talk.history.acknowledged.length, ...talk.figures() })
    return null
  } catch (error) {
    const output = bench.nodes.map((node, index) => `  node ${index} wrote:\n${node.output().split('\n').slice(-10).join('\n')}`)
    return [`  ${(error as Error).stack}`, '  The schedule:', describeSchedule(schedule), ...output].join('\n')
  } finally {
    await bench[Symbol.asyncDispose]()
  }
}

async function leavesNothingBehind(): Promise<boolean> {
  await using bench = await startBench({ nodes: 0 })
  const { perSecond, before, after } = await runCycles(bench, { cycles, warmUp: 3_000 })
  report('connect, follow, close', { cycles, 'cycles/s': perSecond, before: JSON.stringify(before), after: JSON.stringify(after) })
  return (
    after.heapBytes <= before.heapBytes * 1.05 && after.handles <= before.handles * 1.05 && after.subscriptions === before.subscriptions
  )
}
