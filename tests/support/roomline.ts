import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import pg from 'pg'
import { inject } from 'vitest'
import { createAdministration } from '../../src/server/admin/administration'
import { startRefusedCalls } from '../../src/server/admin/refused-calls'
import { createAcceptedTokens } from '../../src/server/auth/accepted-tokens'
import { createWebSession } from '../../src/server/auth/account-routes'
import { createOidc } from '../../src/server/auth/oidc'
import { announceRevocation } from '../../src/server/auth/revocations'
import { readServerNames } from '../../src/server/auth/server-names'
import { createSessionStore } from '../../src/server/auth/session-store'
import { createSignInThrottle } from '../../src/server/auth/sign-in-throttle'
import type { WebSession } from '../../src/server/auth/web-session'
import { createHookRoute } from '../../src/server/bots/post-by-hook'
import type { RoomNews } from '../../src/server/bus/news-bus'
import { createRedisBus } from '../../src/server/bus/redis-bus'
import { createMessageHistory } from '../../src/server/chat/history'
import { readMessagesAt } from '../../src/server/chat/message-rows'
import { createSendStore } from '../../src/server/chat/store-sends'
import type { ChatServerOptions } from '../../src/server/chat-server'
import { createCallLimits } from '../../src/server/fairness/call-limits'
import { createRedisUses } from '../../src/server/fairness/redis-uses'
import { createSharedLimits } from '../../src/server/fairness/shared-limits'
import { type Config, readConfig } from '../../src/server/platform/config'
import { openDatabase } from '../../src/server/platform/database'
import { createLog } from '../../src/server/platform/log'
import { connectRedis } from '../../src/server/platform/redis'
import { startRealtimeNode } from '../../src/server/realtime-node'
import { createRoomStore } from '../../src/server/rooms/room-store'
import { addToRooms } from '../../src/server/rooms/token-rooms'
import { createSecurityParts } from '../../src/server/security/security-parts'
import { password } from './people'
import { createStockClient, type StockClient, type StockOptions } from './stock-client'
import { redisUrl } from './worker'

export interface Person {
  username: string
  cookie: string
  token: string
}

export interface Roomline extends AsyncDisposable {
  config: Config
  pool: pg.Pool
  redis: Redis
  web: WebSession
  /** `POST /api/hooks/:token`. */
  postByHook(request: Request): Promise<Response>
  /** The realtime nodes' WebSocket URLs. */
  urls: string[]
  nodes: Awaited<ReturnType<typeof startRealtimeNode>>[]
  /** Signs somebody up and in. */
  signUp(name?: string): Promise<Person>
  signIn(username: string): Promise<Person>
  /** A stock tRPC client of this person, closed with the rest. */
  connect(person: Person | null, options?: Partial<StockOptions> & { node?: number }): StockClient
}

const secret = 'a secret of the tests that is long enough'

/** A Roomline of its own for a test: its own database, and realtime nodes in this process. */
export async function startRoomline({
  nodes = 1,
  env = {},
  database: ownDatabase,
  ...options
}: { nodes?: number; env?: Record<string, string>; database?: string } & ChatServerOptions = {}): Promise<Roomline> {
  const databaseUrl = ownDatabase ?? (await copyDatabase())
  const config = readConfig({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl(),
    AUTH_SECRET: secret,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    REALTIME_PORT: '0',
    ...Object.fromEntries(
      ['SENDS_PER_MINUTE', 'LOGINS_PER_MINUTE', 'REGISTRATIONS_PER_HOUR', 'MAX_CONNECTIONS_PER_USER', 'MAX_CONNECTIONS_PER_IP'].map(
        (name) => [name, '0'],
      ),
    ),
    ...env,
  })
  const log = createLog(config, 'test')
  const database = openDatabase(databaseUrl, { onError: () => {} })
  const redis = new Redis(redisUrl())
  const store = createSessionStore(database.pool)
  const refusedCalls = startRefusedCalls({ querying: database.pool, log })
  const web = createWebSession({
    administration: createAdministration({
      pool: database.pool,
      bus: { publish: () => {} },
      server: config,
      readMessages: readMessagesAt,
      announceRevocation: () => announceRevocation(redis, log),
    }),
    store,
    tokens: createAcceptedTokens(config, {
      ...{ store, pool: database.pool, log, announceJoin: () => {} },
      addToRooms: (userId, rooms) =>
        addToRooms(
          { pool: database.pool, readMessages: readMessagesAt, bus: { publish: () => {} }, personBus: { publish: () => {} } },
          userId,
          rooms,
        ),
    }),
    oidc: config.oidc ? createOidc(config.oidc, config.publicUrl, log) : null,
    announceRevocation: () => announceRevocation(redis, log),
    announceJoin: () => {},
    pool: database.pool,
    throttle: createSignInThrottle(database.pool),
    serverNames: () => readServerNames(database.pool, config.publicUrl),
    security: createSecurityParts(database.pool, config),
    limits: config,
    config,
    refusedCalls,
    log,
  })
  const webRedis = connectRedis(redisUrl(), log)
  const sharedLimits = createSharedLimits(createRedisUses(webRedis))
  const messages = createMessageHistory(database.pool)
  const postByHook = createHookRoute({
    pool: database.pool,
    sending: {
      messages,
      bus: createRedisBus<RoomNews>(webRedis, 'roomline:room:', config.authSecrets, log),
      sends: createSendStore(database.pool, messages),
      rooms: createRoomStore(database.pool),
      metrics: { messageStored: () => {} },
    },
    limits: createCallLimits(config, sharedLimits),
    config,
    log,
  })
  const started = await Promise.all(Array.from({ length: nodes }, () => startRealtimeNode(config, log, options)))
  const urls = started.map(({ port }) => `ws://127.0.0.1:${port}/trpc`)
  const clients: StockClient[] = []

  const enter = async (route: 'register' | 'login', username: string): Promise<Person> => {
    const response = await web[route](postJson(`/api/${route}`, { username, password }))
    const [cookie] = response.headers.getSetCookie()
    if (!cookie) throw new Error(`${route} answered ${response.status}: ${await response.text()}`)
    const pair = cookie.slice(0, cookie.indexOf(';'))
    return { username, cookie: pair, token: pair.slice(pair.indexOf('=') + 1) }
  }

  return {
    config,
    pool: database.pool,
    redis,
    web,
    postByHook,
    urls,
    nodes: started,
    signUp: (name = `p${randomUUID().slice(0, 8)}`) => enter('register', name),
    signIn: (username) => enter('login', username),
    connect: (person, { node = 0, ...options } = {}) => {
      const client = createStockClient({ url: urls[node] ?? '', cookie: person?.cookie, ...options })
      clients.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.close()))
      await Promise.all(started.map((node) => node.close()))
      await refusedCalls.close()
      await sharedLimits.close()
      webRedis.close()
      redis.disconnect()
      await database.close()
    },
  }
}

export function postJson(path: string, body: unknown, headers: Record<string, string> = {}): Request {
  return new Request(`http://localhost:3000${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

async function copyDatabase(): Promise<string> {
  const template = new URL(inject('templateUrl'))
  const admin = new URL(template)
  admin.pathname = '/postgres'
  const client = new pg.Client({ connectionString: admin.href })
  await client.connect()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  try {
    // Two tests that copy at once would each find the other using the template.
    await client.query('SELECT pg_advisory_lock(1)')
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`)
  } finally {
    await client.end()
  }
  template.pathname = `/${name}`
  return template.href
}
