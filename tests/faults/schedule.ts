import type { Flow, LineFault } from '../support/tcp-proxy'
import type { Bench } from './bench'
import type { PublicationFault } from './publications'
import type { Seeded } from './seeded'

/** A fault, and when it begins and ends. */
export interface Step {
  afterMs: number
  lastingMs: number
  fault: Fault
}

type Line = 'clients' | 'toRedis' | 'toPostgres'

export type Fault =
  | { kind: 'node killed' | 'node stopped' | 'node frozen'; node: number }
  | { kind: 'Postgres killed' | 'Postgres frozen' | 'Redis killed' | 'Redis frozen' }
  | { kind: 'line cut'; node: number; line: Line }
  | { kind: 'line half closed'; node: number; line: Line; direction: keyof LineFault }
  | { kind: 'line disturbed'; node: number; line: Line; fault: LineFault }
  | { kind: 'publications disturbed'; node: number; fault: PublicationFault; channels: string }
  | { kind: 'Redis flushed' }
  | { kind: 'room locked'; end: 'COMMIT' | 'ROLLBACK' }

/** A schedule of faults that do not conflict: a killed process is not frozen as well. */
export function makeSchedule(chance: Seeded, nodes: number): Step[] {
  const busyUntil = new Map<string, number>()
  const steps: Step[] = []
  let afterMs = 0
  for (let left = chance.between(4, 10); left > 0; left--) {
    afterMs += chance.between(100, 2_000)
    const fault = makeFault(chance, nodes)
    const lastingMs = chance.between(300, 6_000)
    const target = targetOf(fault)
    if ((busyUntil.get(target) ?? 0) > afterMs) continue
    // Time to recover.
    busyUntil.set(target, afterMs + lastingMs + 3_000)
    steps.push({ afterMs, lastingMs, fault })
  }
  return steps
}

function targetOf(fault: Fault): string {
  if (fault.kind.startsWith('Postgres') || fault.kind.startsWith('Redis')) return fault.kind.split(' ')[0] ?? ''
  if ('line' in fault) return `${fault.line} of node ${fault.node}`
  if (fault.kind === 'publications disturbed') return `publications of node ${fault.node}`
  return 'node' in fault ? `node ${fault.node}` : 'room'
}

function makeFault(chance: Seeded, nodes: number): Fault {
  const node = chance.between(0, nodes - 1)
  const line = chance.pick(['clients', 'toRedis', 'toPostgres'] as const)
  const kind = chance.pick([
    'node killed',
    'node stopped',
    'node frozen',
    'Postgres killed',
    'Postgres frozen',
    'Redis killed',
    'Redis frozen',
    'line cut',
    'line cut',
    'line half closed',
    'line disturbed',
    'line disturbed',
    'line disturbed',
    'publications disturbed',
    'publications disturbed',
    'Redis flushed',
    'room locked',
  ] as const)
  switch (kind) {
    case 'node killed':
    case 'node stopped':
    case 'node frozen':
      return { kind, node }
    case 'line cut':
      return { kind, node, line }
    case 'line half closed':
      return { kind, node, line, direction: chance.pick(['toServer', 'toClient'] as const) }
    case 'line disturbed': {
      const flow = chance.pick<Flow>([
        { delayMs: chance.between(20, 500) },
        { bytesPerSecond: chance.between(5_000, 200_000) },
        { hold: true },
        { swallow: true },
      ])
      const fault = chance.pick<LineFault>([{ toServer: flow }, { toClient: flow }, { toServer: flow, toClient: flow }])
      return { kind, node, line, fault }
    }
    case 'publications disturbed': {
      const fault = chance.pick<PublicationFault>([
        { drop: 1 },
        { drop: chance.next() },
        { repeat: 0.5 },
        { reorder: 0.5 },
        { delay: { share: 0.5, maxMs: 1_000 } },
        { drop: 0.2, repeat: 0.2, reorder: 0.2, delay: { share: 0.2, maxMs: 500 } },
      ])
      return { kind, node, fault, channels: chance.pick(['', 'roomline:room:']) }
    }
    case 'room locked':
      return { kind, end: chance.pick(['COMMIT', 'ROLLBACK'] as const) }
    default:
      return { kind }
  }
}

export function describeSchedule(steps: readonly Step[]): string {
  return steps
    .map(
      ({ afterMs, lastingMs, fault: { kind, ...detail } }) => `    at ${afterMs} ms for ${lastingMs} ms: ${kind} ${JSON.stringify(detail)}`,
    )
    .join('\n')
}

/** Carries out a fault. Resolves when it is over. */
export async function carryOut(bench: Bench, room: string, { afterMs, lastingMs, fault }: Step): Promise<void> {
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  await pause(afterMs)
  switch (fault.kind) {
    case 'node killed':
    case 'node stopped': {
      const node = bench.node(fault.node)
      if (fault.kind === 'node killed') await node.kill()
      else {
        const { code, afterMs: tookMs } = await node.stop()
        if (code !== 0)
          throw new Error(`node ${fault.node} ended with code ${code} after ${Math.round(tookMs)} ms of SIGTERM:\n${node.output()}`)
      }
      await pause(lastingMs)
      // It starts only when its services run, like any program under a supervisor.
      for (let left = 40; ; left--) {
        try {
          return await node.start()
        } catch (error) {
          if (left === 0) throw error
          await pause(500)
        }
      }
    }
    case 'node frozen': {
      const node = bench.node(fault.node)
      node.freeze()
      await pause(lastingMs)
      return node.thaw()
    }
    case 'Postgres killed':
    case 'Redis killed': {
      const service = fault.kind === 'Postgres killed' ? bench.postgres : bench.redis
      await service.kill()
      await pause(lastingMs)
      return service.start()
    }
    case 'Postgres frozen':
    case 'Redis frozen': {
      const service = fault.kind === 'Postgres frozen' ? bench.postgres : bench.redis
      await service.freeze()
      await pause(lastingMs)
      return service.thaw()
    }
    case 'line cut':
      bench.node(fault.node)[fault.line].cut()
      return
    case 'line half closed': {
      const line = bench.node(fault.node)[fault.line]
      line.halfClose(fault.direction)
      await pause(lastingMs)
      // The rest of the transaction must not wait for ever.
      line.cut()
      return
    }
    case 'line disturbed': {
      const line = bench.node(fault.node)[fault.line]
      line.setFault(fault.fault)
      await pause(lastingMs)
      return line.setFault({})
    }
    case 'publications disturbed': {
      const { publications } = bench.node(fault.node)
      publications.setFault(fault.fault, fault.channels)
      await pause(lastingMs)
      return publications.setFault({})
    }
    case 'Redis flushed': {
      const redis = bench.openRedis()
      await redis.flushall().catch(() => {})
      return redis.disconnect()
    }
    case 'room locked': {
      // When Postgres is killed before or meanwhile, the lock is gone with it.
      const holder = await bench.openPostgres().catch(() => null)
      if (!holder) return
      const ask = (sql: string, values: unknown[] = []) => holder.query(sql, values).catch(() => {})
      await ask('BEGIN')
      await ask('SELECT FROM rooms WHERE id = $1 FOR UPDATE', [room])
      await pause(Math.min(lastingMs, 4_000))
      await ask(fault.end)
      await holder.end().catch(() => {})
    }
  }
}
