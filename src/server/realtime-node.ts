import { hostname } from 'node:os'
import { createAuditRetentionJob } from './admin/audit-retention'
import { type OpenConnection, type SurveyNews, startConnectionSurvey } from './admin/connection-survey'
import { createRoomDeletionJob } from './admin/delete-room'
import { startRefusedCalls } from './admin/refused-calls'
import { createAcceptedTokens } from './auth/accepted-tokens'
import { createHousekeepingJob, createRateLimitsJob } from './auth/housekeeping'
import { createOwnPasswords } from './auth/own-password'
import { announceRevocation, watchRevocations } from './auth/revocations'
import { readServerNames } from './auth/server-names'
import { createSessionStore } from './auth/session-store'
import { startSessionUse } from './auth/session-use'
import { createHookDelivery, createHookResealing, outgoingHooks } from './bots/deliver-hooks'
import { createHookBotErasure } from './bots/erase-hook-bots'
import { createOutsidePoster } from './bots/post-outside'
import { startPostRelay } from './bots/post-relay'
import type { PersonNews, RoomNews } from './bus/news-bus'
import { createRedisBus } from './bus/redis-bus'
import { createMessageHistory } from './chat/history'
import { readMessagesAt, readMessagesOf } from './chat/message-rows'
import { createSendStore } from './chat/store-sends'
import { type ChatServer, type ChatServerOptions, startChatServer } from './chat-server'
import type { Connection } from './connections'
import { createCallLimits } from './fairness/call-limits'
import { createFairness } from './fairness/fairness'
import { createRedisUses } from './fairness/redis-uses'
import { createSharedLimits } from './fairness/shared-limits'
import { startChangeTail } from './fanout/change-tail'
import { createRoomFeeds } from './fanout/room-feeds'
import { startJobs } from './jobs/jobs'
import { createAccountStore } from './people/account-store'
import { createPeopleStore } from './people/people-store'
import { type Config, ConfigError, requireServices } from './platform/config'
import { isUnavailable, openDatabase, openPool, requireDurableCommits } from './platform/database'
import { startDatabaseWatch } from './platform/database-watch'
import { createHealth } from './platform/health'
import type { Log } from './platform/log'
import { createMetrics } from './platform/metrics'
import { connectRedis, untilRedisAlive } from './platform/redis'
import { startConnectionCounts } from './presence/connection-counts'
import { startLastSeen } from './presence/last-seen'
import { createPresenceStore } from './presence/presence-store'
import { createRedisPresence, type PresenceNews } from './presence/redis-presence'
import { createRoomPresence } from './presence/room-presence'
import { createTypingLimits } from './presence/typing'
import { createListStore } from './rooms/list-store'
import { createRoomListFeed } from './rooms/room-list-feed'
import { createRoomStore } from './rooms/room-store'
import { addToRooms } from './rooms/token-rooms'
import { searchIndexing } from './search/index-messages'
import { createMessageSearch } from './search/message-search'
import { createSearchTurns } from './search/search-turns'
import { createSealing } from './security/sealing'
import { createSecurityParts } from './security/security-parts'

const searchesAtOnce = 2

/** Starts one realtime node: the chat server, with Postgres and Redis behind it. Closing it leaves nothing open. */
export async function startRealtimeNode(
  config: Config,
  log: Log,
  options: ChatServerOptions = {},
): Promise<Pick<ChatServer, 'port' | 'count' | 'close'>> {
  const { databaseUrl, redisUrl } = requireServices(config)
  const watch = startDatabaseWatch(databaseUrl, log)
  const database = openDatabase(databaseUrl, {
    maxConnections: 20,
    watch,
    onError: (error) => log.warn({ error: error.message }, 'lost a database connection'),
  })
  // Pools of their own, so that sign-outs and sign-ins do not wait behind ordinary queries.
  const control = openPool(databaseUrl, { maxConnections: 2, watch, onError: () => {} })
  const signIns = openPool(databaseUrl, { maxConnections: 2, durable: true, watch, onError: () => {} })
  // Searches must not use up the connections that sends need, nor all of those of other look-ups.
  const lookUps = openPool(databaseUrl, {
    maxConnections: searchesAtOnce + 1,
    statementTimeoutMs: 3_000,
    lookUps: true,
    watch,
    onError: () => {},
  })
  const redis = connectRedis(redisUrl, log)
  const sessionUse = startSessionUse(database.pool, log)
  try {
    await requireDurableCommits(database.pool).catch((error: unknown) => {
      // While Postgres is unavailable the node waits. Later connections are checked in the same way.
      if (error instanceof ConfigError || !isUnavailable(error)) throw error
    })
    if (!(await untilRedisAlive(redis, 3_000))) log.warn('started without Redis')
    const bus = createRedisBus<RoomNews>(redis, 'roomline:room:', config.authSecrets, log)
    const personBus = createRedisBus<PersonNews>(redis, 'roomline:user:', config.authSecrets, log)
    const messages = createMessageHistory(database.pool)
    const rooms = createRoomStore(database.pool)
    const hookSealing = createSealing(config.authSecrets, 'hooks')
    const sends = createSendStore(database.pool, messages)
    const sessions = createSessionStore(database.pool, signIns)
    const metrics = createMetrics()
    const tail = startChangeTail({ pool: database.pool, log })
    const reader = { ...messages, membersAmong: rooms.membersAmong }
    const feeds = createRoomFeeds({ bus, reader, tail, log, onRead: metrics.changesRead })
    const lists = createListStore(database.pool)
    const roomListFeed = createRoomListFeed({ feeds, tail, personBus, lists, rooms, log })
    const presenceStore = createPresenceStore(database.pool)
    const lastSeen = startLastSeen({ store: presenceStore, log })
    const cluster = createRedisPresence({
      redis,
      bus: createRedisBus<PresenceNews>(redis, 'roomline:presence:', config.authSecrets, log),
      log,
      onLost: (userIds, silentMs) => {
        for (const userId of userIds) lastSeen.note(userId, Date.now() - silentMs)
      },
    })
    const connectionCounts = startConnectionCounts({ cluster, lastSeen })
    const presence = createRoomPresence({ cluster, store: presenceStore, rooms, feeds, tail, log })
    const survey = startConnectionSurvey({
      bus: createRedisBus<SurveyNews>(redis, 'roomline:connections:', config.authSecrets, log),
      nodeName: () => `${hostname()}:${server.port}`,
      connections: () => describeConnections(server.connections.all()),
      otherNodes: cluster.otherNodes,
    })
    const refusedCalls = startRefusedCalls({ querying: database.pool, log })
    const sharedLimits = createSharedLimits(createRedisUses(redis))
    const server = await startChatServer(
      {
        messages,
        search: createMessageSearch(lookUps, readMessagesOf),
        searchTurns: createSearchTurns(searchesAtOnce),
        sends,
        rooms,
        lists,
        pool: database.pool,
        readMessages: readMessagesAt,
        roomListFeed,
        bus,
        personBus,
        feeds,
        metrics,
        connectionCounts,
        presence,
        typingLimits: createTypingLimits(),
        metricsToken: config.metricsToken,
        limits: createCallLimits(config, sharedLimits),
        refusedCalls,
        sessions: {
          store: sessions,
          tokens: createAcceptedTokens(config, {
            store: sessions,
            pool: signIns,
            addToRooms: (userId, ids) => addToRooms({ pool: database.pool, readMessages: readMessagesAt, bus, personBus }, userId, ids),
            announceJoin: ({ room, userId, version }) => bus.publish(room, { type: 'membership', userId, version }),
            log,
          }),
          announceRevocation: () => announceRevocation(redis.commands, log),
        },
        security: createSecurityParts(database.pool, config),
        ownPasswords: createOwnPasswords(database.pool, sessions),
        serverNames: () => readServerNames(database.pool, config.publicUrl),
        people: createPeopleStore(database),
        accounts: createAccountStore(database.pool),
        server: config,
        hookSealing,
        survey,
        sessionUse,
        health: createHealth(watch, redis),
        connectionLimits: config,
        // Without a limit for sends, as in load tests, there is none for other calls either.
        fairness: createFairness({ isLimited: config.sendsPerMinute > 0 }),
        allowedOrigins: config.allowedOrigins,
        corsOrigins: config.corsOrigins,
        publicUrl: config.publicUrl,
        trustProxyHops: config.trustProxyHops,
        log,
      },
      { host: config.host, port: config.realtimePort },
      options,
    )
    metrics.watch(() => ({ ...server.count(), redisAlive: redis.isAlive() }))
    const revocations = watchRevocations(
      { pool: control, databaseUrl, subscriber: redis.subscriber, isRedisAlive: redis.isAlive, log },
      {
        onRevoked: server.connections.closeSessions,
        onPeopleChanged: server.connections.applyPersonChanges,
        onCutOff: server.connections.turnAllAway,
      },
    )
    const posts = startPostRelay({ pool: database.pool, databaseUrl, sending: { messages, rooms, sends, bus, metrics }, log })
    const jobs = startJobs({
      databaseUrl,
      afterCommit: [searchIndexing, outgoingHooks],
      handlers: [
        createRateLimitsJob(control),
        createHousekeepingJob(control, createSecurityParts(control, config)),
        createRoomDeletionJob(control),
        createAuditRetentionJob(control, config),
        createHookDelivery({
          pool: database.pool,
          poster: createOutsidePoster({ allowsLoopback: config.hooksToLoopback }),
          sealing: hookSealing,
          log,
        }),
        createHookResealing(control, hookSealing),
        createHookBotErasure({ pool: control, bus, sessions: { announceRevocation: () => announceRevocation(redis.commands, log) } }),
      ],
      metrics,
      watch,
      log,
    })
    const close = async () => {
      await Promise.all([server.close(), jobs.close(), posts.close(), survey.close()])
      await roomListFeed.close()
      presence.close()
      connectionCounts.close()
      // Together: while Postgres hangs, each waits until its statement times out.
      await Promise.all([
        cluster.close(),
        lastSeen.close(),
        refusedCalls.close(),
        sharedLimits.close(),
        tail.close(),
        feeds.close(),
        sessionUse.close(),
        revocations.close(),
      ])
      redis.close()
      await watch.close()
      await Promise.all([database.close(), control.end(), signIns.end(), lookUps.end()])
    }
    let closing: Promise<void> | null = null
    return {
      ...server,
      close: () => {
        closing ??= close()
        return closing
      },
    }
  } catch (error) {
    redis.close()
    await sessionUse.close()
    await watch.close()
    await Promise.all([database.close(), control.end(), signIns.end(), lookUps.end()])
    throw error
  }
}

/** The connections that are signed in. */
function* describeConnections(connections: Iterable<Connection>): Iterable<OpenConnection> {
  for (const { uid, userId, sessionId, caller, ip, openedAt, subscriptionCount: subscriptions } of connections) {
    if (caller && userId !== null && sessionId !== null) yield { uid, userId, sessionId, ip, openedAt, subscriptions }
  }
}
