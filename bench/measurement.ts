import type { Child } from './child'
import type { LoadActs } from './load/main'
import type { Reading, Target } from './reading'
import type { Server } from './servers'
import type { Services } from './services'

export type Load = Child<LoadActs>

/** What a measurement works with. */
export interface Stage {
  services: Services
  /** Fewer and smaller, for a look. */
  quick: boolean
  signal: AbortSignal
  say(line: string): void
  wants(target: Target): boolean
  /** Starts what is measured, and the load beside it; ends both afterwards. */
  withServers<Result>(name: Server['name'], count: number, act: (servers: Server[], load: Load) => Promise<Result>): Promise<Result>
  withServer<Result>(name: Server['name'], act: (server: Server, load: Load) => Promise<Result>): Promise<Result>
}

/** One line of the table. */
export interface Row {
  target: Target
  what: string
  figure: string
  peer: string
  ratio: string
  goal: string
  /** Null where there is nothing to meet. */
  met: boolean | null
}

export interface Measurement {
  targets: readonly Target[]
  contenders: readonly string[]
  measure(stage: Stage, contender: string): Promise<Reading[]>
  rows(readings: readonly Reading[]): Row[]
}
