import type { EventEmitter } from 'node:events'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { ConfigError } from './config'
import { codesOf, findTrouble } from './database-troubles'
import { PrismaClient } from './prisma/client'

/** Postgres: `prisma` for simple queries, `pool` for statements that Prisma cannot express. Both share the connections. */
export interface Database {
  prisma: PrismaClient
  pool: pg.Pool
  close(): Promise<void>
}

export interface PoolOptions {
  maxConnections?: number
  connectTimeoutMs?: number
  /** The longest life of a connection. Unlimited by default. */
  maxAgeSeconds?: number
  statementTimeoutMs?: number
  /** For statements that return little: without what Postgres prepares for long ones, a compiler and helpers. */
  lookUps?: boolean
  /** Refuses connections that acknowledge commits before they are on disk. */
  durable?: boolean
  onError: (error: Error) => void
  /** Receives every error that Postgres answers on any of the connections. */
  watch?: { note(error: pg.DatabaseError): void; add(pool: pg.Pool): void }
}

/** Does not connect yet. All waits are limited: by default 5 s for a connection and 10 s for a statement. */
export function openPool(
  url: string,
  {
    maxConnections = 10,
    connectTimeoutMs = 5_000,
    maxAgeSeconds = 0,
    statementTimeoutMs = 10_000,
    lookUps = false,
    durable = false,
    onError,
    watch,
  }: PoolOptions,
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    maxLifetimeSeconds: maxAgeSeconds,
    ...(watch && { Client: observedClient(watch.note) }),
    ...(durable && {
      verify: (client: pg.PoolClient, done: (error?: Error) => void) => void requireDurableCommits(client).then(() => done(), done),
    }),
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 2_000,
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'roomline',
    // Compiling a statement takes up to a second, and begins when the planner expects many rows, rightly or not.
    ...(lookUps && { options: '-c jit=off -c max_parallel_workers_per_gather=0' }),
  })
  // Without a listener, an idle connection that Postgres closes would end the process.
  pool.on('error', onError)
  watch?.add(pool)
  return pool
}

/**
 * A client that reports all errors of Postgres, including those of Prisma's queries and of failed connects. pg only has an
 * event for this on its inner connection.
 */
function observedClient(note: (error: pg.DatabaseError) => void): new () => pg.ClientBase {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config)
      const { connection } = this as unknown as { connection: EventEmitter<{ errorMessage: [pg.DatabaseError] }> }
      connection.on('errorMessage', note)
    }
  }
}

/** Closes the idle connections: some settings apply to a connection from its start to its end. */
export function renewConnections(pool: pg.Pool): void {
  for (let left = pool.idleCount; left > 0; left--) {
    pool.connect((_error, client, release) => {
      if (client) release(true)
    })
  }
}

/** Runs statements: the pool, or one of its connections in a transaction. */
export type Querying = Pick<pg.Pool, 'query'>

/** Runs `work` in one transaction: all of it is stored when this resolves, and nothing when it rejects. */
export async function inTransaction<Value>(pool: pg.Pool, work: (client: Querying) => Promise<Value>): Promise<Value> {
  const client = await pool.connect()
  let broken = false
  // Without a listener, a connection that is lost between two statements would end the process.
  const lost = () => {
    broken = true
  }
  client.on('error', lost)
  try {
    await client.query('BEGIN')
    const value = await work(client as unknown as Querying)
    await client.query('COMMIT')
    return value
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {
      broken = true
    })
    throw error
  } finally {
    client.off('error', lost)
    client.release(broken)
  }
}

export function openDatabase(url: string, options: PoolOptions): Database {
  const pool = openPool(url, { durable: true, ...options })
  // The longer formats quote the call's arguments, and errors are logged.
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' })
  return {
    prisma,
    pool,
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** A unique key was taken. */
export function isUniqueViolation(error: unknown): boolean {
  const codes = codesOf(error)
  return codes.includes('23505') || codes.includes('P2002')
}

/** A serialization failure or a deadlock: Postgres rolled the statement back, and it can be repeated. */
function isConflictOfTransactions(error: unknown): boolean {
  return codesOf(error).some((code) => conflictCodes.has(code))
}

/**
 * An acknowledged message has to be on disk, whatever the database's settings say.
 * @throws {ConfigError} when a commit is acknowledged before it is durable
 */
export async function requireDurableCommits(connection: Querying): Promise<void> {
  const { rows } = await connection.query<{ setting: string }>(`SELECT current_setting('synchronous_commit') AS setting`)
  const setting = rows[0]?.setting
  if (setting === 'on' || setting === 'remote_apply') return
  throw new ConfigError(
    `The database of DATABASE_URL has synchronous_commit = ${setting}: it would acknowledge messages that a crash can lose. Set it to on for the server, or with ALTER DATABASE … SET synchronous_commit = on.`,
  )
}

/** The database is down, overloaded or in a state in which it cannot run this valid call. The same call may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  if (findTrouble(error) !== null) return true
  if (codesOf(error).some((code) => passingCodes.has(code) || conflictCodes.has(code))) return true
  if ('message' in error && typeof error.message === 'string' && unavailableMessages.test(error.message)) return true
  return 'cause' in error && isUnavailable(error.cause)
}

const conflictCodes = new Set(['40001', '40P01', 'P2034'])
/** The statement took or waited too long. */
const passingCodes = new Set(['57014', '55P03', '25P03', '25P04', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028'])
/** Errors of pg itself, which have no code. */
const unavailableMessages =
  /connection terminated|connection error|client was closed|timeout exceeded when trying to connect|timeout expired|query read timeout|can't reach database|server closed the connection|is not accepting commands/i

/** Repeats a statement that lost against another transaction. It was rolled back, so it cannot take effect twice. */
export async function retried<Value>(statement: () => Promise<Value>): Promise<Value> {
  for (let left = 3; ; left--) {
    try {
      return await statement()
    } catch (error) {
      if (left === 0 || !isConflictOfTransactions(error)) throw error
    }
  }
}

const pauseMs = 500

/** Repeats a read while Postgres is unavailable. A stream must wait like this, because clients give up a stream that fails. */
export async function untilAvailable<Value>(isOver: () => boolean, read: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!isUnavailable(error) || isOver()) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}
