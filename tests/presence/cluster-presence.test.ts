import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createRedisBus } from '../../src/server/bus/redis-bus'
import { createLog } from '../../src/server/platform/log'
import { connectRedis, type RedisConnections, untilRedisAlive } from '../../src/server/platform/redis'
import type { ClusterPresence } from '../../src/server/presence/cluster-presence'
import { createMemoryPresence } from '../../src/server/presence/memory-presence'
import { createRedisPresence, type PresenceNews, type PresenceTiming } from '../../src/server/presence/redis-presence'
import { until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'
import { redisUrl } from '../support/worker'

const log = createLog({ logLevel: 'silent' }, 'test')
const secrets = ['a secret of the tests that is long enough']

/** Short times, so that the tests do not take minutes. */
const quick: Partial<PresenceTiming> = { tickMs: 50, heartbeatMs: 200, ttlMs: 1_000 }

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface RedisNode {
  cluster: ClusterPresence
  redis: RedisConnections
  /** Simulates a killed process: nothing more is published. */
  kill(): void
}

async function startNode(
  options: { url?: string; timing?: Partial<PresenceTiming>; onLost?: (userIds: Iterable<string>, silentMs: number) => void } = {},
): Promise<RedisNode> {
  const { url = redisUrl(), timing, onLost } = options
  const redis = connectRedis(url, log)
  await untilRedisAlive(redis, 5_000)
  const bus = createRedisBus<PresenceNews>(redis, 'roomline:presence:', secrets, log)
  const cluster = createRedisPresence({ redis, bus, log, ...(timing && { timing }), ...(onLost && { onLost }) })
  ends.push(async () => {
    await cluster.close()
    redis.close()
  })
  await until(() => cluster.isKnown())
  return { cluster, redis, kill: () => redis.close() }
}

const keysOf = async (redis: RedisConnections, userId: string) => {
  const keys = await redis.commands.smembers('roomline:presence:nodes')
  const found = await Promise.all(keys.map((node) => redis.commands.hget(`roomline:presence:node:${node}`, userId)))
  return found.filter((state) => state !== null)
}

const twins = {
  memory: () => {
    const presence = createMemoryPresence()
    return async () => presence.join()
  },
  Redis: () => async () => (await startNode()).cluster,
}

for (const [name, createTwin] of Object.entries(twins)) {
  describe(`presence over ${name}`, () => {
    const [ada, ben, cyd] = [randomUUID(), randomUUID(), randomUUID()] as const

    it('shows everybody’s state on every node', async () => {
      const join = createTwin()
      const [one, two] = [await join(), await join()]
      one.set(ada, 'here')
      one.set(ben, 'away')
      for (const cluster of [one, two]) {
        await until(() => cluster.stateOf(ada) === 'here' && cluster.stateOf(ben) === 'away')
        expect(cluster.stateOf(cyd)).toBe('offline')
        expect(cluster.isKnown()).toBe(true)
      }
      one.set(ada, 'away')
      one.set(ben, 'offline')
      for (const cluster of [one, two]) await until(() => cluster.stateOf(ada) === 'away' && cluster.stateOf(ben) === 'offline')
      await Promise.all([one.close(), two.close()])
    })

    it('shows a node’s own people at once', async () => {
      const one = await createTwin()()
      one.set(ada, 'here')
      expect(one.stateOf(ada)).toBe('here')
      await one.close()
    })

    it('shows somebody on two nodes as here if they are here on one', async () => {
      const join = createTwin()
      const [one, two] = [await join(), await join()]
      one.set(ada, 'away')
      two.set(ada, 'here')
      for (const cluster of [one, two]) await until(() => cluster.stateOf(ada) === 'here')
      two.set(ada, 'offline')
      for (const cluster of [one, two]) await until(() => cluster.stateOf(ada) === 'away')
      await Promise.all([one.close(), two.close()])
    })

    it('reports whose state changed, and nobody else', async () => {
      const join = createTwin()
      const [one, two] = [await join(), await join()]
      const heard: string[] = []
      const off = two.onChange((changed) => heard.push(...(changed === 'all' ? ['all'] : changed)))
      one.set(ada, 'here')
      await until(() => heard.includes(ada))
      two.set(ada, 'away')
      two.set(ben, 'here')
      await until(() => heard.includes(ben))
      expect(heard).toEqual([ada, ben])
      off()
      two.set(ben, 'offline')
      expect(heard).toEqual([ada, ben])
      await Promise.all([one.close(), two.close()])
    })

    it('shows everybody to a node that joins later, and removes the people of a node that closes', async () => {
      const join = createTwin()
      const one = await join()
      one.set(ada, 'here')
      const two = await join()
      await until(() => two.stateOf(ada) === 'here')
      await one.close()
      await until(() => two.stateOf(ada) === 'offline')
      await two.close()
    })
  })
}

describe('presence over Redis', () => {
  it('removes the people of a killed node, and reports how long it was silent', async () => {
    const ada = randomUUID()
    const ben = randomUUID()
    const lost: { userId: string; silentMs: number }[] = []
    const one = await startNode({ timing: quick })
    const two = await startNode({
      timing: quick,
      onLost: (userIds, silentMs) => lost.push(...[...userIds].map((userId) => ({ userId, silentMs }))),
    })
    one.cluster.set(ada, 'here')
    two.cluster.set(ben, 'here')
    await until(() => two.cluster.stateOf(ada) === 'here')
    const heard: string[] = []
    two.cluster.onChange((changed) => heard.push(...(changed === 'all' ? ['all'] : changed)))
    const killedAt = performance.now()
    one.kill()
    await until(() => two.cluster.stateOf(ada) === 'offline')
    expect(performance.now() - killedAt).toBeLessThan(2_000)
    expect(heard).toEqual([ada])
    expect(lost).toEqual([{ userId: ada, silentMs: expect.any(Number) }])
    expect(two.cluster.stateOf(ben)).toBe('here')
    await until(async () => (await keysOf(two.redis, ada)).length === 0)
  })

  it('keeps the people of a node that only sends heartbeats', async () => {
    const ada = randomUUID()
    const one = await startNode({ timing: quick })
    const two = await startNode({ timing: quick })
    one.cluster.set(ada, 'here')
    await until(() => two.cluster.stateOf(ada) === 'here')
    let gone = 0
    two.cluster.onChange(() => gone++)
    const since = performance.now()
    await until(() => performance.now() - since > 2_500)
    expect(two.cluster.stateOf(ada)).toBe('here')
    expect(gone).toBe(0)
    expect(await keysOf(two.redis, ada)).toEqual(['h'])
  })

  it('removes the people in a hash that a dead node left behind', async () => {
    const ada = randomUUID()
    const one = await startNode({ timing: { ...quick, ttlMs: 3_000 } })
    const watching = await startNode({ timing: { ...quick, ttlMs: 3_000 } })
    one.cluster.set(ada, 'here')
    await until(async () => (await keysOf(one.redis, ada)).length === 1)
    const killedAt = performance.now()
    one.kill()
    await until(() => performance.now() - killedAt > 2_000)
    expect(await keysOf(watching.redis, ada)).toEqual(['h'])
    const two = await startNode({ timing: { ...quick, ttlMs: 3_000 } })
    await until(() => two.cluster.stateOf(ada) === 'offline')
    expect(performance.now() - killedAt).toBeLessThan(4_000)
  })

  it('is unknown while Redis is down, and complete again when it is back', async () => {
    const url = new URL(redisUrl())
    const { port } = url
    const proxy = await startTcpProxy(() => Number(port))
    ends.push(() => proxy.close())
    url.port = String(proxy.port)
    const [ada, ben, cyd] = [randomUUID(), randomUUID(), randomUUID()]
    const one = await startNode({ timing: quick })
    const two = await startNode({ timing: quick, url: url.href })
    one.cluster.set(ada, 'here')
    two.cluster.set(cyd, 'here')
    await until(() => two.cluster.stateOf(ada) === 'here')
    const heard: unknown[] = []
    two.cluster.onChange((changed) => heard.push(changed))
    proxy.setOnline(false)
    await until(() => !two.cluster.isKnown())
    expect(heard.filter((changed) => changed === 'all')).toHaveLength(1)
    expect(one.cluster.isKnown()).toBe(true)
    one.cluster.set(ada, 'away')
    one.cluster.set(ben, 'here')
    two.cluster.set(cyd, 'away')
    proxy.setOnline(true)
    await until(() => two.cluster.isKnown())
    expect(heard.at(-1)).toBe('all')
    await until(() => two.cluster.stateOf(ada) === 'away' && two.cluster.stateOf(ben) === 'here')
    await until(() => one.cluster.stateOf(cyd) === 'away')
  })

  it('writes its hash again after Redis was flushed', async () => {
    const ada = randomUUID()
    const one = await startNode({ timing: quick })
    one.cluster.set(ada, 'here')
    await until(async () => (await keysOf(one.redis, ada)).length === 1)
    const keys = await one.redis.commands.keys('roomline:presence:*')
    await one.redis.commands.del(...keys)
    await until(async () => (await keysOf(one.redis, ada)).length === 1)
    const two = await startNode({ timing: quick })
    await until(() => two.cluster.stateOf(ada) === 'here')
  })

  it('reads a node’s people again when it missed news', async () => {
    const [ada, ben] = [randomUUID(), randomUUID()]
    const one = await startNode()
    const two = await startNode()
    one.cluster.set(ada, 'here')
    await until(() => two.cluster.stateOf(ada) === 'here')
    const publish = one.redis.commands.publish.bind(one.redis.commands)
    one.redis.commands.publish = (async (channel: string, body: string) =>
      channel.startsWith('roomline:presence:') ? 2 : publish(channel, body)) as typeof one.redis.commands.publish
    one.cluster.set(ada, 'away')
    await until(async () => (await keysOf(one.redis, ada))[0] === 'a')
    expect(two.cluster.stateOf(ada)).toBe('here')
    one.redis.commands.publish = publish as typeof one.redis.commands.publish
    one.cluster.set(ben, 'here')
    await until(() => two.cluster.stateOf(ada) === 'away' && two.cluster.stateOf(ben) === 'here')
  })

  it('writes and publishes changes within a short time together', async () => {
    const people = Array.from({ length: 500 }, () => randomUUID())
    const one = await startNode()
    const two = await startNode()
    let published = 0
    const publish = one.redis.commands.publish.bind(one.redis.commands)
    one.redis.commands.publish = ((channel: string, body: string) => {
      if (channel.startsWith('roomline:presence:')) published++
      return publish(channel, body)
    }) as typeof one.redis.commands.publish
    for (const userId of people) one.cluster.set(userId, 'here')
    await until(() => people.every((userId) => two.cluster.stateOf(userId) === 'here'))
    expect(published).toBeLessThanOrEqual(2)
  })
})

afterAll(async () => {
  for (const end of ends.splice(0)) await end()
})
