import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Log } from '../platform/log'
import type { RedisConnections } from '../platform/redis'
import type { NewsBus } from './news-bus'

/** 32 bytes in base64. */
const sealLength = 44

/** A node that is a topic's only listener stops publishing it for this long, or until another node says hello. */
const aloneMs = 1_000

/** Published on a topic's channel by a node that starts to listen there. */
interface Hello {
  type: 'hello'
}

interface Listener<News> {
  onNews: (news: News) => void
  /** Whether this node receives what is published. */
  isSubscribed: boolean
  /** How many hellos have arrived from other nodes. */
  hellos: number
  /** Until this time, no other node listens. */
  aloneUntil: number
}

/**
 * News over Redis pub/sub, with one channel for each topic. Every message has a seal made with a key that only Roomline's own
 * processes have: otherwise anybody with write access to Redis could forge people's messages.
 * @param secrets as in AUTH_SECRET: the first seals, all are accepted
 */
export function createRedisBus<News extends { type?: string }>(
  redis: Pick<RedisConnections, 'commands' | 'subscriber' | 'isAlive'>,
  channelPrefix: `roomline:${string}:`,
  secrets: readonly string[],
  log: Log,
): NewsBus<News> {
  const { commands, subscriber } = redis
  const listeners = new Map<string, Listener<News>>()
  const sealers = secrets.map((secret) => {
    const key = createHmac('sha256', secret).update('roomline room bus').digest()
    return (channel: string, body: string) => createHmac('sha256', key).update(channel).update('\n').update(body).digest()
  })
  /** The beginning of this process's own messages. They come back from Redis and are dropped. */
  const ownPrefix = `{"from":${JSON.stringify(randomUUID())},`
  const [seal] = sealers
  if (!seal) throw new Error('at least one secret is needed')

  /** @returns the number of listeners */
  const publish = (channel: string, news: News | Hello): Promise<number> => {
    const body = ownPrefix + JSON.stringify(news).slice(1)
    return commands.publish(channel, seal(channel, body).toString('base64') + body)
  }

  subscriber.on('message', (channel: string, sealed: string) => {
    const listener = listeners.get(channel)
    if (!listener || sealed.startsWith(ownPrefix, sealLength)) return
    const news = open(channel, sealed)
    if (news?.type === 'hello') {
      listener.hellos++
      listener.aloneUntil = 0
    } else if (news) listener.onNews(news as News)
    else log.warn({ channel }, 'ignored a Redis message that Roomline did not publish')
  })

  subscriber.on('close', () => {
    for (const listener of listeners.values()) Object.assign(listener, { isSubscribed: false, aloneUntil: 0 })
  })
  // Nothing is queued while the connection is down, so every channel is subscribed again when it is back.
  subscriber.on('ready', () => void listen([...listeners.keys()]))

  async function listen(channels: string[]) {
    if (channels.length === 0) return
    try {
      await subscriber.subscribe(...channels)
    } catch (error) {
      log.debug({ error: (error as Error).message }, 'could not subscribe')
      return
    }
    for (const channel of channels) {
      const listener = listeners.get(channel)
      if (listener) listener.isSubscribed = true
      publish(channel, { type: 'hello' }).catch((error: Error) => log.debug({ error: error.message }, 'could not publish hello'))
    }
  }

  function open(channel: string, sealed: string): News | Hello | null {
    const received = Buffer.from(sealed.slice(0, sealLength), 'base64')
    const body = sealed.slice(sealLength)
    if (received.length !== 32 || !sealers.some((make) => timingSafeEqual(make(channel, body), received))) return null
    return JSON.parse(body) as News | Hello
  }

  return {
    publish: (topic, news) => {
      const channel = channelPrefix + topic
      const listener = listeners.get(channel)
      listener?.onNews(news)
      // A Redis that does not respond would only pile them up in the connection.
      if (!redis.isAlive() || (listener && performance.now() < listener.aloneUntil)) return
      const hellos = listener?.hellos
      publish(channel, news).then(
        (receivers) => {
          // The only receiver is this node if it is subscribed, and unless another has said hello since Redis counted.
          if (listener?.isSubscribed && receivers === 1 && listener.hellos === hellos) listener.aloneUntil = performance.now() + aloneMs
        },
        (error: Error) => log.debug({ topic, error: error.message }, 'could not publish news'),
      )
    },

    subscribe: async (topic, onNews) => {
      const channel = channelPrefix + topic
      if (listeners.has(channel)) throw new Error(`${topic} already has a listener on this node`)
      listeners.set(channel, { onNews, isSubscribed: false, hellos: 0, aloneUntil: 0 })
      await listen([channel])
      return {
        unsubscribe: () => {
          listeners.delete(channel)
          subscriber.unsubscribe(channel).catch((error: Error) => log.debug({ topic, error: error.message }, 'could not unsubscribe'))
        },
      }
    },
  }
}
