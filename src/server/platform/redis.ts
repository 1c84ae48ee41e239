import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { Log } from './log'
import { waitUntil } from './wait-until'

/** Two connections, because a subscribed one cannot run other commands. */
export interface RedisConnections {
  commands: Redis
  subscriber: Redis
  /** Whether Redis works: a published pulse comes back on the subscription. */
  isAlive(): boolean
  close(): void
}

const pulseMs = 500
/** A connection that is silent for this long counts as lost. */
const silenceMs = 1_500

/**
 * Connects, and keeps trying until it is closed: Redis only carries news, and Roomline works without it, more slowly. No
 * command waits longer than a second, and none is queued while the connection is down. Twice a second a pulse is published on
 * one connection and received on the other, because a frozen Redis keeps its connections open.
 */
export function connectRedis(url: string, log: Log): RedisConnections {
  const options = {
    commandTimeout: 1_000,
    connectTimeout: 3_000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, 1_000),
  }
  // Everything published in one turn of the event loop goes out in one write.
  const commands = new Redis(url, { ...options, enableAutoPipelining: true })
  // After a reconnect, each bus subscribes again. ioredis would do it with one command for all channels, and ignore the
  // outcome: a time-out would be an unhandled rejection, which ends the process.
  const subscriber = new Redis(url, { ...options, autoResubscribe: false })
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
    if (!alive) log.info('Redis is available')
    alive = true
    reasons.forget()
  })
  const beat = () => {
    if (commands.status === 'ready') commands.publish(channel, '').catch(() => {})
  }
  const subscribe = () => {
    connectedAt = performance.now()
    subscriber.subscribe(channel).then(
      () => {
        keepNoChannels(subscriber)
        beat()
      },
      () => {},
    )
  }
  subscriber.on('ready', subscribe)
  commands.on('ready', () => {
    connectedAt = performance.now()
    beat()
  })

  const timer = setInterval(() => {
    const now = performance.now()
    if (now - heardAt > silenceMs) {
      if (now - Math.max(heardAt, startedAt) > silenceMs) reasons.report()
      alive = false
      if (now - connectedAt > silenceMs && commands.status === 'ready' && subscriber.status === 'ready') {
        // Open but silent: commands would only pile up in these connections.
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

/** Logs why Redis is unavailable, each reason once until it works again: a refused sign-in alternates between two errors. */
function createReasons(url: string, log: Log) {
  const { username, password } = new URL(url)
  const secrets = [password, username].filter((secret) => secret !== '').flatMap((secret) => [secret, decoded(secret)])
  let latest: string | null = null
  let isReporting = false
  const reported = new Set<string>()

  function warn(reason: string) {
    if (reported.has(reason)) return
    reported.add(reason)
    log.warn({ reason }, 'Redis is unavailable: reading rooms from Postgres once a second')
  }

  return {
    note: (message: string) => {
      log.debug({ error: withoutSecrets(message, secrets) }, 'Redis')
      latest = withoutSecrets(message, secrets)
      if (isReporting) warn(latest)
    },
    /** Redis has gone silent, or has not started in time. */
    report: () => {
      if (isReporting) return
      isReporting = true
      warn(latest ?? 'it does not respond')
    },
    /** Redis works again. */
    forget: () => {
      isReporting = false
      latest = null
      reported.clear()
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

/** A server that does not know a command quotes its arguments, and AUTH's argument is the password. */
function withoutSecrets(message: string, secrets: string[]): string {
  const quoted = message.replace(/,? with args beginning with.*/s, '')
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), quoted)
}

/** Resolves when Redis works, or after `timeoutMs`. @returns whether it works */
export const untilRedisAlive = (redis: RedisConnections, timeoutMs: number): Promise<boolean> => waitUntil(redis.isAlive, timeoutMs)

/**
 * ioredis keeps the name of every channel, to subscribe again after a reconnect, which is off here: a fifth of what a node
 * needs for each room. If a later release keeps them elsewhere, nothing changes.
 */
function keepNoChannels(subscriber: Redis) {
  const { condition } = subscriber as unknown as { condition?: { subscriber?: unknown } }
  if (condition?.subscriber) condition.subscriber = { add: () => {}, del: () => {}, channels: () => [], isEmpty: () => true }
}
