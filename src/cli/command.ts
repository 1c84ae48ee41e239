import type { AdminContext } from '../server/admin/needs'
import type { Given, Usage } from './usage'

/** One thing that a command prints: as JSON, and for people. */
export interface Printed {
  json: unknown
  text: string
}

export interface Command extends Usage {
  run(ctx: AdminContext, given: Given): AsyncIterable<Printed>
}
