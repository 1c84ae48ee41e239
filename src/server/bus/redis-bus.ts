import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Log } from '../platform/log'
import type { RedisConnections } from '../platform/redis'
import type { NewsBus, NewsListener, NewsSubscription } from './news-bus'

/** 32 bytes in base64. */
const sealLength = 44

/** A node that is a topic's only listener stops publishing it for this long, or until another node says hello. */
const aloneMs = 1_000
/** A command with more channels would take long, and other commands would wait for it. */
const maxPerCommand = 1_000
/** How long to wait before a failed subscription is tried again. */
const retryMs = 1_000
/** The topic of the nodes' hellos: the only one without a name. */
const hellos = ''

/** Published by a node that has begun to listen to these topics. */
interface Hello {
  type: 'hello'
  topics: string[]
}

/** A class that uses little memory: a node listens to very many topics. */
class Listener<News> implements NewsSubscription {
  /** Whether this node receives what is published. */
  isSubscribed = false
  /** How often another node has said hello, or the subscription was lost. */
  changes = 0
  /** Until this time, no other node listens. */
  aloneUntil = 0
  /** Resolves the call of `subscribe`. */
  onSubscribed: ((subscription: NewsSubscription) => void) | null = null

  constructor(
    readonly topic: string,
    readonly receiver: NewsListener<News>,
    private readonly bus: { remove(listener: Listener<News>): void },
  ) {}

  unsubscribe(): void {
    this.bus.remove(this)
  }

  /** Others may listen from now on, so news has to be published. */
  hasCompany(): void {
    this.changes++
    this.aloneUntil = 0
  }

  settle(): void {
    this.onSubscribed?.(this)
    this.onSubscribed = null
  }
}

/**
 * News over Redis pub/sub, with one channel for each topic, and one on which nodes say which topics they have begun to listen
 * to. Every message has a seal made with a key that only Roomline's own processes have: otherwise anybody with write access to
 * Redis could forge people's messages.
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
  /** Topics to subscribe to and to unsubscribe from. None is in both. */
  const wanted = new Set<string>()
  const unwanted = new Set<string>()
  let isSyncing = false
  let hearsHellos = false
  const sealers = secrets.map((secret) => {
    const key = createHmac('sha256', secret).update('roomline room bus').digest()
    return (channel: string, body: string) => createHmac('sha256', key).update(channel).update('\n').update(body).digest()
  })
  /** The beginning of this process's own messages. They come back from Redis and are dropped. */
  const ownPrefix = `{"from":${JSON.stringify(randomUUID())},`
  const [seal] = sealers
  if (!seal) throw new Error('at least one secret is needed')

  /** @returns the number of listeners */
  const publish = (topic: string, news: News | Hello): Promise<number> => {
    const channel = channelPrefix + topic
    const body = ownPrefix + JSON.stringify(news).slice(1)
    return commands.publish(channel, seal(channel, body).toString('base64') + body)
  }

  subscriber.on('message', (channel: string, sealed: string) => {
    if (!channel.startsWith(channelPrefix)) return
    const topic = channel.slice(channelPrefix.length)
    const listener = listeners.get(topic)
    if (!(listener || topic === hellos) || sealed.startsWith(ownPrefix, sealLength)) return
    const news = open(channel, sealed)
    if (!news) log.warn({ channel }, 'ignored a Redis message that Roomline did not publish')
    else if (listener) listener.receiver.onNews(news as News)
    else if (isHello(news)) for (const opened of news.topics) listeners.get(opened)?.hasCompany()
  })

  subscriber.on('close', () => {
    hearsHellos = false
    unwanted.clear()
    for (const listener of listeners.values()) {
      listener.isSubscribed = false
      listener.hasCompany()
    }
  })
  // Nothing is queued while the connection is down, so every channel is subscribed again when it is back.
  subscriber.on('ready', wantAll)
  if (subscriber.status === 'ready') wantAll()

  function wantAll() {
    // The hellos first: without them a node cannot know that it is alone.
    wanted.add(hellos)
    for (const topic of listeners.keys()) wanted.add(topic)
    sync()
  }

  /** At the end of the turn of the event loop, so that everything that is subscribed to in one turn goes together. */
  function sync() {
    if (isSyncing) return
    isSyncing = true
    setImmediate(syncAll)
  }

  /** One command at a time, so that none overtakes another about the same channel. */
  async function syncAll() {
    while (subscriber.status === 'ready' && wanted.size + unwanted.size > 0) {
      const isSubscribing = wanted.size > 0
      const topics = takeSome(isSubscribing ? wanted : unwanted, maxPerCommand)
      const channels = topics.map((topic) => channelPrefix + topic)
      try {
        await (isSubscribing ? subscriber.subscribe(...channels) : subscriber.unsubscribe(...channels))
        if (isSubscribing) subscribed(topics)
      } catch (error) {
        log.debug({ error: (error as Error).message, topics: topics.length }, `could not ${isSubscribing ? 'subscribe' : 'unsubscribe'}`)
        // What is no longer wanted costs little.
        if (!isSubscribing) continue
        for (const topic of topics) if (topic === hellos || listeners.has(topic)) wanted.add(topic)
        setTimeout(sync, retryMs).unref()
        break
      }
    }
    isSyncing = false
    // Nobody waits for a Redis that does not respond.
    for (const topic of wanted) listeners.get(topic)?.settle()
  }

  function subscribed(topics: readonly string[]) {
    const opened: Listener<News>[] = []
    for (const topic of topics) {
      const listener = listeners.get(topic)
      if (topic === hellos) hearsHellos = true
      else if (!listener) unwanted.add(topic)
      else {
        wanted.delete(topic)
        listener.isSubscribed = true
        opened.push(listener)
      }
    }
    if (opened.length > 0) {
      publish(hellos, { type: 'hello', topics: opened.map(({ topic }) => topic) }).catch((error: Error) =>
        log.debug({ error: error.message }, 'could not publish hello'),
      )
    }
    for (const listener of opened) listener.settle()
  }

  function remove(listener: Listener<News>) {
    const { topic, isSubscribed } = listener
    if (listeners.get(topic) !== listener) return
    listeners.delete(topic)
    listener.settle()
    // One whose subscription is under way is removed when that is done.
    if (wanted.delete(topic) || !isSubscribed) return
    unwanted.add(topic)
    sync()
  }

  const shared = { remove }

  function open(channel: string, sealed: string): News | Hello | null {
    const received = Buffer.from(sealed.slice(0, sealLength), 'base64')
    const body = sealed.slice(sealLength)
    if (received.length !== 32 || !sealers.some((make) => timingSafeEqual(make(channel, body), received))) return null
    return JSON.parse(body) as News | Hello
  }

  return {
    publish: (topic, news) => {
      const listener = listeners.get(topic)
      listener?.receiver.onNews(news)
      // A Redis that does not respond would only pile them up in the connection.
      if (!redis.isAlive() || (listener && performance.now() < listener.aloneUntil)) return
      // Only then does Redis count this node too, and only then is nobody else overlooked who says hello.
      const couldBeAlone = hearsHellos && listener?.isSubscribed
      const changes = listener?.changes
      publish(topic, news).then(
        (receivers) => {
          // The only receiver is this node, unless another has said hello since Redis counted.
          if (couldBeAlone && receivers === 1 && listener.changes === changes) listener.aloneUntil = Math.ceil(performance.now() + aloneMs)
        },
        (error: Error) => log.debug({ topic, error: error.message }, 'could not publish news'),
      )
    },

    // Not async, which would take more memory, while very many are waiting.
    subscribe: (topic, receiver) => {
      if (listeners.has(topic)) return Promise.reject(new Error(`${topic} already has a listener on this node`))
      const listener = new Listener(topic, receiver, shared)
      listeners.set(topic, listener)
      // It was about to be unsubscribed.
      if (unwanted.delete(topic)) listener.isSubscribed = true
      else {
        wanted.add(topic)
        sync()
        if (redis.isAlive()) {
          return new Promise((resolve) => {
            listener.onSubscribed = resolve
          })
        }
      }
      return Promise.resolve(listener)
    },
  }
}

const isHello = (news: { type?: string }): news is Hello => news.type === 'hello'

function takeSome(topics: Set<string>, count: number): string[] {
  const taken: string[] = []
  for (const topic of topics) {
    if (taken.length >= count) break
    taken.push(topic)
    topics.delete(topic)
  }
  return taken
}
