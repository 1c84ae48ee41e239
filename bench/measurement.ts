import type { Child } from './child'
import type { LoadActs } from './load/main'
import type { Server } from './servers'
import type { Services } from './services'

export const targets = ['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8'] as const

export type Target = (typeof targets)[number]

export type Load = Child<LoadActs>

/** What one measurement of one contender found, in one round. */
export interface Reading {
  target: Target
  /** Who was measured. */
  of: string
  /** Under which circumstances, where there are several. */
  at?: string
  figures: Record<string, number>
}

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
