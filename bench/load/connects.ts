import { share } from '../figures'
import type { ServerName } from '../server-names'
import type { BareSocket } from './bare-socket'
import { openSocket } from './converse'
import { dialectOf } from './dialects'
import { inParallel } from './in-parallel'

export interface ConnectsPlan {
  server: ServerName
  port: number
  tokens: string[]
  /** So many are on their way at once. */
  atOnce: number
}

/** Connects one client per token, each until its first call is answered, and lets go of them when all were there. */
export async function connectAll({ server, port, tokens, atOnce }: ConnectsPlan) {
  const dialect = dialectOf(server)
  const latenciesMs: number[] = []
  const sockets: BareSocket[] = []
  const before = process.cpuUsage()
  const since = performance.now()
  await inParallel(tokens, atOnce, async (token) => {
    const from = performance.now()
    sockets.push(await openSocket({ port, path: dialect.greetPath, token }, dialect.greet))
    latenciesMs.push(performance.now() - from)
  })
  const elapsedMs = performance.now() - since
  const { user, system } = process.cpuUsage(before)
  for (const socket of sockets) socket.drop()
  const sorted = latenciesMs.sort((a, b) => a - b)
  return { perSecond: tokens.length / (elapsedMs / 1_000), p50Ms: share(sorted, 0.5), p99Ms: share(sorted, 0.99), loadCpuUs: user + system }
}
