import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Log } from '../platform/log'
import type { RedisConnections } from '../platform/redis'
import type { NewsBus } from './news-bus'

/** 32 bytes in base64. */
const sealLength = 44

/** A node that is the only one to listen to a topic publishes nothing for so long, unless another says hello. */
const aloneMs = 1_000

/** Said in a topic's channel by a node that begins to listen there. */
interface Hello {
  type: 'hello'
}

interface Listener<News> {
  onNews: (news: News) => void
  /** Whether this node hears what is published. */
  isSubscribed: boolean
  /** How often another node has said that it begins to listen. */
  hellos: number
  /** Until then nobody else listens. */
  aloneUntil: number
}

/**
 * Topics on Redis pub/sub, a channel each. What is published carries a seal made with a key that only Roomline's own
 * processes have: without it, whoever can write to Redis could put words into people's mouths.
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
  /** What this process published comes back to it: it has heard it already. */
  const ownBeginning = `{"from":${JSON.stringify(randomUUID())},`
  const [seal] = sealers
  if (!seal) throw new Error('at least one secret is needed')

  /** @returns how many listen */
  const publish = (channel: string, news: News | Hello): Promise<number> => {
    const body = ownBeginning + JSON.stringify(news).slice(1)
    return commands.publish(channel, seal(channel, body).toString('base64') + body)
  }

  subscriber.on('message', (channel: string, sealed: string) => {
    const listener = listeners.get(channel)
    if (!listener || sealed.startsWith(ownBeginning, sealLength)) return
    const news = open(channel, sealed)
    if (news?.type === 'hello') {
      listener.hellos++
      listener.aloneUntil = 0
    } else if (news) listener.onNews(news as News)
    else log.warn({ channel }, 'something that Roomline did not publish came over Redis')
  })

  subscriber.on('close', () => {
    for (const listener of listeners.values()) Object.assign(listener, { isSubscribed: false, aloneUntil: 0 })
  })
  // While the connection is down nothing is queued, so ask again for every room when it is back.
  subscriber.on('ready', () => void listen([...listeners.keys()]))

  async function listen(channels: string[]) {
    if (channels.length === 0) return
    try {
      await subscriber.subscribe(...channels)
    } catch (error) {
      log.debug({ error: (error as Error).message }, 'not subscribed')
      return
    }
    for (const channel of channels) {
      const listener = listeners.get(channel)
      if (listener) listener.isSubscribed = true
      publish(channel, { type: 'hello' }).catch((error: Error) => log.debug({ error: error.message }, 'hello was not said'))
    }
  }

  function open(channel: string, sealed: string): News | Hello | null {
    const given = Buffer.from(sealed.slice(0, sealLength), 'base64')
    const body = sealed.slice(sealLength)
    if (given.length !== 32 || !sealers.some((make) => timingSafeEqual(make(channel, body), given))) return null
    return JSON.parse(body) as News | Hello
  }

  return {
    publish: (topic, news) => {
      const channel = channelPrefix + topic
      const listener = listeners.get(channel)
      listener?.onNews(news)
      // They would wait in the connection of a Redis that takes nothing.
      if (!redis.isAlive() || (listener && performance.now() < listener.aloneUntil)) return
      const hellos = listener?.hellos
      publish(channel, news).then(
        (heardBy) => {
          // The one that heard it is this node only if it listens; and another may have begun to since Redis counted.
          if (listener?.isSubscribed && heardBy === 1 && listener.hellos === hellos) listener.aloneUntil = performance.now() + aloneMs
        },
        (error: Error) => log.debug({ topic, error: error.message }, 'news were not published'),
      )
    },

    subscribe: async (topic, onNews) => {
      const channel = channelPrefix + topic
      if (listeners.has(channel)) throw new Error(`${topic} has a listener on this node`)
      listeners.set(channel, { onNews, isSubscribed: false, hellos: 0, aloneUntil: 0 })
      await listen([channel])
      return {
        unsubscribe: () => {
          listeners.delete(channel)
          subscriber.unsubscribe(channel).catch((error: Error) => log.debug({ topic, error: error.message }, 'not unsubscribed'))
        },
      }
    },
  }
}
