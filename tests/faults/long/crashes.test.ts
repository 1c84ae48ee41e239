import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { report } from '../../support/report'
import { until } from '../../support/stock-client'
import { type Bench, startBench } from '../bench'
import { startTalk } from '../talk'
import { forAtLeast } from '../waits'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench[Symbol.asyncDispose]())
afterEach(() => bench.closeClients())

/** The longest time from commit to delivery without Redis. */
const withoutRedisMs = 1_500
const statusOfAll = async () => Promise.all(bench.nodes.map(async (node) => (await node.ready())?.body.status))

describe('no fault', () => {
  it('30 followers on 3 nodes get 10,000 messages from 10 people once and in order', async () => {
    const talk = await startTalk(bench, { people: 10, followers: 30 })
    const since = performance.now()
    await talk.sendMany(10_000)
    const tookMs = performance.now() - since
    await talk.history.verify()
    expect(talk.history.acknowledged).toHaveLength(10_000)
    for (const { log } of talk.history.followers) expect(log).toHaveLength(10_000)
    report('no fault', { sends: 10_000, 'sends/s': 10_000 / (tookMs / 1_000), ...talk.figures() })
  })
})

describe('kill -9', () => {
  it('node: its clients move to another node and miss nothing', async () => {
    const talk = await startTalk(bench, { people: 10, followers: 12 })
    const saying = talk.sendMany(3_500)
    await talk.untilAcknowledged(3_000)
    await bench.node(0).kill()
    await talk.untilAcknowledged(3_200)
    await bench.node(0).start()
    await saying
    await talk.history.verify()
    await bench.untilHealthy()
    report('node killed', { sends: 3_500, ...talk.figures() })
  })

  it('Postgres: every acknowledged message is there when it is back', async () => {
    const talk = await startTalk(bench, { people: 10, followers: 12 })
    const saying = talk.sendMany(1_000)
    await talk.untilAcknowledged(400)
    await bench.postgres.kill()
    const since = performance.now()
    await until(async () => (await bench.node(0).ready())?.status === 503)
    await bench.postgres.start()
    const downMs = performance.now() - since
    await saying
    await talk.history.verify()
    await bench.untilHealthy()
    report('Postgres killed', { sends: 1_000, down: `${Math.round(downMs)} ms`, ...talk.figures() })
  })

  it('Redis: sends go on without errors, followers are at most 1.5 s late, and no node needs a restart', async () => {
    const talk = await startTalk(bench, { people: 10, followers: 12 })
    const talking = talk.sendSteadily(250)
    await talk.untilAcknowledged(40)
    const since = Date.now()
    await bench.redis.kill()
    await until(async () => (await statusOfAll()).every((status) => status === 'degraded'))
    await talk.untilAcknowledged(talk.history.acknowledged.length + 200)
    const restartedAt = Date.now()
    await bench.redis.start()
    await bench.untilHealthy()
    const healthyAt = Date.now()
    await talk.untilAcknowledged(talk.history.acknowledged.length + 60)
    await talking.stop()
    await talk.history.verify()
    const dead = talk.history.lateness(since, restartedAt)
    const after = talk.history.lateness(healthyAt)
    report('Redis killed', {
      sends: talk.history.acknowledged.length,
      'late while dead p50': `${dead.p50} ms`,
      p99: `${dead.p99} ms`,
      max: `${dead.max} ms`,
      'p99 after': `${after.p99} ms`,
      'healthy again after': `${healthyAt - restartedAt} ms`,
    })
    expect([...talk.history.rejections]).toEqual([])
    expect(dead.p99).toBeLessThanOrEqual(withoutRedisMs)
  })
})

describe('frozen for 20 s (SIGSTOP)', () => {
  it('Redis: sends go on without errors, followers are at most 1.5 s late, and nothing needs a restart', async () => {
    const talk = await startTalk(bench, { people: 10, followers: 12 })
    const talking = talk.sendSteadily(250)
    await talk.untilAcknowledged(40)
    const since = Date.now()
    await bench.redis.freeze()
    try {
      await forAtLeast(20_000, async () => {
        await until(async () => (await statusOfAll()).every((status) => status === 'degraded'))
      })
    } finally {
      bench.redis.thaw()
    }
    const thawed = Date.now()
    await bench.untilHealthy()
    const healthyAt = Date.now()
    await talk.untilAcknowledged(talk.history.acknowledged.length + 60)
    await talking.stop()
    await talk.history.verify()
    const frozen = talk.history.lateness(since, thawed)
    const after = talk.history.lateness(healthyAt)
    report('Redis frozen', {
      sends: talk.history.acknowledged.length,
      'late while frozen p50': `${frozen.p50} ms`,
      p99: `${frozen.p99} ms`,
      max: `${frozen.max} ms`,
      'p99 after': `${after.p99} ms`,
      'healthy again after': `${healthyAt - thawed} ms`,
    })
    expect([...talk.history.rejections]).toEqual([])
    expect(frozen.p99).toBeLessThanOrEqual(withoutRedisMs)
  })

  it('node: some clients go elsewhere, others wait, and all have everything once it runs again', async () => {
    const impatient = { keepAlive: { intervalMs: 2_000, pongTimeoutMs: 1_000 } }
    const talk = await startTalk(bench, { people: 10, followers: 12, optionsOf: (index) => (index % 2 === 0 ? impatient : {}) })
    const talking = talk.sendSteadily(250)
    await talk.untilAcknowledged(40)
    bench.node(0).freeze()
    try {
      await forAtLeast(20_000, () => talk.untilAcknowledged(200))
    } finally {
      bench.node(0).thaw()
    }
    await bench.untilHealthy()
    await talk.untilAcknowledged(talk.history.acknowledged.length + 60)
    await talking.stop()
    await talk.history.verify()
    report('node frozen', { sends: talk.history.acknowledged.length, ...talk.figures() })
  })
})
