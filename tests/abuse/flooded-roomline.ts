import { residentMiB, startProcess } from '../faults/processes'
import { startRoomline } from '../support/roomline'
import { createStockClient, type StockClient } from '../support/stock-client'
import type { FloodPlan, FloodResult } from './flood-plan'

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

export type Flood = Omit<FloodPlan, 'port' | 'cookie' | 'from'> & { signedIn: boolean }

export interface FloodTry {
  flood: Flood
  before: Figures
  during: FloodedFigures
}

export interface FloodedRoomline extends AsyncDisposable {
  /** How long ordinary calls of others take before a flood and during it. */
  attempt(flood: Flood): Promise<FloodTry>
  /** The same up to three times, until others hardly notice. @throws with the figures of the last when they always do */
  expectHarmless(flood: Flood): Promise<void>
}

/** As a row of the table in docs/limits.md. */
export function describeFlood({ flood, before, during }: FloodTry): string {
  const ms = (value: number) => value.toFixed(value < 10 ? 1 : 0)
  const pair = ({ p50Ms, p99Ms }: Figures) => `${ms(p50Ms)} / ${ms(p99Ms)}`
  const outcomes = Object.entries(during.flood.outcomes).map(([outcome, count]) => `${count} × ${outcome}`)
  const cells = [
    ...[flood.kind, flood.over, flood.signedIn ? 'person' : 'address', String(flood.sockets), pair(before), pair(during)],
    ...[`+${during.grownMiB.toFixed(0)}`, outcomes.join(', ') || 'none'],
  ]
  return `| ${cells.join(' | ')} |`
}

/** What counts as no wait at all on a machine that does other things too. */
const jitterMs = 25
const attempts = 3

const isHarmless = ({ before, during }: FloodTry) =>
  during.p99Ms <= 3 * Math.max(before.p99Ms, jitterMs) && during.grownMiB <= 64 && during.count > 20

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
  const clients: StockClient[] = []

  async function signUp() {
    const person = await roomline.signUp()
    await roomline.pool.query(
      `INSERT INTO memberships (room_id, user_id, role) SELECT 'general', id, 'member' FROM users ON CONFLICT DO NOTHING`,
    )
    return person
  }

  for (let count = 0; count < controls; count++) {
    const { cookie } = await signUp()
    clients.push(createStockClient({ url: `ws://127.0.0.1:${node.port}/trpc`, cookie }))
  }
  await clients[0]?.trpc.chat.send.mutate({ room: 'general', text: 'something to read' })
  let floods = 0

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
    // Somebody new each time, from a new address: those of the last flood have used up their budgets.
    const { cookie } = await signUp()
    const from = `127.0.${2 + Math.floor(++floods / 200)}.${1 + (floods % 200)}`
    const before = await residentMiB(node.pid)
    let most = before
    const timer = setInterval(async () => {
      most = Math.max(most, await residentMiB(node.pid).catch(() => 0))
    }, 100)
    try {
      await ask({ flood: { ...plan, port: node.port, from, cookie: signedIn ? cookie : null } satisfies FloodPlan })
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
  for (const over of ['WebSocket', 'HTTP'] as const) {
    await measureDuring({ over, kind: 'session.me', sockets: 20, signedIn: true })
    await measureDuring({ over, kind: 'bad input', sockets: 20, signedIn: true })
  }
  await measure(1_000)

  async function attempt(flood: Flood): Promise<FloodTry> {
    const before = await measure(measureMs.before)
    return { flood, before, during: await measureDuring(flood) }
  }

  return {
    attempt,
    expectHarmless: async (flood) => {
      let last = ''
      for (let left = attempts; left > 0; left--) {
        const tried = await attempt(flood)
        last = describeFlood(tried)
        process.stdout.write(`${last}\n`)
        if (hasEnded) throw new Error(`the node has ended: ${last}`)
        if (isHarmless(tried)) return
      }
      throw new Error(last)
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
