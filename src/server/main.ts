import { watchRevocations } from './auth/revocations'
import { createSessionStore } from './auth/session-store'
import { createSessionTokens } from './auth/session-token'
import { createRedisRoomBus } from './bus/redis-room-bus'
import { createMessageStore } from './chat/message-store'
import { createSendLimits } from './chat/send-limits'
import { startChatServer } from './chat-server'
import { createRoomFollowers } from './fanout/room-followers'
import { readConfig, requireServices } from './platform/config'
import { openDatabase } from './platform/database'
import { createHealth } from './platform/health'
import { createLog } from './platform/log'
import { runProcess } from './platform/process'
import { connectRedis, untilRedisReady } from './platform/redis'
import { createRoomStore } from './rooms/room-store'

await runProcess(async () => {
  const config = readConfig(process.env)
  const { databaseUrl, redisUrl } = requireServices(config)
  const log = createLog(config, 'realtime')
  const database = openDatabase(databaseUrl, {
    maxConnections: 20,
    onError: (error) => log.warn({ error: error.message }, 'a database connection was lost'),
  })
  await database.pool.query('SELECT 1')
  const redis = connectRedis(redisUrl, log)
  if (!(await untilRedisReady(redis, 3_000))) log.warn('started without Redis')
  const bus = createRedisRoomBus(redis, config.authSecrets, log)
  const server = await startChatServer(
    {
      messages: createMessageStore(database.pool),
      rooms: createRoomStore(database.prisma),
      bus,
      followers: createRoomFollowers(bus),
      sendLimits: createSendLimits(config.sendsPerMinute),
      sessions: { store: createSessionStore(database.prisma), tokens: createSessionTokens(config.authSecrets) },
      health: createHealth(database.pool, redis),
      limits: config,
      allowedOrigins: config.allowedOrigins,
      trustProxyHops: config.trustProxyHops,
      log,
    },
    { host: config.host, port: config.realtimePort },
  )
  const revocations = watchRevocations({ pool: database.pool, subscriber: redis.subscriber, log }, server.closeSession)
  log.info({ host: config.host, port: server.port }, 'the realtime server listens')

  return async () => {
    await server.close()
    await revocations.close()
    await redis.close()
    await database.close()
  }
})
