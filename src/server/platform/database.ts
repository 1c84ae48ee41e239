import type { EventEmitter } from 'node:events'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { ConfigError } from './config'
import { codesOf, findTrouble } from './database-troubles'
import { PrismaClient } from './prisma/client'

/** Postgres: `prisma` for what is asked now and then, `pool` for the one-statement hot paths. Both share the connections. */
export interface Database {
  prisma: PrismaClient
  pool: pg.Pool
  close(): Promise<void>
}

/** What can be asked inside a transaction and outside of one. */
export type Statements = Pick<PrismaClient, '$executeRaw' | '$queryRaw'>

export interface PoolOptions {
  maxConnections?: number
  connectTimeoutMs?: number
  /** How old a connection may grow. By default it may stay for as long as it is used. */
  maxAgeSeconds?: number
  statementTimeoutMs?: number
  /** Refuses connections that acknowledge commits before they are on disk. */
  durable?: boolean
  onError: (error: Error) => void
  /** Hears every error that Postgres answers on any of the connections. */
  watch?: { note(error: pg.DatabaseError): void; add(pool: pg.Pool): void }
}

/** Opens no connection yet. Every wait in it is bounded: 5 s for a connection, 10 s for a statement unless another time is given. */
export function openPool(
  url: string,
  {
    maxConnections = 10,
    connectTimeoutMs = 5_000,
    maxAgeSeconds = 0,
    statementTimeoutMs = 10_000,
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
    ...(watch && { Client: heardClient(watch.note) }),
    ...(durable && {
      verify: (client: pg.PoolClient, done: (error?: Error) => void) => void requireDurableCommits(client).then(() => done(), done),
    }),
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 2_000,
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'roomline',
  })
  // Without a listener, an idle connection that Postgres closes would end the process.
  pool.on('error', onError)
  watch?.add(pool)
  return pool
}

/**
 * Whoever asks sees their own errors; this sees all, those of Prisma and of connections that never came about too. pg has no
 * event of its own for it, but for its connection's.
 */
function heardClient(note: (error: pg.DatabaseError) => void): new () => pg.ClientBase {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config)
      const { connection } = this as unknown as { connection: EventEmitter<{ errorMessage: [pg.DatabaseError] }> }
      connection.on('errorMessage', note)
    }
  }
}

/** Closes the connections that nobody uses right now: some settings hold from a connection's start to its end. */
export function renewConnections(pool: pg.Pool): void {
  for (let left = pool.idleCount; left > 0; left--) {
    pool.connect((_error, client, release) => {
      if (client) release(true)
    })
  }
}

/** What takes statements: the pool, or one connection of it in a transaction. */
export type Querying = Pick<pg.Pool, 'query'>

/** Runs `work` in one transaction: all of it is stored when this resolves, and nothing when it rejects. */
export async function inTransaction<Value>(pool: pg.Pool, work: (client: Querying) => Promise<Value>): Promise<Value> {
  const client = await pool.connect()
  let broken = false
  // A connection that is lost between two statements says so to nobody else, and would end the process.
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
  // Its longer formats quote the call with its arguments, and errors are logged.
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

/** A serialisation failure or a deadlock: Postgres undid the statement, and it may be tried again. */
function isConflictOfTransactions(error: unknown): boolean {
  return codesOf(error).some((code) => conflictCodes.has(code))
}

/**
 * An acknowledged message has to be on disk. Whoever trades that for speed in the server's settings must not do so unknowingly.
 * @throws {ConfigError} when a commit is acknowledged before it is durable
 */
export async function requireDurableCommits(connection: Querying): Promise<void> {
  const { rows } = await connection.query<{ setting: string }>(`SELECT current_setting('synchronous_commit') AS setting`)
  const setting = rows[0]?.setting
  if (setting === 'on' || setting === 'remote_apply') return
  throw new ConfigError(
    `The database of DATABASE_URL has synchronous_commit = ${setting}: it would acknowledge messages that a crash can lose. Set it to on, for the server or with ALTER DATABASE … SET synchronous_commit = on.`,
  )
}

/**
 * The database is away, overloaded, or in a state in which it cannot take this call, and the call itself is not wrong: the
 * same may succeed later.
 */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  if (findTrouble(error) !== null) return true
  if (codesOf(error).some((code) => passingCodes.has(code) || conflictCodes.has(code))) return true
  if ('message' in error && typeof error.message === 'string' && unavailableMessages.test(error.message)) return true
  return 'cause' in error && isUnavailable(error.cause)
}

const conflictCodes = new Set(['40001', '40P01', 'P2034'])
/** What took too long, or had to wait too long. */
const passingCodes = new Set(['57014', '55P03', '25P03', '25P04', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028'])
/** Of pg, which gives its own errors no code. */
const unavailableMessages =
  /connection terminated|connection error|client was closed|timeout exceeded when trying to connect|timeout expired|query read timeout|can't reach database|server closed the connection|is not accepting commands/i

/** What lost against another transaction left nothing behind: the same again cannot do it twice. */
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

/** A client ends a stream that fails, and does not come back to it: while Postgres is away a stream waits instead. */
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

/** For LIKE, on what is folded to lower case. A query means itself: its % and _ are letters like others. */
export const patternOf = (query: string) => `%${query.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
