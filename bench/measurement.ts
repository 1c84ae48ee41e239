import type { Child } from './child'
import type { LoadActs } from './load/main'
import type { Reading, Target } from './reading'
import type { Server } from './servers'
import type { Services } from './services'

export type Load = Child<LoadActs>

/** What a measurement can use. */
export interface Stage {
  services: Services
  /** Fewer and smaller measurements, for a first impression. */
  quick: boolean
  signal: AbortSignal
  log(line: string): void
  /** Whether the run includes this target. */
  wants(target: Target): boolean
  /** Starts the servers to measure and a load process beside them, and stops all of them afterwards. */
  withServers<Result>(name: Server['name'], count: number, act: (servers: Server[], load: Load) => Promise<Result>): Promise<Result>
  withServer<Result>(name: Server['name'], act: (server: Server, load: Load) => Promise<Result>): Promise<Result>
}

/** One row of the table. */
export interface Row {
  target: Target
  what: string
  figure: string
  peer: string
  ratio: string
  goal: string
  /** Null when there is no goal. */
  met: boolean | null
}

export interface Measurement {
  targets: readonly Target[]
  contenders: readonly string[]
  measure(stage: Stage, contender: string): Promise<Reading[]>
  rows(readings: readonly Reading[]): Row[]
}
