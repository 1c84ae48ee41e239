import type { Measurement, Stage } from './measurement'
import { comingBack } from './measurements/coming-back'
import { connects } from './measurements/connects'
import { dataGrowth } from './measurements/data-growth'
import { fanOut } from './measurements/fan-out'
import { growth } from './measurements/growth'
import { memory } from './measurements/memory'
import { page } from './measurements/page'
import { resumes } from './measurements/resumes'
import { searches } from './measurements/searches'
import { sends } from './measurements/sends'
import type { Reading } from './reading'

export const measurements: readonly Measurement[] = [
  fanOut,
  sends,
  memory,
  connects,
  growth,
  resumes,
  dataGrowth,
  searches,
  comingBack,
  page,
]

export type RoundReading = Reading & { round: number }

/**
 * Runs every measurement in every round. The order of the contenders rotates, so that none of them always runs on the cool
 * machine.
 * @param contenders only these, or null for all
 * @param readings collects the results, also those from before a failure
 */
export async function runRounds(
  stage: Stage,
  { rounds, contenders }: { rounds: number; contenders: ReadonlySet<string> | null },
  readings: RoundReading[],
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    for (const measurement of measurements.filter(({ targets }) => targets.some(stage.wants))) {
      for (const contender of rotate(measurement.contenders, round - 1)) {
        if (contenders && !contenders.has(contender)) continue
        stage.signal.throwIfAborted()
        const since = performance.now()
        const found = await measurement.measure(stage, contender)
        readings.push(...found.map((reading) => ({ round, ...reading })))
        const wanted = measurement.targets.filter(stage.wants).join(', ')
        stage.log(`round ${round} of ${rounds} · ${wanted} · ${contender} · ${((performance.now() - since) / 1_000).toFixed(1)} s`)
        for (const reading of found) stage.log(`    ${describe(reading)}`)
      }
    }
  }
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

function describe({ target, variant, figures }: Reading): string {
  const texts = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
  return [target, ...(variant ? [variant] : []), ...texts].join(' · ')
}
