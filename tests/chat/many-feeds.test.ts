import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NewsBus, RoomNews } from '../../src/server/bus/news-bus'
import { createRedisBus } from '../../src/server/bus/redis-bus'
import { createRoomFeeds } from '../../src/server/fanout/room-feeds'
import { createLog } from '../../src/server/platform/log'
import { connectRedis, type RedisConnections, untilRedisAlive } from '../../src/server/platform/redis'
import { until } from '../support/stock-client'
import { redisUrl } from '../support/worker'

const log = createLog({ logLevel: 'silent' }, 'test')
let redis: RedisConnections
let bus: NewsBus<RoomNews>
let asking: Redis
beforeAll(async () => {
  redis = connectRedis(redisUrl(), log)
  await untilRedisAlive(redis, 5_000)
  bus = createRedisBus<RoomNews>(redis, 'roomline:room:', ['a secret of the tests that is long enough'], log)
  asking = new Redis(redisUrl())
  // The bus has subscribed to the nodes' hellos.
  await (await bus.subscribe(randomUUID(), { onNews: () => {} })).unsubscribe()
})
afterAll(() => {
  redis.close()
  asking.disconnect()
})

/** How often Redis has been told to do this. */
async function countCommands(name: 'subscribe' | 'unsubscribe'): Promise<number> {
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await asking.info('commandstats'))?.[1] ?? 0)
}

/** Feeds on a real Redis, with counters that the test sets. */
function createTestFeeds(subscribe: NewsBus<RoomNews>['subscribe'] = bus.subscribe) {
  const versions = new Map<string, number>()
  /** The rooms of each read of counters, and the rooms that were subscribed to before it. */
  const reads: { rooms: string[]; subscribed: number }[] = []
  let subscribed = 0
  let failures = 0
  const feeds = createRoomFeeds({
    log,
    bus: {
      publish: bus.publish,
      subscribe: async (topic, listener) => {
        const subscription = await subscribe(topic, listener)
        subscribed++
        return subscription
      },
    },
    tail: { onChanges: () => () => {} },
    reader: {
      changesAfter: async () => ({ messages: [], isLast: true }),
      lastVersions: async (rooms) => {
        reads.push({ rooms, subscribed })
        if (failures-- > 0) throw Object.assign(new Error('the database is away'), { code: '57P03' })
        return new Map(rooms.map((room) => [room, versions.get(room) ?? 0]))
      },
      membersAmong: async (_, userIds) => new Set(userIds),
    },
  })
  return {
    ...{ feeds, versions, reads },
    failTimes: (times: number) => {
      failures = times
    },
  }
}

const roomsOf = (count: number) => Array.from({ length: count }, () => randomUUID())

describe('many feeds', () => {
  it('share a SUBSCRIBE and a read of counters when they are opened in one turn, and an UNSUBSCRIBE when they are closed', async () => {
    const { feeds, reads } = createTestFeeds()
    const rooms = roomsOf(400)
    const before = await countCommands('subscribe')
    const told = new Set<string>()
    const watches = rooms.map((room) => feeds.watch(room, { onNews: () => told.add(room) }))
    await until(() => told.size === rooms.length)
    expect((await countCommands('subscribe')) - before).toBe(1)
    expect(reads).toEqual([{ rooms, subscribed: 400 }])
    const unsubscribedBefore = await countCommands('unsubscribe')
    for (const watch of watches) watch.stop()
    expect(feeds.count()).toEqual({ rooms: 0, followers: 0 })
    await until(async () => (await countCommands('unsubscribe')) - unsubscribedBefore === 1)
    await feeds.close()
  })

  it('are opened a few hundred in each turn, so that others get theirs', async () => {
    let inTurn = 0
    let most = 0
    const { feeds } = createTestFeeds(async () => {
      if (inTurn++ === 0) setImmediate(() => (inTurn = 0))
      most = Math.max(most, inTurn)
      return { unsubscribe: () => {} }
    })
    const told = new Set<string>()
    for (const room of roomsOf(5_000)) feeds.watch(room, { onNews: () => told.add(room) })
    await until(() => told.size === 5_000)
    expect(most).toBeLessThanOrEqual(1_000)
    await feeds.close()
  })

  it('are opened again when Postgres was away', async () => {
    const { feeds, versions, failTimes } = createTestFeeds()
    const rooms = roomsOf(50)
    for (const room of rooms) versions.set(room, 7)
    failTimes(1)
    const told = new Set<string>()
    const watches = rooms.map((room) => feeds.watch(room, { onNews: () => told.add(room) }))
    await expect(feeds.follow(rooms[0] ?? '', 'ada')).rejects.toThrow('away')
    await until(() => told.size === rooms.length)
    expect((await feeds.follow(rooms[0] ?? '', 'ada')).version).toBe(7)
    for (const watch of watches) watch.stop()
    expect(feeds.count()).toEqual({ rooms: 1, followers: 1 })
    await feeds.close()
  })

  it('are open for whoever came last, however quickly others come and go', async () => {
    const { feeds } = createTestFeeds()
    const [room = ''] = roomsOf(1)
    const received: string[] = []
    const watch = (name: string) =>
      feeds.watch(room, { onNews: (news) => received.push(`${name} ${typeof news === 'string' ? news : news.type}`) })
    const first = watch('first')
    first.stop()
    const second = watch('second')
    await until(() => received.length === 1)
    second.stop()
    const third = watch('third')
    await until(() => received.length === 2)
    third.stop()
    await new Promise(setImmediate)
    const fourth = watch('fourth')
    await until(() => received.length === 3)
    bus.publish(room, { type: 'typing', userId: 'ada', username: 'ada' })
    expect(received).toEqual(['second anything', 'third anything', 'fourth anything', 'fourth typing'])
    fourth.stop()
    fourth.stop()
    expect(feeds.count().rooms).toBe(0)
    await feeds.close()
  })

  it('say nothing to a watcher who has read the room as it is, and something to one who has not', async () => {
    const { feeds, versions } = createTestFeeds()
    const [room = '', other = ''] = roomsOf(2)
    for (const id of [room, other]) versions.set(id, 5)
    const told: string[] = []
    const watchAll = () => {
      feeds.watch(room, { onNews: () => told.push('has read it') }, 5)
      feeds.watch(other, { onNews: () => told.push('has read an older one') }, 4)
      feeds.watch(other, { onNews: () => told.push('has not read it') })
    }
    watchAll()
    await until(() => told.length === 2)
    // Now the feeds are open.
    watchAll()
    await until(() => told.length === 4)
    await feeds.follow(room, 'ada')
    expect(told.sort()).toEqual(['has not read it', 'has not read it', 'has read an older one', 'has read an older one'])
    await feeds.close()
  })
})
