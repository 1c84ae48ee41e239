import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { report } from '../../support/report'
import { type StockClient, until } from '../../support/stock-client'
import { startBalancer } from '../balancer'
import { type Bench, startBench } from '../bench'
import { type RoomHistory, type Sender, send, startFollower } from '../history'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench[Symbol.asyncDispose]())

/** The largest number of events within any second. */
function mostInASecond(times: number[]): number {
  const sorted = [...times].sort((one, other) => one - other)
  let most = 0
  let from = 0
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[from] ?? time) >= 1_000) from++
    most = Math.max(most, index - from + 1)
  }
  return most
}

describe('deploy', () => {
  it('a rolling restart under 100 sends a second: nothing lost or repeated, and no follower waits 3 s for the next message', async () => {
    const balancer = await startBalancer(bench.nodes)
    const clients: StockClient[] = []
    const connect = (person: Parameters<Bench['connectTo']>[0]) => {
      const client = bench.connectTo(person, balancer.url)
      clients.push(client)
      return client
    }
    const histories: RoomHistory[] = []
    const senders: { history: RoomHistory; sender: Sender }[] = []
    for (let room = 0; room < 6; room++) {
      const people = await bench.makePeople(30)
      const history = await bench.makeRoom(people)
      histories.push(history)
      for (const person of people.slice(0, 5)) senders.push({ history, sender: { person, client: connect(person) } })
      await Promise.all(people.slice(5).map((person) => startFollower(history, connect(person))))
    }

    let stopped = false
    const pauseMs = (senders.length / 100) * 1_000
    const since = performance.now()
    const talking = Promise.all(
      senders.map(async ({ history, sender }, index) => {
        for (let dueAt = since + (pauseMs * index) / senders.length; !stopped; dueAt += pauseMs) {
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - performance.now())))
          await send(history, sender)
        }
      }),
    )
    talking.catch(() => {})
    const acknowledged = () => histories.reduce((sum, history) => sum + history.acknowledged.length, 0)

    // Nodes that have only just started to serve are slow by themselves: first sends compile code and open connections.
    await until(() => acknowledged() >= 500, 60_000)

    const drains: { clients: number; most: number; afterMs: number; code: number | null }[] = []
    for (const node of bench.nodes) {
      const served = node.clients.count()
      const stoppedAt = performance.now()
      const { afterMs, code } = await node.stop()
      const reopened = clients.flatMap(({ opened }) => opened.filter((time) => time >= stoppedAt))
      drains.push({ clients: served, most: mostInASecond(reopened), afterMs, code })
      await node.start()
      await bench.untilHealthy()
    }
    stopped = true
    await talking
    const tookMs = performance.now() - since
    for (const history of histories) await history.verify()
    const silenceMs = Math.max(...histories.map((history) => history.longestSilenceMs()))
    const again = histories.flatMap(({ rejections }) => [...rejections].map(([name, times]) => `${name} ${times}`))
    await bench.closeClients()
    await balancer.close()
    report('rolling restart of 3 nodes', {
      sends: acknowledged(),
      'sends/s': acknowledged() / (tookMs / 1_000),
      'longest silence': `${Math.round(silenceMs)} ms`,
      'answer p99': `${Math.round(histories.flatMap(({ sendMs }) => sendMs).sort((a, b) => a - b)[Math.floor(acknowledged() * 0.99)] ?? 0)} ms`,
      'sent again after': again.join(', ') || 'nothing',
      'clients of each node': drains.map(({ clients: served }) => served).join(', '),
      'most reconnects in a second': drains.map(({ most, clients: served }) => `${Math.round((most / served) * 100)} %`).join(', '),
      'drained in': drains.map(({ afterMs }) => `${(afterMs / 1_000).toFixed(1)} s`).join(', '),
    })
    for (const { clients: served, most, afterMs, code } of drains) {
      expect(code).toBe(0)
      expect(afterMs).toBeLessThan(25_000)
      expect(served).toBeGreaterThanOrEqual(50)
      expect(most / served).toBeLessThanOrEqual(0.2)
    }
    expect(silenceMs).toBeLessThanOrEqual(3_000)
  })
})
