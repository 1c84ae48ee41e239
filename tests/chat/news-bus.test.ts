import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoomNews } from '../../src/server/bus/news-bus'
import { createRedisBus } from '../../src/server/bus/redis-bus'
import { createLog } from '../../src/server/platform/log'
import { connectRedis, type RedisConnections, untilRedisAlive } from '../../src/server/platform/redis'
import { until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'
import { redisUrl } from '../support/worker'

const log = createLog({ logLevel: 'silent' }, 'test')
const secrets = ['a secret of the tests that is long enough']

/** The connections of two nodes to a real Redis. */
const open: RedisConnections[] = []
async function connect(url = redisUrl()) {
  const redis = connectRedis(url, log)
  open.push(redis)
  await untilRedisAlive(redis, 5_000)
  const published: string[] = []
  const publish = redis.commands.publish.bind(redis.commands)
  redis.commands.publish = ((channel: string, body: string) => {
    if (channel.startsWith('roomline:room:')) published.push(body)
    return publish(channel, body)
  }) as typeof redis.commands.publish
  return { bus: createRedisBus<RoomNews>(redis, 'roomline:room:', secrets, log), published, redis }
}
/** Resolves when Ada's node has received all hellos that Ben's has said: news of his comes after them. */
async function hellosOfBen() {
  let hasCome = false
  const topic = randomUUID()
  const subscription = await ada.bus.subscribe(topic, {
    onNews: () => {
      hasCome = true
    },
  })
  ben.bus.publish(topic, news(0))
  await until(() => hasCome)
  subscription.unsubscribe()
}

/** A line to Redis that can be cut. */
async function startLine() {
  const url = new URL(redisUrl())
  const port = Number(url.port)
  const line = await startTcpProxy(() => port)
  url.port = String(line.port)
  return { line, url: url.href }
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

/** How often Redis has been told to do this. */
async function countCommands(name: 'subscribe' | 'unsubscribe'): Promise<number> {
  const redis = new Redis(redisUrl())
  const stats = await redis.info('commandstats')
  redis.disconnect()
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}

const topicsOf = (count: number) => Array.from({ length: count }, () => randomUUID())
const idsOf = (received: RoomNews[]) => received.map((entry) => (entry.type === 'membership' ? Number(entry.userId) : -1))

describe('the bus', () => {
  it('delivers to its own node at once, and only once', async () => {
    const room = randomUUID()
    const received: RoomNews[] = []
    const subscription = await ada.bus.subscribe(room, { onNews: (entry) => received.push(entry) })
    const others: RoomNews[] = []
    const other = await ben.bus.subscribe(room, { onNews: (entry) => others.push(entry) })
    for (let index = 0; index < 20; index++) {
      ada.bus.publish(room, news(index))
      expect(received).toHaveLength(index + 1)
    }
    await until(() => others.length === 20)
    // If its own news came back from Redis, they would be here before this.
    ben.bus.publish(room, news(99))
    await until(() => received.length > 20)
    expect(idsOf(received)).toEqual([...Array.from({ length: 20 }, (_, index) => index), 99])
    subscription.unsubscribe()
    other.unsubscribe()
  })

  it('publishes to Redis only while another node listens', async () => {
    const room = randomUUID()
    const own: RoomNews[] = []
    const subscription = await ada.bus.subscribe(room, { onNews: (entry) => own.push(entry) })
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
    const other = await ben.bus.subscribe(room, { onNews: (entry) => others.push(entry) })
    let next = 100
    await until(() => {
      ada.bus.publish(room, news(next++))
      return others.length > 0
    })
    for (let index = 0; index < 50; index++) ada.bus.publish(room, news(next++))
    const [first = 0] = idsOf(others)
    await until(() => others.length === next - first)
    expect(idsOf(others)).toEqual(Array.from({ length: next - first }, (_, index) => first + index))
    subscription.unsubscribe()
    other.unsubscribe()
  })

  it('publishes to other nodes when nobody on this node listens', async () => {
    const room = randomUUID()
    const others: RoomNews[] = []
    const other = await ben.bus.subscribe(room, { onNews: (entry) => others.push(entry) })
    for (let index = 0; index < 5; index++) ada.bus.publish(room, news(index))
    await until(() => others.length === 5)
    other.unsubscribe()
  })

  it('subscribes to many topics with few commands, and unsubscribes from them likewise', async () => {
    const topics = topicsOf(2_500)
    const before = await countCommands('subscribe')
    const subscriptions = await Promise.all(topics.map((topic) => ada.bus.subscribe(topic, { onNews: () => {} })))
    expect((await countCommands('subscribe')) - before).toBe(3)
    const unsubscribedBefore = await countCommands('unsubscribe')
    for (const subscription of subscriptions) subscription.unsubscribe()
    await until(async () => (await countCommands('unsubscribe')) - unsubscribedBefore === 3)
  })

  it('says in one message to which topics a node begins to listen, and no other node stays alone with any of them', async () => {
    const topics = topicsOf(300)
    const own = await Promise.all(topics.map((topic) => ada.bus.subscribe(topic, { onNews: () => {} })))
    // A node that has published to itself alone stops publishing.
    await until(() => {
      const sent = ada.published.length
      for (const topic of topics) ada.bus.publish(topic, news(0))
      return ada.published.length === sent
    })
    const heard = new Set<string>()
    const saidBefore = ben.published.length
    const others = await Promise.all(topics.slice(0, 200).map((topic) => ben.bus.subscribe(topic, { onNews: () => heard.add(topic) })))
    expect(ben.published.length - saidBefore).toBe(1)
    await hellosOfBen()
    for (const topic of topics) ada.bus.publish(topic, news(1))
    await until(() => heard.size === 200)
    for (const subscription of [...own, ...others]) subscription.unsubscribe()
  })

  it('does not take another listener for its own subscription, while that is under way', async () => {
    for (let left = 3; left > 0; left--) {
      const room = randomUUID()
      const others: RoomNews[] = []
      const other = await ben.bus.subscribe(room, { onNews: (entry) => others.push(entry) })
      await hellosOfBen()
      // These go first, so that Redis counts Ben alone.
      const earlier = Promise.all(topicsOf(1_000).map((topic) => ada.bus.subscribe(topic, { onNews: () => {} })))
      const opening = ada.bus.subscribe(room, { onNews: () => {} })
      ada.bus.publish(room, news(0))
      const subscription = await opening
      await until(() => others.length === 1)
      ada.bus.publish(room, news(1))
      await until(() => others.length === 2)
      subscription.unsubscribe()
      for (const each of await earlier) each.unsubscribe()
      other.unsubscribe()
    }
  })

  it('delivers to whoever subscribed last, however quickly somebody before them came and went', async () => {
    const [opened, opening, closing] = [randomUUID(), randomUUID(), randomUUID()]
    const received: string[] = []
    const note = (name: string) => ({ onNews: () => received.push(name) })
    const first = await Promise.all([opened, closing].map((room) => ada.bus.subscribe(room, note('old'))))
    // One is unsubscribed and subscribed in one turn, one while its first command is under way, one while it is unsubscribed.
    first[0]?.unsubscribe()
    const again = ada.bus.subscribe(opened, note('opened'))
    const early = ada.bus.subscribe(opening, note('old'))
    await new Promise(setImmediate)
    const late = new Promise((resolve) => setImmediate(resolve)).then(async () => (await early).unsubscribe())
    first[1]?.unsubscribe()
    await new Promise(setImmediate)
    const rest = [again, ada.bus.subscribe(closing, note('closing')), late.then(() => ada.bus.subscribe(opening, note('opening')))]
    const last = await Promise.all(rest)
    for (const room of [opened, opening, closing]) ben.bus.publish(room, news(1))
    await until(() => received.length === 3)
    expect(received.sort()).toEqual(['closing', 'opened', 'opening'])
    await expect(ada.bus.subscribe(opened, { onNews: () => {} })).rejects.toThrow('already has a listener')
    for (const subscription of last) subscription.unsubscribe()
  })

  it('is subscribed to everything again after its connection was lost, with few commands', async () => {
    const { line, url } = await startLine()
    const cy = await connect(url)
    const topics = topicsOf(4_000)
    const heard = new Set<string>()
    await Promise.all(topics.map((topic) => cy.bus.subscribe(topic, { onNews: () => heard.add(topic) })))
    const before = await countCommands('subscribe')
    line.cut()
    await until(() => cy.redis.subscriber.status !== 'ready')
    const missing = () => topics.filter((topic) => !heard.has(topic))
    await until(async () => {
      for (const topic of missing()) ben.bus.publish(topic, news(1))
      await new Promise((resolve) => setTimeout(resolve, 100))
      return missing().length === 0
    })
    // After everything that is still under way.
    await cy.bus.subscribe(randomUUID(), { onNews: () => {} })
    // Five of the bus and one of the pulse, and this one.
    expect((await countCommands('subscribe')) - before).toBeLessThanOrEqual(7)
    await line.close()
  })

  it('keeps nobody waiting while Redis does not respond, and is subscribed once it does', async () => {
    const { line, url } = await startLine()
    const cy = await connect(url)
    line.setFault({ toServer: { hold: true }, toClient: { hold: true } })
    const received: RoomNews[] = []
    const rooms = topicsOf(20)
    await Promise.all(rooms.map((room) => cy.bus.subscribe(room, { onNews: (entry) => received.push(entry) })))
    line.setFault({})
    await until(() => {
      for (const room of rooms) ben.bus.publish(room, news(1))
      return received.length >= 20
    })
    await line.close()
  })
})
