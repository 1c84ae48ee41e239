import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { createRedisUses } from '../../src/server/fairness/redis-uses'
import { createSharedLimits, type UseStore } from '../../src/server/fairness/shared-limits'
import { connectRedis, untilRedisAlive } from '../../src/server/platform/redis'
import { keepLog } from '../support/log-lines'
import { startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'
import { redisUrl } from '../support/worker'

const rate = { perMinute: 60, burst: 20 }
const noRedis: UseStore = { isAlive: () => false, add: () => Promise.reject(new Error('away')) }

/** Tries to use the limit this often, one use after the other. @returns how many were allowed */
async function tryTimes(times: number, use: () => Promise<void> | undefined): Promise<number> {
  let allowed = 0
  for (let index = 0; index < times; index++) {
    try {
      await use()
      allowed++
    } catch (error) {
      expect(error).toMatchObject({ failure: 'TOO_MANY_REQUESTS' })
    }
  }
  return allowed
}

describe('one node', () => {
  it('limits: a burst passes, then as many as fill up again', async () => {
    let time = 0
    const limits = createSharedLimits(noRedis, () => time)
    const limit = limits.create('sends', rate)
    expect(await tryTimes(30, () => limit.count('ada'))).toBe(20)
    expect(await tryTimes(30, () => limit.count('ben'))).toBe(20)
    time += 3_000
    expect(await tryTimes(30, () => limit.count('ada'))).toBe(3)
    await limits.close()
  })

  it('limits: a refusal says how long to wait, and waiting exactly that long is enough', async () => {
    let time = 0
    const limits = createSharedLimits(noRedis, () => time)
    const limit = limits.create('sends', rate)
    await tryTimes(20, () => limit.count('ada'))
    const refuse = () => limit.count('ada')
    expect(refuse).toThrow(expect.objectContaining({ detail: { retryAfterMs: 1_000 } }))
    time += 1_000
    expect(refuse()).toBeUndefined()
    await limits.close()
  })

  it('limits: 0 means no limit', async () => {
    const limits = createSharedLimits(noRedis)
    const limit = limits.create('sends', { perMinute: 0, burst: 20 })
    expect(await tryTimes(1_000, () => limit.count('ada'))).toBe(1_000)
  })

  it('limits: a subscription over the limit waits for its turn instead of being refused', async () => {
    const limits = createSharedLimits(noRedis)
    const limit = limits.create('subscriptions', { perMinute: 60_000, burst: 2 })
    expect(await tryTimes(50, () => limit.countInTime('ada'))).toBe(50)
    await limits.close()
  })
})

async function startNodes(count: number, url = redisUrl()) {
  const redises = Array.from({ length: count }, () => connectRedis(url, keepLog().log))
  await Promise.all(redises.map((redis) => untilRedisAlive(redis, 5_000)))
  const shared = redises.map((redis) => createSharedLimits(createRedisUses(redis)))
  return {
    redises,
    limits: shared.map((limits) => limits.create('sends', rate)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(shared.map((limits) => limits.close()))
      for (const redis of redises) redis.close()
    },
  }
}

const turns = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('several nodes', () => {
  it('limits: what one node has allowed is used up on the others', async () => {
    await using nodes = await startNodes(2)
    const [first, second] = nodes.limits
    const ada = randomUUID()
    const others = new Redis(redisUrl())
    expect(await tryTimes(30, () => first?.count(ada))).toBe(20)
    await until(async () => (await others.exists(`roomline:{limits}:sends:${ada}`)) === 1)
    // The first use tells the second node; a moment later nothing is left.
    expect(await tryTimes(1, () => second?.count(ada))).toBeLessThanOrEqual(1)
    await turns(50)
    expect(await tryTimes(30, () => second?.count(ada))).toBe(0)
    // Others are not affected.
    const ben = randomUUID()
    expect(await tryTimes(30, () => second?.count(ben))).toBe(20)
    others.disconnect()
  })

  it('limits: a burst on all nodes at the same moment passes as hardly more than one', async () => {
    await using nodes = await startNodes(4)
    const ada = randomUUID()
    const allowed = await Promise.all(
      nodes.limits.flatMap((limit) => Array.from({ length: 20 }, () => tryTimes(1, () => limit.count(ada)))),
    )
    const total = allowed.reduce((sum, each) => sum + each, 0)
    expect(total).toBeGreaterThanOrEqual(20)
    expect(total).toBeLessThanOrEqual(20 + 4 * 3)
  })

  it('limits: what was counted twice over has to be made up for', async () => {
    await using nodes = await startNodes(2)
    const ada = randomUUID()
    for (const { commands } of nodes.redises) await commands.set(`roomline:{limits}:sends:${ada}`, String(Date.now() + 30_000))
    await tryTimes(1, () => nodes.limits[0]?.count(ada))
    await turns(50)
    const refused = await Promise.resolve()
      .then(() => nodes.limits[0]?.count(ada))
      .catch((error) => error)
    expect(refused.detail.retryAfterMs).toBeGreaterThan(8_000)
  })

  it('limits: a forged count in Redis keeps nobody out for longer than two full bursts', async () => {
    await using nodes = await startNodes(1)
    const [limit] = nodes.limits
    for (const forged of ['9999999999999999', '1e300', 'inf', 'nan', 'junk']) {
      const ada = randomUUID()
      await nodes.redises[0]?.commands.set(`roomline:{limits}:sends:${ada}`, forged)
      await tryTimes(1, () => limit?.count(ada))
      await turns(50)
      const refused = await Promise.resolve()
        .then(() => limit?.count(ada))
        .catch((error) => error)
      expect(refused?.detail.retryAfterMs ?? 0, forged).toBeLessThanOrEqual(40_000)
    }
  })

  it('limits: while Redis is frozen or away each node counts for itself, nothing waits, and then they count together again', async () => {
    const url = new URL(redisUrl())
    const port = Number(url.port)
    await using line = Object.assign(await startTcpProxy(() => port), { [Symbol.asyncDispose]: () => line.close() })
    url.port = String(line.port)
    await using nodes = await startNodes(2, url.href)
    const [first, second] = nodes.limits
    for (const fault of [() => line.setFault({ toServer: { hold: true }, toClient: { hold: true } }), () => line.setOnline(false)]) {
      fault()
      const ada = randomUUID()
      const startedAt = performance.now()
      expect(await tryTimes(30, () => first?.count(ada))).toBe(20)
      expect(await tryTimes(30, () => second?.count(ada))).toBe(20)
      // Far below the second that a command to Redis may take.
      expect(performance.now() - startedAt).toBeLessThan(600)
      line.setFault({})
      line.setOnline(true)
      await until(() => nodes.redises.every((redis) => redis.isAlive()), 15_000)
      const ben = randomUUID()
      await until(async () => {
        const cleo = randomUUID()
        await tryTimes(20, () => first?.count(cleo))
        await turns(60)
        await tryTimes(1, () => second?.count(cleo))
        await turns(60)
        return (await tryTimes(1, () => second?.count(cleo))) === 0
      }, 15_000)
      expect(await tryTimes(5, () => first?.count(ben))).toBe(5)
    }
  })
})

describe('a whole server', () => {
  it('limits: sends on two nodes count together, and the answer says when to try again', async () => {
    await using roomline = await startRoomline({ nodes: 2, env: { SENDS_PER_MINUTE: '6' } })
    const ada = await roomline.signUp()
    const clients = [roomline.connect(ada, { node: 0 }), roomline.connect(ada, { node: 1 })]
    const { id: room } = await (clients[0] as NonNullable<(typeof clients)[0]>).trpc.rooms.create.mutate({ name: 'Quiet', kind: 'private' })
    const failures: { data: { failure: string; retryAfterMs?: number } }[] = []
    let sent = 0
    for (let round = 0; round < 30; round++) {
      for (const client of clients) {
        await client.trpc.chat.send.mutate({ room, text: `${round}` }).then(
          () => sent++,
          (error) => failures.push(error),
        )
      }
    }
    expect(sent).toBeGreaterThanOrEqual(20)
    expect(sent).toBeLessThanOrEqual(24)
    expect(new Set(failures.map(({ data }) => data.failure))).toEqual(new Set(['TOO_MANY_REQUESTS']))
    expect(failures.every(({ data }) => (data.retryAfterMs ?? 0) > 0)).toBe(true)
  })
})
