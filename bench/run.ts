import type { Measurement, Stage } from './measurement'
import { connects } from './measurements/connects'
import { fanOut } from './measurements/fan-out'
import { growth } from './measurements/growth'
import { memory } from './measurements/memory'
import { resumes } from './measurements/resumes'
import { sends } from './measurements/sends'
import type { Reading } from './reading'

export const measurements: readonly Measurement[] = [fanOut, sends, memory, connects, growth, resumes]

export type RoundReading = Reading & { round: number }

/**
 * Every measurement in every round. Who goes first changes from round to round, so that nobody always has the cool machine.
 * @param of only these contenders, when they are named
 * @param readings what was found so far is here too when it fails
 */
export async function runRounds(
  stage: Stage,
  { rounds, of }: { rounds: number; of: ReadonlySet<string> | null },
  readings: RoundReading[],
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    for (const measurement of measurements.filter(({ targets }) => targets.some(stage.wants))) {
      for (const contender of rotate(measurement.contenders, round - 1)) {
        if (of && !of.has(contender)) continue
        stage.signal.throwIfAborted()
        const since = performance.now()
        const found = await measurement.measure(stage, contender)
        readings.push(...found.map((reading) => ({ round, ...reading })))
        const asked = measurement.targets.filter(stage.wants).join(', ')
        stage.say(`round ${round} of ${rounds} · ${asked} · ${contender} · ${((performance.now() - since) / 1_000).toFixed(1)} s`)
        for (const reading of found) stage.say(`    ${describe(reading)}`)
      }
    }
  }
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

function describe({ target, at, figures }: Reading): string {
  const words = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
  return [target, ...(at ? [at] : []), ...words].join(' · ')
}
