import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { Log } from './log'

/** Two connections, because one that subscribes can do nothing else. */
export interface RedisConnections {
  commands: Redis
  subscriber: Redis
  /** Whether news go all the way through: what is published comes back on the subscription. */
  isAlive(): boolean
  close(): void
}

const pulseMs = 500
/** An open connection without a word for so long is as good as none. */
const silenceMs = 1_500

/**
 * Starts connecting, and goes on trying for as long as it lives: Redis carries news only, and Roomline works without it,
 * slower. No command waits longer than a second, and none queues while the connection is down. Twice a second a pulse
 * goes out on one connection and comes back on the other, because a frozen Redis keeps its connections open.
 */
export function connectRedis(url: string, log: Log): RedisConnections {
  const options = {
    commandTimeout: 1_000,
    connectTimeout: 3_000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, 1_000),
  }
  // What is published in one turn of the event loop goes out in one write.
  const commands = new Redis(url, { ...options, enableAutoPipelining: true })
  // A subscriber's SUBSCRIBE is sent again after each reconnect by ioredis itself.
  const subscriber = new Redis(url, options)
  const reasons = createReasons(url, log)
  for (const connection of [commands, subscriber]) connection.on('error', (error: Error) => reasons.note(error.message))

  const channel = `roomline:pulse:${randomUUID()}`
  let heardAt = Number.NEGATIVE_INFINITY
  let alive = false
  const startedAt = performance.now()
  let connectedAt = startedAt
  subscriber.on('message', (from: string) => {
    if (from !== channel) return
    heardAt = performance.now()
    if (!alive) log.info('Redis carries news')
    alive = true
    reasons.forget()
  })
  const beat = () => {
    if (commands.status === 'ready') commands.publish(channel, '').catch(() => {})
  }
  const subscribe = () => {
    connectedAt = performance.now()
    subscriber.subscribe(channel).then(beat, () => {})
  }
  subscriber.on('ready', subscribe)
  commands.on('ready', () => {
    connectedAt = performance.now()
    beat()
  })

  const timer = setInterval(() => {
    const now = performance.now()
    if (now - heardAt > silenceMs) {
      if (now - Math.max(heardAt, startedAt) > silenceMs) reasons.tell()
      alive = false
      if (now - connectedAt > silenceMs && commands.status === 'ready' && subscriber.status === 'ready') {
        // Open, and silent. Whatever waits in these connections would only pile up.
        connectedAt = now
        commands.disconnect(true)
        subscriber.disconnect(true)
      }
    }
    beat()
  }, pulseMs)

  return {
    commands,
    subscriber,
    isAlive: () => alive,
    close: () => {
      clearInterval(timer)
      commands.disconnect()
      subscriber.disconnect()
    },
  }
}

/** Why Redis carries no news, each reason once until it does again. A refused sign-in is two errors that take turns. */
function createReasons(url: string, log: Log) {
  const { username, password } = new URL(url)
  const secrets = [password, username].filter((secret) => secret !== '').flatMap((secret) => [secret, decoded(secret)])
  let latest: string | null = null
  let isTelling = false
  const told = new Set<string>()

  function warn(reason: string) {
    if (told.has(reason)) return
    told.add(reason)
    log.warn({ reason }, 'Redis carries no news: rooms are read from Postgres once a second')
  }

  return {
    note: (message: string) => {
      log.debug({ error: withoutSecrets(message, secrets) }, 'Redis')
      latest = withoutSecrets(message, secrets)
      if (isTelling) warn(latest)
    },
    /** News have stopped, or did not start in time. */
    tell: () => {
      if (isTelling) return
      isTelling = true
      warn(latest ?? 'it does not answer')
    },
    /** News have come. */
    forget: () => {
      isTelling = false
      latest = null
      told.clear()
    },
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A server that does not know a command quotes its arguments, and those of AUTH are the password. */
function withoutSecrets(message: string, secrets: string[]): string {
  const quoted = message.replace(/,? with args beginning with.*/s, '')
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), quoted)
}

/** Resolves when news go through, or after `timeoutMs` without them. */
export async function untilRedisAlive(redis: RedisConnections, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (!redis.isAlive() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
  return redis.isAlive()
}
