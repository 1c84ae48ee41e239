import { residentMiB, startProcess, type TestProcess } from '../faults/processes'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { createStockClient, type StockClient } from '../support/stock-client'
import type { HttpFloodPlan as FloodPlan, HttpFloodResult as FloodResult } from './http-flooder'

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

export interface FloodedRoomline extends AsyncDisposable {
  roomline: Roomline
  flooder: Person
  port: number
  node: TestProcess
  /** How long ordinary calls of others take now. */
  measure(ms?: number): Promise<Figures>
  measureDuring(plan: Omit<FloodPlan, 'port' | 'cookie'> & { signedIn: boolean }, ms?: number): Promise<FloodedFigures>
}

const controls = 3
const callEveryMs = 15
/** The node needs some time to take a flood's first blow; what is measured is a flood that goes on. */
const settleMs = 300

/** A node with the default limits in a process of its own, people who make ordinary calls, and a process that floods it. */
export async function startHttpFlooded(): Promise<FloodedRoomline> {
  const roomline = await startRoomline({ nodes: 0 })
  const { databaseUrl = '', redisUrl = '', authSecrets } = roomline.config
  const node = await startProcess('tests/faults/measured-node.ts', {
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, AUTH_SECRET: authSecrets.join(), LOG_LEVEL: 'warn', REALTIME_PORT: '0' },
  })
  const flooding = await startProcess('tests/abuse/http-flooder.ts', {})
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

  async function measure(ms = 2_500): Promise<Figures> {
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

  return {
    roomline,
    flooder,
    port: node.port,
    node,
    measure,
    measureDuring: async ({ signedIn, ...plan }, ms) => {
      const before = await residentMiB(node.pid)
      let most = before
      const timer = setInterval(async () => {
        most = Math.max(most, await residentMiB(node.pid).catch(() => 0))
      }, 100)
      try {
        await ask({ flood: { ...plan, port: node.port, cookie: signedIn ? flooder.cookie : null } satisfies FloodPlan })
        await new Promise((resolve) => setTimeout(resolve, settleMs))
        const figures = await measure(ms)
        const { result } = await ask({ stop: true })
        if (!result) throw new Error('the flooder did nothing')
        return { ...figures, grownMiB: most - before, flood: result }
      } finally {
        clearInterval(timer)
      }
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
