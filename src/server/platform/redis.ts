import { Redis } from 'ioredis'
import type { Log } from './log'

/** Two connections, because one that subscribes can do nothing else. */
export interface RedisConnections {
  commands: Redis
  subscriber: Redis
  close(): Promise<void>
}

/**
 * Starts connecting, and goes on trying for as long as it lives: Redis carries news only, and Roomline works without it,
 * slower. No command waits longer than a second, and none queues while the connection is down.
 */
export function connectRedis(url: string, log: Log): RedisConnections {
  const options = {
    commandTimeout: 1_000,
    connectTimeout: 3_000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, 1_000),
  }
  const commands = new Redis(url, options)
  // A subscriber's SUBSCRIBE is sent again after each reconnect by ioredis itself.
  const subscriber = new Redis(url, options)
  for (const [name, redis] of Object.entries({ commands, subscriber })) {
    let reported = false
    redis.on('error', (error) => {
      if (!reported) log.warn({ connection: name, error: error.message }, 'Redis is away')
      reported = true
    })
    redis.on('ready', () => {
      if (reported) log.info({ connection: name }, 'Redis is back')
      reported = false
    })
  }
  return {
    commands,
    subscriber,
    close: async () => {
      commands.disconnect()
      subscriber.disconnect()
    },
  }
}

/** Resolves when both connections are ready, or after `timeoutMs` without them. */
export async function untilRedisReady(redis: RedisConnections, timeoutMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs)
  const ready = [redis.commands, redis.subscriber].map(
    (connection) =>
      new Promise<void>((resolve, reject) => {
        if (connection.status === 'ready') return resolve()
        connection.once('ready', resolve)
        signal.addEventListener('abort', () => reject(new Error('Redis did not answer in time')), { once: true })
      }),
  )
  return Promise.all(ready).then(
    () => true,
    () => false,
  )
}
