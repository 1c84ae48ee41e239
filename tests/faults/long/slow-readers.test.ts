import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { report } from '../../support/report'
import { until } from '../../support/stock-client'
import { type Bench, type BenchNode, startBench } from '../bench'
import { startBareFollower } from '../history'
import { startTalk } from '../talk'
import { forAtLeast } from '../waits'

let bench: Bench
beforeAll(async () => {
  bench = await startBench({ nodes: 2 })
})
afterAll(() => bench[Symbol.asyncDispose]())
afterEach(() => bench.closeClients())

/** A room that already has messages. */
async function makeOldRoom(messages: number, text: string) {
  const people = await bench.makePeople(3)
  const history = await bench.makeRoom(people)
  await bench.query(
    'INSERT INTO messages (room_id, seq, version, author_id, text) SELECT $1, n, n, $2, $3 FROM generate_series(1, $4::int) n',
    [history.room, people[0]?.id, text, messages],
  )
  await bench.query('UPDATE rooms SET last_seq = $2, last_version = $2 WHERE id = $1', [history.room, messages])
  return { history, people }
}

/** Watches how far the memory of the node grows until `done`. */
async function watchMemory(node: BenchNode) {
  const before = await node.residentMiB()
  let most = before
  const timer = setInterval(async () => {
    most = Math.max(most, await node.residentMiB())
  }, 100)
  return {
    growth: () => most - before,
    before,
    done: () => clearInterval(timer),
  }
}

describe('follower far behind', () => {
  it('reads 50,000 missed messages, for which the node needs no more memory than for 10,000', async () => {
    const { history, people } = await makeOldRoom(50_000, 'x'.repeat(1_500))
    const warm = await startBareFollower(history, { url: bench.node(0).url, token: people[2]?.token ?? '', after: 40_000 })
    await until(() => warm.follower.log.length >= 10_000, 120_000)
    warm.socket.terminate()
    const memory = await watchMemory(bench.node(0))
    const since = performance.now()
    const { follower, socket } = await startBareFollower(history, { url: bench.node(0).url, token: people[1]?.token ?? '' })
    await until(() => follower.log.length >= 50_000, 120_000)
    const tookMs = performance.now() - since
    memory.done()
    await history.verify()
    socket.terminate()
    report('50,000 behind', {
      'messages/s': 50_000 / (tookMs / 1_000),
      'memory before': `${memory.before.toFixed()} MiB`,
      growth: `${memory.growth().toFixed()} MiB`,
    })
    // The texts alone are 75 MB.
    expect(memory.growth()).toBeLessThan(150)
  })
})

describe('follower that stops reading', () => {
  it('with 400 MB to come, costs the node little memory, does not slow the others, and gets everything in the end', async () => {
    const { history, people } = await makeOldRoom(25_000, '😀'.repeat(4_000))
    const short = await makeOldRoom(4_000, '😀'.repeat(4_000))
    const others = await startTalk(bench, { people: 5, followers: 5, nodesOf: () => [0] })
    const talking = others.sendSteadily(200)
    await others.untilAcknowledged(50)
    const quiet = others.history.lateness()

    const memory = await watchMemory(bench.node(0))
    const stalledAt = Date.now()
    const { url } = bench.node(0)
    const patient = await startBareFollower(history, { url, token: people[1]?.token ?? '' })
    patient.socket.pause()
    const absent = { url, token: short.people[1]?.token ?? '' }
    const givenUp = await startBareFollower(short.history, absent)
    givenUp.socket.pause()
    await forAtLeast(8_000)
    const stalled = others.history.lateness(stalledAt)
    const growthStalled = memory.growth()
    expect(patient.follower.last()).toBeLessThan(2_000)
    const readSince = performance.now()
    patient.socket.resume()
    const readMs = until(() => patient.follower.log.length >= 25_000, 120_000).then(() => performance.now() - readSince)
    // The node closes the other one after 30 s.
    await Promise.all([readMs, forAtLeast(28_000)])
    givenUp.socket.resume()
    const code = await givenUp.closed
    const seen = givenUp.follower.log.length
    const again = await startBareFollower(short.history, { ...absent, continues: givenUp.follower })
    await until(() => givenUp.follower.log.length >= 4_000, 60_000)
    memory.done()
    await talking.stop()
    await history.verify()
    await short.history.verify()
    await others.history.verify()
    report('a stalled reader', {
      'memory before': `${memory.before.toFixed()} MiB`,
      'growth stalled': `${growthStalled.toFixed()} MiB`,
      'growth at most': `${memory.growth().toFixed()} MiB`,
      'others p99 before': `${quiet.p99} ms`,
      'while stalled': `${stalled.p99} ms`,
      'in all': `${others.history.lateness(stalledAt).p99} ms`,
      'read 400 MB in': `${((await readMs) / 1_000).toFixed(1)} s`,
      'the other was closed with': code,
      'after messages': seen,
    })
    again.socket.terminate()
    patient.socket.terminate()
    expect(seen).toBeLessThan(4_000)
    expect([1006, 4408]).toContain(code)
    expect(growthStalled).toBeLessThan(150)
    expect(memory.growth()).toBeLessThan(250)
    expect([...others.history.rejections]).toEqual([])
  })
})
