import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import next from 'next'
import { Failure } from '../contract/failures'
import { createAdministration } from '../server/admin/administration'
import { startRefusedCalls } from '../server/admin/refused-calls'
import { findSetupLink } from '../server/admin/setup-link'
import { createAcceptedTokens } from '../server/auth/accepted-tokens'
import { createWebSession } from '../server/auth/account-routes'
import { createOidc } from '../server/auth/oidc'
import { clientAddressHeader } from '../server/auth/read-device'
import { announceRevocation } from '../server/auth/revocations'
import { readServerNames } from '../server/auth/server-names'
import { createSessionStore } from '../server/auth/session-store'
import type { SignInParts } from '../server/auth/sign-in'
import { createSignInThrottle } from '../server/auth/sign-in-throttle'
import { provideWebSession } from '../server/auth/web-session'
import { createHookRoute } from '../server/bots/post-by-hook'
import type { PersonNews, RoomNews } from '../server/bus/news-bus'
import { createRedisBus } from '../server/bus/redis-bus'
import { createMessageHistory } from '../server/chat/history'
import { readMessagesAt } from '../server/chat/message-rows'
import { createSendStore } from '../server/chat/store-sends'
import { createCallLimits } from '../server/fairness/call-limits'
import { createRedisUses } from '../server/fairness/redis-uses'
import { createSharedLimits } from '../server/fairness/shared-limits'
import { readClientAddress } from '../server/platform/client-address'
import { readConfig, requireServices } from '../server/platform/config'
import { isUnavailable, openDatabase } from '../server/platform/database'
import { startDatabaseWatch } from '../server/platform/database-watch'
import { createHealth } from '../server/platform/health'
import { createLog } from '../server/platform/log'
import { createWebMetrics } from '../server/platform/metrics'
import { createOperatorRoutes } from '../server/platform/operator-routes'
import { createOtherOrigins } from '../server/platform/other-origins'
import { runProcess } from '../server/platform/process'
import { realtimeUrl } from '../server/platform/realtime-url'
import { connectRedis } from '../server/platform/redis'
import { isLoopback } from '../server/platform/unsafe-settings'
import { waitUntil } from '../server/platform/wait-until'
import { createRoomStore } from '../server/rooms/room-store'
import { addToRooms } from '../server/rooms/token-rooms'
import { createSecurityParts } from '../server/security/security-parts'
import { answerCompressed } from './compressed-files'
import { createDocumentRoutes } from './document-routes'
import { createFirstPages } from './first-pages'
import { createPageAdmission } from './page-admission'
import { pageHeaders } from './page-headers'
import { hashStyles } from './style-hashes'

/** What pages of other origins may call. The other routes sign people in and out of this browser, or are for our own pages. */
const openRoutes: Partial<Record<string, readonly string[]>> = { '/api/session': ['GET'], '/api/logout': ['POST'] }
/** How long running requests may take to finish. */
const answerMs = 5_000

await runProcess(async () => {
  const config = readConfig(process.env)
  const { databaseUrl, redisUrl } = requireServices(config)
  const log = createLog(config, 'web')
  const watch = startDatabaseWatch(databaseUrl, log)
  const database = openDatabase(databaseUrl, {
    watch,
    onError: (error) => log.warn({ error: error.message }, 'lost a database connection'),
  })
  const redis = connectRedis(redisUrl, log)
  const bus = createRedisBus<RoomNews>(redis, 'roomline:room:', config.authSecrets, log)
  const tellRevocation = () => announceRevocation(redis.commands, log)
  const store = createSessionStore(database.pool)
  const announceJoin: SignInParts['announceJoin'] = ({ room, userId, version }) =>
    bus.publish(room, { type: 'membership', userId, version })
  const personBus = createRedisBus<PersonNews>(redis, 'roomline:user:', config.authSecrets, log)
  const tokens = createAcceptedTokens(config, {
    ...{ store, pool: database.pool, announceJoin, log },
    addToRooms: (userId, rooms) => addToRooms({ pool: database.pool, readMessages: readMessagesAt, bus, personBus }, userId, rooms),
  })
  const refusedCalls = startRefusedCalls({ querying: database.pool, log })
  const session = createWebSession({
    administration: createAdministration({
      ...{ pool: database.pool, bus, server: config, readMessages: readMessagesAt, announceRevocation: tellRevocation },
    }),
    store,
    tokens,
    oidc: config.oidc ? createOidc(config.oidc, config.publicUrl, log) : null,
    announceRevocation: tellRevocation,
    announceJoin,
    pool: database.pool,
    throttle: createSignInThrottle(database.pool),
    serverNames: () => readServerNames(database.pool, config.publicUrl),
    security: createSecurityParts(database.pool, config),
    limits: config,
    config,
    refusedCalls,
    log,
  })
  /** The response of the running request. */
  const answers = new AsyncLocalStorage<ServerResponse>()
  const readFirstPage = createFirstPages(database)
  const sharedLimits = createSharedLimits(createRedisUses(redis))
  const limits = createCallLimits(config, sharedLimits)
  const messages = createMessageHistory(database.pool)
  const postByHook = createHookRoute({
    pool: database.pool,
    sending: {
      ...{ messages, bus, sends: createSendStore(database.pool, messages), rooms: createRoomStore(database.pool) },
      metrics: { messageStored: () => {} },
    },
    limits,
    config,
    log,
  })
  provideWebSession({
    ...session,
    postByHook,
    // Without it the page still works: it reads the room itself, and says what is wrong.
    openRoom: (user, room, around) =>
      readFirstPage(user, room, around).catch((error: unknown) => {
        if (!(error instanceof Failure) && !isUnavailable(error)) log.error({ err: error }, 'could not read the first page of a room')
        return null
      }),
    findUser: async (cookieHeader) => {
      try {
        return await session.findUser(cookieHeader)
      } catch (error) {
        // A Next page cannot set its status itself, so a failed one gets it here.
        const response = answers.getStore()
        if (response && !response.headersSent) response.statusCode = 503
        throw error
      }
    },
  })

  const dev = process.env.NODE_ENV === 'development'
  const secure = config.publicUrl.startsWith('https:')
  const realtimeUrls = config.allowedOrigins.map((origin) => realtimeUrl(config, new URL(origin).host))
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 1_000 })
  const app = next({ dev, hostname: config.host, port: config.webPort, httpServer: server })
  await app.prepare()
  const pages = app.getRequestHandler()
  const handle = dev ? pages : await answerCompressed('.next/compressed', pages)
  const styleHashes = dev ? [] : await hashStyles('.next/static')
  let draining = false
  let running = 0
  const metrics = createWebMetrics(() => running)
  const operatorRoutes = createOperatorRoutes('/api', {
    health: createHealth(watch, redis),
    isDraining: () => draining,
    metrics,
    metricsToken: config.metricsToken,
    trustProxyHops: config.trustProxyHops,
  })
  const routes = { ...operatorRoutes, ...createDocumentRoutes() }
  const otherOrigins = createOtherOrigins(config.corsOrigins, (path) => openRoutes[path] ?? null)
  const admit = createPageAdmission({
    server,
    tokens,
    limits,
    publicUrl: config.publicUrl,
    trustProxyHops: config.trustProxyHops,
    isLimited: config.sendsPerMinute > 0,
  })
  server.on('request', (request, response) => {
    running++
    response.once('close', () => {
      running--
      metrics.answered(response.statusCode)
    })
    otherOrigins.takeCookie(request)
    otherOrigins.allowReading(request, response)
    request.headers[clientAddressHeader] = readClientAddress(request, config.trustProxyHops)
    const nonce = randomBytes(16).toString('base64')
    const headers = pageHeaders({ nonce, dev, secure, styleHashes, realtimeUrls })
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    // Next reads the nonce from here and adds it to its scripts.
    request.headers['content-security-policy'] = headers['content-security-policy']
    // Next fails on a malformed URL. It gets a path that does not exist instead.
    if (request.url !== '*' && !isWellFormed(request.url ?? '/')) request.url = request.url?.startsWith('/api/') ? '/api/-' : '/-'
    const answer = routes[request.url?.split('?', 1)[0] ?? ''] ?? handle
    const answering = async () => {
      if (!otherOrigins.answerPreflight(request, response)) await answers.run(response, answer, request, response)
    }
    // Next compiles a page on its first request in development, which takes longer than anybody's turn.
    const served = dev ? answering() : admit(request, response, answering)
    served.catch((error: unknown) => {
      log.error({ err: error }, 'a page failed')
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  // In production nothing here handles upgrades, and an unanswered upgrade would keep its socket open for ever.
  if (!dev) server.on('upgrade', (_, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.webPort, config.host, resolve)
  })
  log.info({ host: config.host, port: config.webPort }, 'the web app is listening')
  // Not through the log: whoever has this link becomes the admin.
  if (!isLoopback(new URL(config.publicUrl).hostname)) {
    const setupLink = await findSetupLink(database.pool, config).catch(() => null)
    if (setupLink) process.stdout.write(`Create the first account at ${setupLink}\n`)
  }

  return async () => {
    // The server stays open while requests finish, so that the load balancer learns it from /api/ready.
    draining = true
    await waitUntil(() => running === 0, answerMs)
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    const hurry = setTimeout(() => server.closeAllConnections(), 5_000)
    await closed
    clearTimeout(hurry)
    await app.close()
    await sharedLimits.close()
    redis.close()
    await Promise.all([watch.close(), refusedCalls.close()])
    await database.close()
  }
})

function isWellFormed(url: string): boolean {
  if (!url.startsWith('/')) return false
  try {
    decodeURI(url.replace(/\?.*/s, ''))
    return true
  } catch {
    return false
  }
}
