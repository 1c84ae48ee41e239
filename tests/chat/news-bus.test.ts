import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoomNews } from '../../src/server/bus/news-bus'
import { createRedisBus } from '../../src/server/bus/redis-bus'
import { createLog } from '../../src/server/platform/log'
import { connectRedis, type RedisConnections, untilRedisAlive } from '../../src/server/platform/redis'
import { until } from '../support/stock-client'
import { redisUrl } from '../support/worker'

const log = createLog({ logLevel: 'silent' }, 'test')
const secrets = ['a secret of the tests that is long enough']

/** The connections of two nodes to a real Redis. */
const open: RedisConnections[] = []
async function connect() {
  const redis = connectRedis(redisUrl(), log)
  open.push(redis)
  await untilRedisAlive(redis, 5_000)
  const published: string[] = []
  const publish = redis.commands.publish.bind(redis.commands)
  redis.commands.publish = ((channel: string, body: string) => {
    if (channel.startsWith('roomline:room:')) published.push(body)
    return publish(channel, body)
  }) as typeof redis.commands.publish
  return { bus: createRedisBus<RoomNews>(redis, 'roomline:room:', secrets, log), published }
}
let ada: Awaited<ReturnType<typeof connect>>
let ben: Awaited<ReturnType<typeof connect>>
beforeAll(async () => {
  ada = await connect()
  ben = await connect()
})
afterAll(() => {
  for (const redis of open) redis.close()
})

const news = (userId: number): RoomNews => ({ type: 'membership', userId: String(userId) })
const idsOf = (received: RoomNews[]) => received.map((entry) => (entry.type === 'membership' ? Number(entry.userId) : -1))

describe('the bus', () => {
  it('delivers to its own node at once, and only once', async () => {
    const room = randomUUID()
    const received: RoomNews[] = []
    const { unsubscribe } = await ada.bus.subscribe(room, (entry) => received.push(entry))
    const others: RoomNews[] = []
    const other = await ben.bus.subscribe(room, (entry) => others.push(entry))
    for (let index = 0; index < 20; index++) {
      ada.bus.publish(room, news(index))
      expect(received).toHaveLength(index + 1)
    }
    await until(() => others.length === 20)
    // If its own news came back from Redis, they would be here before this.
    ben.bus.publish(room, news(99))
    await until(() => received.length > 20)
    expect(idsOf(received)).toEqual([...Array.from({ length: 20 }, (_, index) => index), 99])
    unsubscribe()
    other.unsubscribe()
  })

  it('publishes to Redis only while another node listens', async () => {
    const room = randomUUID()
    const own: RoomNews[] = []
    const { unsubscribe } = await ada.bus.subscribe(room, (entry) => own.push(entry))
    ada.bus.publish(room, news(0))
    let sent = 0
    await until(() => {
      sent = ada.published.length
      ada.bus.publish(room, news(1))
      return ada.published.length === sent
    })
    for (let index = 0; index < 100; index++) ada.bus.publish(room, news(2))
    expect(ada.published.length).toBe(sent)
    expect(own.length).toBeGreaterThan(100)

    const others: RoomNews[] = []
    const other = await ben.bus.subscribe(room, (entry) => others.push(entry))
    let next = 100
    await until(() => {
      ada.bus.publish(room, news(next++))
      return others.length > 0
    })
    for (let index = 0; index < 50; index++) ada.bus.publish(room, news(next++))
    const [first = 0] = idsOf(others)
    await until(() => others.length === next - first)
    expect(idsOf(others)).toEqual(Array.from({ length: next - first }, (_, index) => first + index))
    unsubscribe()
    other.unsubscribe()
  })

  it('publishes to other nodes when nobody on this node listens', async () => {
    const room = randomUUID()
    const others: RoomNews[] = []
    const other = await ben.bus.subscribe(room, (entry) => others.push(entry))
    for (let index = 0; index < 5; index++) ada.bus.publish(room, news(index))
    await until(() => others.length === 5)
    other.unsubscribe()
  })
})
