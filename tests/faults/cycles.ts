import { WebSocket } from 'ws'
import { until } from '../support/stock-client'
import { type Bench, nodeEnvironment } from './bench'
import { subscribeFrame } from './history'
import type { Measures } from './measured-node'
import { startProcess } from './processes'

export interface CycleFigures {
  cycles: number
  perSecond: number
  before: Measures & { subscriptions: number }
  after: Measures & { subscriptions: number }
}

/**
 * Connects, follows a room and closes again, many times and several at once, on a node of its own. @returns what the
 * node holds before and after. The warm-up cycles come before: code is compiled and pools fill up in them.
 */
export async function runCycles(bench: Bench, { cycles, warmUp, atOnce = 8 }: { cycles: number; warmUp: number; atOnce?: number }) {
  const [person] = await bench.makePeople(1)
  if (!person) throw new Error('nobody is there')
  const rooms = await Promise.all(Array.from({ length: atOnce }, () => bench.makeRoom([person])))
  const { databaseUrl, redisUrl } = bench.urls()
  const node = await startProcess(
    'tests/faults/measured-node.ts',
    { ...nodeEnvironment(databaseUrl, redisUrl, bench.secret), REALTIME_PORT: '0' },
    ['--expose-gc'],
  )
  try {
    const url = `ws://127.0.0.1:${node.port}/trpc`
    const redis = bench.openRedis()
    const measure = async () => {
      const clients = (await redis.client('LIST')) as string
      const subscriptions = [...clients.matchAll(/ sub=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
      const measures = await new Promise<Measures>((resolve) => {
        node.onceMessage((message) => resolve((message as { measures: Measures }).measures))
        node.send({ measure: true })
      })
      return { ...measures, subscriptions }
    }
    const settled = async () => {
      await until(async () => {
        const { connections, followers, rooms: open } = await measure()
        return connections === 0 && followers === 0 && open === 0
      })
      return measure()
    }
    const run = async (count: number) => {
      let left = count
      await Promise.all(
        rooms.map(async ({ room }) => {
          while (left-- > 0) await cycle(url, person.token, room)
        }),
      )
    }

    await run(warmUp)
    const before = await settled()
    const since = performance.now()
    await run(cycles)
    const perSecond = cycles / ((performance.now() - since) / 1_000)
    // For some seconds presence still writes who has left, and its timer is a handle.
    await until(async () => (await measure()).handles <= before.handles, 15_000).catch(() => {})
    const after = await settled()
    redis.disconnect()
    return { cycles, perSecond, before, after } satisfies CycleFigures
  } finally {
    node.kill()
    await node.exited
  }
}

function cycle(url: string, token: string, room: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false })
    socket.on('error', reject)
    socket.on('open', () => socket.send(subscribeFrame(room, 0)))
    socket.on('message', (bytes: Buffer) => {
      if (bytes.toString().includes('"started"')) socket.close()
      else reject(new Error(`a cycle was answered with ${bytes}`))
    })
    socket.on('close', () => resolve())
  })
}
