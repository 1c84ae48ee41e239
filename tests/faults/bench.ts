import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { get } from 'node:http'
import path from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/launch/embedded-redis'
import { findFreePort } from '../../src/launch/ports'
import { describeExit, type Exit } from '../../src/launch/running'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { migrate } from '../../src/server/platform/migrations'
import { makeQuickFolder } from '../support/quick-folder'
import { createStockClient, type StockClient, type StockOptions, until } from '../support/stock-client'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'
import { createHistory, type RoomHistory } from './history'
import { findChildren, residentMiB, startProcess, type TestProcess } from './processes'
import { createPublicationLine, type PublicationLine } from './publications'
import { createSeeded, type Seeded } from './seeded'

export interface Person {
  id: string
  username: string
  token: string
}

export interface Ready {
  status: number
  body: { status: string; database: string; redis: string }
}

/** A realtime node, and the TCP lines around it. */
export interface BenchNode {
  /** For clients: the line in front of the node. */
  url: string
  clients: TcpProxy
  toRedis: TcpProxy
  toPostgres: TcpProxy
  publications: PublicationLine
  /** The answer of /ready, over a direct connection; null while the node does not answer. */
  ready(): Promise<Ready | null>
  residentMiB(): Promise<number>
  output(): string
  /** kill -9 */
  kill(): Promise<void>
  /** Sends SIGTERM. @returns how the node ended, and after how long */
  stop(): Promise<Exit & { afterMs: number }>
  start(): Promise<void>
  freeze(): void
  thaw(): void
}

/** A service that can be killed, frozen and started again on the same data. */
export interface BenchService {
  kill(): Promise<void>
  start(): Promise<void>
  freeze(): Promise<void>
  thaw(): void
}

/** Real Postgres, real Redis and real nodes, each in its own process, with TCP lines between them that can be disturbed. */
export interface Bench extends AsyncDisposable {
  seed: number
  chance: Seeded
  secret: string
  nodes: BenchNode[]
  postgres: BenchService
  redis: BenchService
  /** Addresses of the services themselves, for a node that a test starts. */
  urls(): { databaseUrl: string; redisUrl: string }
  /** Straight to Postgres, not over a node's line. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>
  /** A separate connection, for a long transaction. */
  openPostgres(): Promise<pg.Client>
  /** Straight to Redis. Disconnect it. */
  openRedis(): Redis
  node(index: number): BenchNode
  makePeople(count: number): Promise<Person[]>
  /** Makes a private room of these people. @returns what is observed of it */
  makeRoom(people: readonly Person[]): Promise<RoomHistory>
  /** A stock client, closed with the rest. It starts at the first running node, and goes to the next with each reconnect. */
  connect(person: Person, nodes: readonly number[], options?: Partial<StockOptions>): StockClient
  /** The same for any address. */
  connectTo(person: Person, url: string | (() => string), options?: Partial<StockOptions>): StockClient
  /** Closes all clients, so that one scenario does not slow the next. */
  closeClients(): Promise<void>
  /** Resolves when every node reports that all is well, Redis included. */
  untilHealthy(timeoutMs?: number): Promise<void>
}

export interface BenchOptions {
  nodes?: number
  seed?: number
  /** Further settings of the nodes. */
  env?: Record<string, string>
}

export async function startBench({ nodes: count = 3, seed = seedOfRun(), env = {} }: BenchOptions = {}): Promise<Bench> {
  const dataDir = await makeQuickFolder('roomline-faults-')
  const chance = createSeeded(seed)
  const secret = randomBytes(32).toString('hex')
  const closing: (() => Promise<unknown>)[] = []
  const postgres = await startPostgres(dataDir)
  closing.push(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }), postgres.close)
  await migrate(postgres.url().href)
  const redis = await startRedis(dataDir)
  closing.push(redis.close)
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startNode({ postgres, redis, secret, env, chance: createSeeded(chance.between(0, 2 ** 31)) })),
  )
  closing.push(...nodes.map((node) => node.close))
  const clients = new Set<StockClient>()
  const tokens = createSessionTokens([secret])

  const query = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
    (await postgres.pool().query<Row>(sql, values)).rows

  const requireAlive = () => {
    for (const [index, node] of nodes.entries()) {
      const end = node.unaskedEnd()
      if (end) throw new Error(`node ${index} ended by itself (${end}):\n${node.output()}`)
    }
  }

  const connectTo: Bench['connectTo'] = (person, url, options = {}) => {
    const client = createStockClient({ url, cookie: `X-Token=${person.token}`, ...options })
    clients.add(client)
    return client
  }
  const closeClients = async () => {
    const open = [...clients]
    clients.clear()
    await Promise.all(
      open.map((client) => {
        const closed = client.close()
        // A call that is never answered would keep it open.
        client.cut()
        return closed
      }),
    )
  }

  return {
    seed,
    chance,
    secret,
    nodes,
    postgres,
    redis,
    urls: () => ({ databaseUrl: postgres.url().href, redisUrl: `redis://:${redis.password}@127.0.0.1:${redis.port()}` }),
    query,
    openPostgres: async () => {
      const client = new pg.Client({ connectionString: postgres.url().href })
      await client.connect()
      return client
    },
    openRedis: redis.open,
    node: (index) => {
      const node = nodes[index]
      if (!node) throw new Error(`there is no node ${index}`)
      return node
    },
    makePeople: async (people) => {
      const rows = await query<{ id: string; username: string }>(
        `INSERT INTO users (username, display_name) SELECT name, name FROM unnest($1::text[]) name RETURNING id, username`,
        [Array.from({ length: people }, () => `p${randomUUID().slice(0, 13)}`)],
      )
      const expiresAt = new Date(Date.now() + 7 * 24 * 3_600_000)
      const sessions = await query<{ id: string; user_id: string }>(
        'INSERT INTO sessions (user_id, expires_at) SELECT id, $2 FROM unnest($1::uuid[]) id RETURNING id, user_id',
        [rows.map(({ id }) => id), expiresAt],
      )
      const sessionOf = new Map(sessions.map((session) => [session.user_id, session.id]))
      return Promise.all(
        rows.map(async (row) => ({
          ...row,
          token: await tokens.sign({ userId: row.id, sessionId: sessionOf.get(row.id) ?? '', expiresAt }),
        })),
      )
    },
    makeRoom: async (people) => {
      const room = `r${randomUUID().replaceAll('-', '')}`
      await query(`INSERT INTO rooms (id, kind, name) VALUES ($1, 'private', 'A room')`, [room])
      await query('INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM unnest($2::uuid[]) id', [room, people.map(({ id }) => id)])
      return createHistory(room, query, requireAlive)
    },
    connect: (person, order, options) => {
      let turn = 0
      const next = () => {
        const running = order.filter((index) => nodes[index]?.isRunning())
        const chosen = running.length > 0 ? running : order
        return nodes[chosen[turn++ % chosen.length] ?? 0]?.url ?? ''
      }
      return connectTo(person, next, options)
    },
    connectTo,
    closeClients,
    untilHealthy: (timeoutMs = 30_000) =>
      until(async () => (await Promise.all(nodes.map((node) => node.ready()))).every((ready) => ready?.body.status === 'ok'), timeoutMs),
    [Symbol.asyncDispose]: async () => {
      await closeClients()
      for (const close of closing.reverse()) await close()
    },
  }
}

/** `FAULTS_SEED`, else a constant. */
export function seedOfRun(): number {
  return Number(process.env.FAULTS_SEED ?? 20_260_801)
}

async function startPostgres(dataDir: string) {
  let running: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir })
  let isUp = true
  let pool = openPool(running.url)
  const processes = async () => {
    const postmaster = Number.parseInt(await readFile(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10)
    return [postmaster, ...(await findChildren(postmaster))]
  }
  let frozen: number[] = []
  return {
    port: () => (isUp ? running.port : null),
    url: () => new URL(running.url),
    pool: () => pool,
    kill: async () => {
      isUp = false
      for (const pid of await processes()) signal(pid, 'SIGKILL')
      await running.exited
      await pool.end()
    },
    start: async () => {
      running = await startEmbeddedPostgres({ dataDir })
      pool = openPool(running.url)
      isUp = true
    },
    freeze: async () => {
      frozen = await processes()
      for (const pid of frozen) signal(pid, 'SIGSTOP')
    },
    thaw: () => {
      for (const pid of frozen) signal(pid, 'SIGCONT')
    },
    close: async () => {
      for (const pid of frozen) signal(pid, 'SIGCONT')
      if (isUp) await pool.end()
      await running.close()
    },
  }
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  pool.on('error', () => {})
  return pool
}

async function startRedis(dataDir: string) {
  // Each start of the embedded Redis makes a new password, but nodes get theirs only once.
  const password = randomBytes(16).toString('hex')
  let running: EmbeddedRedis
  let port: number | null = null
  let pid = 0
  const open = () => {
    const client = new Redis({ port: port ?? 0, host: '127.0.0.1', password, retryStrategy: () => null })
    client.on('error', () => {})
    return client
  }
  const start = async () => {
    running = await startEmbeddedRedis({ dataDir })
    const children = [...(await findChildren(process.pid, 'redis-process')), ...(await findChildren(process.pid, 'redis-server'))]
    pid = children.at(-1) ?? 0
    const admin = new Redis(running.url)
    await admin.config('SET', 'requirepass', password)
    admin.disconnect()
    port = Number(new URL(running.url).port)
  }
  await start()
  return {
    port: () => port,
    password,
    open,
    start,
    kill: async () => {
      signal(pid, 'SIGKILL')
      await running.exited
      port = null
    },
    freeze: async () => signal(pid, 'SIGSTOP'),
    thaw: () => signal(pid, 'SIGCONT'),
    close: async () => {
      signal(pid, 'SIGCONT')
      await running.close()
    },
  }
}

interface NodeParts {
  postgres: { url(): URL; port(): number | null }
  redis: { password: string; port(): number | null }
  secret: string
  env: Record<string, string>
  chance: Seeded
}

async function startNode({ postgres, redis, secret, env, chance }: NodeParts) {
  let port: number | null = null
  let running: TestProcess | null = null
  let asked: TestProcess | null = null
  let unaskedEnd: string | null = null
  const publications = createPublicationLine(chance)
  const clients = await startTcpProxy(() => port)
  const toRedis = await startTcpProxy(redis.port, { toClient: publications.rewrite })
  const toPostgres = await startTcpProxy(postgres.port)

  const start = async () => {
    for (let left = 3; ; left--) {
      const own = await findFreePort()
      const databaseUrl = postgres.url()
      databaseUrl.port = String(toPostgres.port)
      try {
        running = await startProcess('src/server/main.ts', {
          ...nodeEnvironment(databaseUrl.href, `redis://:${redis.password}@127.0.0.1:${toRedis.port}`, secret),
          REALTIME_PORT: String(own),
          ...env,
        })
        port = own
        watch(running)
        return
      } catch (error) {
        if (left === 0 || !String(error).includes('Another program listens')) throw error
      }
    }
  }
  const watch = (started: TestProcess) => {
    void started.exited.then((exit) => {
      if (started !== asked) unaskedEnd = describeExit(exit)
    })
  }
  /** From now on its end is expected. */
  const endNow = () => {
    asked = running
    return ended()
  }
  const ended = () => {
    const { pid = 0, exited = Promise.resolve({ code: null, signal: null }) } = running ?? {}
    return { pid, exited }
  }
  await start()

  return {
    url: `ws://127.0.0.1:${clients.port}/trpc`,
    clients,
    toRedis,
    toPostgres,
    publications,
    isRunning: () => port !== null,
    unaskedEnd: () => unaskedEnd,
    ready: () => (port === null ? Promise.resolve(null) : askReady(port)),
    residentMiB: () => residentMiB(ended().pid),
    output: () => running?.output() ?? '',
    start,
    kill: async () => {
      const { pid, exited } = endNow()
      port = null
      signal(pid, 'SIGKILL')
      await exited
      running = null
    },
    stop: async () => {
      const { pid, exited } = endNow()
      const since = performance.now()
      signal(pid, 'SIGTERM')
      const exit = await exited
      port = null
      running = null
      return { ...exit, afterMs: performance.now() - since }
    },
    freeze: () => signal(ended().pid, 'SIGSTOP'),
    thaw: () => signal(ended().pid, 'SIGCONT'),
    close: async () => {
      const { pid, exited } = endNow()
      if (pid) {
        signal(pid, 'SIGKILL')
        await exited
      }
      for (const line of [clients, toRedis, toPostgres]) await line.close()
    },
  }
}

export function nodeEnvironment(databaseUrl: string, redisUrl: string, secret: string): Record<string, string> {
  const limits = ['SENDS_PER_MINUTE', 'MAX_CONNECTIONS_PER_USER', 'MAX_CONNECTIONS_PER_IP', 'MAX_SUBSCRIPTIONS_PER_CONNECTION']
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    AUTH_SECRET: secret,
    LOG_LEVEL: 'warn',
    ...Object.fromEntries(limits.map((name) => [name, '0'])),
  }
}

function askReady(port: number): Promise<Ready | null> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path: '/ready', agent: false, timeout: 3_000 }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
      response.on('error', () => resolve(null))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(null))
  })
}

function signal(pid: number, name: NodeJS.Signals) {
  if (pid === 0) return
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
