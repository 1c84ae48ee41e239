import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import next from 'next'
import { clientAddressHeader, createWebSession } from '../server/auth/http'
import { announceRevocation } from '../server/auth/revocations'
import { createSessionStore } from '../server/auth/session-store'
import { createSessionTokens } from '../server/auth/session-token'
import { provideWebSession } from '../server/auth/web-session'
import type { RoomNews } from '../server/bus/news-bus'
import { createRedisBus } from '../server/bus/redis-bus'
import { readClientAddress } from '../server/platform/client-address'
import { readConfig, requireServices } from '../server/platform/config'
import { openDatabase } from '../server/platform/database'
import { createLog } from '../server/platform/log'
import { runProcess } from '../server/platform/process'
import { realtimeUrl } from '../server/platform/realtime-url'
import { connectRedis } from '../server/platform/redis'
import { pageHeaders } from './page-headers'

await runProcess(async () => {
  const config = readConfig(process.env)
  const { databaseUrl, redisUrl } = requireServices(config)
  const log = createLog(config, 'web')
  const database = openDatabase(databaseUrl, { onError: (error) => log.warn({ error: error.message }, 'a database connection was lost') })
  const redis = connectRedis(redisUrl, log)
  const bus = createRedisBus<RoomNews>(redis, 'roomline:room:', config.authSecrets, log)
  provideWebSession(
    createWebSession({
      store: createSessionStore(database),
      tokens: createSessionTokens(config.authSecrets),
      announceRevocation: () => announceRevocation(redis.commands, log),
      announceJoin: ({ room, userId, version }) => bus.publish(room, { type: 'membership', userId, version }),
      pool: database.pool,
      limits: config,
      config,
      log,
    }),
  )

  const dev = process.env.NODE_ENV === 'development'
  const secure = config.publicUrl.startsWith('https:')
  const realtimeUrls = config.allowedOrigins.map((origin) => realtimeUrl(config, new URL(origin).host))
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 60_000 })
  const app = next({ dev, hostname: config.host, port: config.webPort, httpServer: server })
  await app.prepare()
  const handle = app.getRequestHandler()
  server.on('request', (request, response) => {
    request.headers[clientAddressHeader] = readClientAddress(request, config.trustProxyHops)
    const nonce = randomBytes(16).toString('base64')
    const headers = pageHeaders({ nonce, dev, secure, realtimeUrls })
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    // Next puts the nonce it finds here on the scripts it writes.
    request.headers['content-security-policy'] = headers['content-security-policy']
    // Next fails at an address that is not well encoded. It is the address of nothing.
    if (!isWellEncoded(request.url ?? '/')) request.url = request.url?.startsWith('/api/') ? '/api/-' : '/-'
    handle(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'a page failed')
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  // Nothing of ours upgrades here in production, and an upgrade that nobody answers would hold its socket for ever.
  if (!dev) server.on('upgrade', (_, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.webPort, config.host, resolve)
  })
  log.info({ host: config.host, port: config.webPort }, 'the web app listens')

  return async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    const hurry = setTimeout(() => server.closeAllConnections(), 5_000)
    await closed
    clearTimeout(hurry)
    await app.close()
    redis.close()
    await database.close()
  }
})

function isWellEncoded(url: string): boolean {
  try {
    decodeURI(url.replace(/\?.*/s, ''))
    return true
  } catch {
    return false
  }
}
