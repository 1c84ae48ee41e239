import { residentMiB, startProcess } from '../faults/processes'
import { startRoomline } from '../support/roomline'
import { createStockClient, type StockClient } from '../support/stock-client'
import type { FloodPlan, FloodResult } from './flooder'

export interface Figures {
  p50Ms: number
  p99Ms: number
  count: number
}

export interface FloodedFigures extends Figures {
  /** How much memory the node had at most beyond what it had before. */
  grownMiB: number
  flood: FloodResult
}

type Flood = Omit<FloodPlan, 'port' | 'cookie'> & { signedIn: boolean }

export interface FloodTry {
  flood: Flood
  before: Figures
  during: FloodedFigures
}

export interface FloodedRoomline extends AsyncDisposable {
  /** How long ordinary calls of others take before a flood and during it. */
  attempt(flood: Flood): Promise<FloodTry>
  isAlive(): boolean
}

/** As a row of the table in docs/limits.md. */
export function describeFlood({ flood, before, during }: FloodTry): string {
  const ms = (value: number) => value.toFixed(value < 10 ? 1 : 0)
  const pair = ({ p50Ms, p99Ms }: Figures) => `${ms(p50Ms)} / ${ms(p99Ms)}`
  const closed = Object.entries(during.flood.closed).map(([code, count]) => `${count} × ${code}`)
  const cells = [
    ...[flood.kind, flood.signedIn ? 'person' : 'address', String(flood.sockets), pair(before), pair(during)],
    ...[`+${during.grownMiB.toFixed(0)}`, closed.join(', ') || 'none'],
  ]
  return `| ${cells.join(' | ')} |`
}

const controls = 3
const callEveryMs = 15
const measureMs = { before: 900, during: 1_300 } as const

/** A node with the default limits in a process of its own, people who make ordinary calls, and a process that floods it. */
export async function startFloodedRoomline(): Promise<FloodedRoomline> {
  const roomline = await startRoomline({ nodes: 0 })
  const { databaseUrl = '', redisUrl = '', authSecrets } = roomline.config
  const node = await startProcess('tests/faults/measured-node.ts', {
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, AUTH_SECRET: authSecrets.join(), LOG_LEVEL: 'warn', REALTIME_PORT: '0' },
  })
  const flooding = await startProcess('tests/abuse/flooder.ts', {})
  const flooder = await roomline.signUp()
  const clients: StockClient[] = []
  for (let count = 0; count < controls; count++) {
    const { cookie } = await roomline.signUp()
    clients.push(createStockClient({ url: `ws://127.0.0.1:${node.port}/trpc`, cookie }))
  }
  await clients[0]?.trpc.chat.send.mutate({ room: 'general', text: 'something to read' })
  await roomline.pool.query(
    `INSERT INTO memberships (room_id, user_id, role) SELECT 'general', id, 'member' FROM users ON CONFLICT DO NOTHING`,
  )

  let hasEnded = false
  void node.exited.then(() => {
    hasEnded = true
  })

  async function measure(ms: number): Promise<Figures> {
    const until = performance.now() + ms
    const elapsed: number[] = []
    const callAll = async ({ trpc }: StockClient) => {
      for (let turn = 0; performance.now() < until; turn++) {
        const since = performance.now()
        await (turn % 3 === 0 ? trpc.rooms.list.query() : trpc.chat.history.query({ room: 'general', limit: 20 }))
        elapsed.push(performance.now() - since)
        await new Promise((resolve) => setTimeout(resolve, callEveryMs))
      }
    }
    await Promise.all(clients.map(callAll))
    elapsed.sort((one, other) => one - other)
    const at = (part: number) => elapsed[Math.min(Math.floor(elapsed.length * part), elapsed.length - 1)] ?? 0
    return { p50Ms: at(0.5), p99Ms: at(0.99), count: elapsed.length }
  }

  const ask = (message: object) =>
    new Promise<{ result?: FloodResult }>((resolve) => {
      flooding.onceMessage((answer) => resolve(answer as { result?: FloodResult }))
      flooding.send(message)
    })

  async function measureDuring({ signedIn, ...plan }: Flood): Promise<FloodedFigures> {
    const before = await residentMiB(node.pid)
    let most = before
    const timer = setInterval(async () => {
      most = Math.max(most, await residentMiB(node.pid).catch(() => 0))
    }, 100)
    try {
      await ask({ flood: { ...plan, port: node.port, cookie: signedIn ? flooder.cookie : null } satisfies FloodPlan })
      const figures = await measure(measureMs.during)
      const { result } = await ask({ stop: true })
      if (!result) throw new Error('the flooder did nothing')
      return { ...figures, grownMiB: most - before, flood: result }
    } finally {
      clearInterval(timer)
    }
  }

  // Modules that are loaded late, and code that has not been compiled yet, would look like a flood's doing.
  await measure(3_000)
  await measureDuring({ kind: 'session.me', sockets: 20, signedIn: true })
  await measureDuring({ kind: 'bad input', sockets: 20, signedIn: true })
  await measure(1_000)

  return {
    isAlive: () => !hasEnded,
    attempt: async (flood) => {
      const before = await measure(measureMs.before)
      return { flood, before, during: await measureDuring(flood) }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.close()))
      flooding.kill()
      node.kill()
      await Promise.all([flooding.exited, node.exited])
      await roomline[Symbol.asyncDispose]()
    },
  }
}
