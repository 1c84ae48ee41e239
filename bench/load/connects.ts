import { quantile } from '../figures'
import type { ServerName } from '../server-names'
import type { BareSocket } from './bare-socket'
import { dialectOf } from './dialects'
import { openSocket } from './dialogue'
import { inParallel } from './in-parallel'

export interface ConnectsPlan {
  server: ServerName
  port: number
  tokens: string[]
  /** How many connects run in parallel. */
  parallel: number
}

/** Connects one client per token, up to the answer to its first call. Closes all of them when the last one is connected. */
export async function connectAll({ server, port, tokens, parallel }: ConnectsPlan) {
  const dialect = dialectOf(server)
  const latenciesMs: number[] = []
  const sockets: BareSocket[] = []
  const before = process.cpuUsage()
  const since = performance.now()
  await inParallel(tokens, parallel, async (token) => {
    const from = performance.now()
    sockets.push(await openSocket({ port, path: dialect.greetPath, token }, dialect.greet))
    latenciesMs.push(performance.now() - from)
  })
  const elapsedMs = performance.now() - since
  const { user, system } = process.cpuUsage(before)
  for (const socket of sockets) socket.destroy()
  const sorted = latenciesMs.sort((a, b) => a - b)
  return {
    perSecond: tokens.length / (elapsedMs / 1_000),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    loadCpuUs: user + system,
  }
}
