import type pg from 'pg'
import { startEvery } from './background'
import { openPool, type Querying, renewConnections, requireDurableCommits } from './database'
import { codesOf, type DatabaseTrouble, findTrouble, troubleAdvice } from './database-troubles'
import type { Log } from './log'
import { readMigrationNames } from './migrations'

/** `ok` when the database can store a message. */
export type DatabaseState = 'ok' | DatabaseTrouble

export interface DatabaseWatch {
  /** Checks now, within 2 s at most. */
  read(): Promise<DatabaseState>
  /** Reports any error that Postgres has answered. */
  note(error: pg.DatabaseError): void
  /** Renews this pool's connections when the database stops being read-only: those opened before would stay read-only. */
  add(pool: pg.Pool): void
  close(): Promise<void>
}

interface OpenTrouble {
  notedAt: number
  /** Whether a check has found it too, not only a call. */
  wasSeen: boolean
}

const patienceMs = 2_000
/** More frequent reads get the latest result: anybody may ask, and each check costs Postgres something. */
const freshMs = 100
const checkIntervalMs = 5_000
const troubleIntervalMs = 1_000
/** How often a check also writes as much as a message could need. */
const spaceIntervalMs = 10_000

/** Every check finds these, so they are over when a check succeeds. */
const alwaysSeen: ReadonlySet<DatabaseTrouble> = new Set(['down', 'read-only', 'full', 'not durable'])

/**
 * Checks the database every few seconds, and soon after a call fails because of its state. Each trouble is logged once when it
 * starts and once when it ends, however many calls fail.
 * @param quietMs a trouble that checks do not find, like a missing column, ends when no call has failed for it for this long
 */
export function startDatabaseWatch(url: string, log: Log, { quietMs = 60_000 }: { quietMs?: number } = {}): DatabaseWatch {
  // A fresh connection of its own: checks must not wait behind other queries, and settings may change.
  const own = openPool(url, {
    maxConnections: 1,
    connectTimeoutMs: patienceMs,
    maxAgeSeconds: 10,
    statementTimeoutMs: patienceMs,
    onError: () => {},
  })
  const pools = new Set<pg.Pool>()
  const open = new Map<DatabaseTrouble, OpenTrouble>()
  let latest: { state: DatabaseState; at: number } | null = null
  let checkedAt = Number.NEGATIVE_INFINITY
  let spaceAt = Number.NEGATIVE_INFINITY
  let closed = false

  function begin(trouble: DatabaseTrouble, error: unknown, wasSeen: boolean) {
    const before = open.get(trouble)
    open.set(trouble, { notedAt: performance.now(), wasSeen: wasSeen || (before?.wasSeen ?? false) })
    if (before) return
    const [sqlstate] = codesOf(error)
    log.error(
      { database: trouble, ...(sqlstate && { sqlstate }), ...(error instanceof Error && { error: messageOf(error) }) },
      troubleAdvice[trouble],
    )
  }

  function endSince(startedAt: number) {
    for (const [trouble, { notedAt, wasSeen }] of open) {
      const isOver = notedAt < startedAt && (wasSeen || alwaysSeen.has(trouble) || startedAt - notedAt > quietMs)
      if (!isOver) continue
      open.delete(trouble)
      log.info({ database: 'ok', before: trouble }, 'the database is available again')
    }
  }

  async function check() {
    const state = await findState()
    latest = { state, at: performance.now() }
  }

  async function findState(): Promise<DatabaseState> {
    checkedAt = performance.now()
    const startedAt = checkedAt
    try {
      if (open.size > 0) renewConnections(own)
      const withSpace = open.size > 0 || startedAt - spaceAt > spaceIntervalMs
      const tryOnce = () => inConnection(own, (connection) => requireUsable(connection, withSpace))
      // If the connection was closed while idle, a new one may still work.
      await tryOnce().catch((error: unknown) => (troubleOf(error) === 'down' && !closed ? tryOnce() : Promise.reject(error)))
      if (withSpace) spaceAt = startedAt
      if (open.has('read-only')) for (const pool of pools) renewConnections(pool)
      endSince(startedAt)
      return 'ok'
    } catch (error) {
      const trouble = troubleOf(error)
      if (!closed) begin(trouble, error, true)
      return trouble
    }
  }

  const checks = startEvery(check, {
    everyMs: () => (open.size > 0 ? troubleIntervalMs : checkIntervalMs),
    startsNow: true,
    name: 'check the database',
    log,
  })

  return {
    read: async () => {
      if (latest && performance.now() - latest.at < freshMs) return latest.state
      let late: NodeJS.Timeout | undefined
      const down = new Promise<DatabaseState>((resolve) => {
        late = setTimeout(resolve, patienceMs, 'down')
      })
      const checked = checks.untilRun().then(() => latest?.state ?? 'down')
      return Promise.race([checked, down]).finally(() => clearTimeout(late))
    },
    note: (error) => {
      const trouble = findTrouble(error)
      if (!trouble || closed) return
      // One closed connection does not mean the database is down. The next check finds out.
      if (trouble !== 'down') begin(trouble, error, false)
      checks.runWithin(Math.max(0, checkedAt + troubleIntervalMs - performance.now()))
    },
    add: (pool) => pools.add(pool),
    close: async () => {
      closed = true
      await checks.close()
      await own.end()
    },
  }
}

/** Has the SQLSTATE that a call would get. */
class FoundTrouble extends Error {
  constructor(
    readonly code: '25006' | '42P01',
    message: string,
  ) {
    super(message)
  }
}

const troubleOf = (error: unknown): DatabaseTrouble => findTrouble(error) ?? 'down'

/** A refused connection to a host with several addresses is an AggregateError without a message. */
function messageOf(error: Error): string {
  return error instanceof AggregateError ? error.errors.map((each: Error) => each.message).join(', ') : error.message
}

async function inConnection(pool: pg.Pool, act: (connection: Querying) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  const ignore = () => {}
  client.on('error', ignore)
  let failed = true
  try {
    await act(client as unknown as Querying)
    failed = false
  } finally {
    client.off('error', ignore)
    client.release(failed)
  }
}

/** @throws what would prevent a message from being stored */
async function requireUsable(connection: Querying, withSpace: boolean): Promise<void> {
  const { rows } = await connection.query<{ read_only: boolean }>(
    `SELECT current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery() AS read_only`,
  )
  if (rows[0]?.read_only) throw new FoundTrouble('25006', 'transactions are read-only')
  await requireDurableCommits(connection)
  await requireMigrated(connection)
  // An empty session look-up and an empty send, which use the same tables, columns and functions as real ones.
  await connection.query(
    'SELECT s.id, s.revoked_at, s.expires_at, u.username, u.role, u.disabled_at FROM sessions s JOIN users u ON u.id = s.user_id LIMIT 0',
  )
  await connection.query(`SELECT * FROM store_sends('[]', false)`)
  if (withSpace) await requireSpace(connection)
}

let migrationNames: Promise<string[]> | undefined

/** A database with newer migrations, during a deploy, has everything that this version needs. */
async function requireMigrated(connection: Querying): Promise<void> {
  migrationNames ??= readMigrationNames()
  const { rows } = await connection.query<{ missing: string }>(
    `SELECT name AS missing FROM unnest($1::text[]) AS name WHERE NOT EXISTS (
       SELECT FROM _prisma_migrations WHERE migration_name = name AND finished_at IS NOT NULL AND rolled_back_at IS NULL)`,
    [await migrationNames],
  )
  if (rows.length > 0) throw new FoundTrouble('42P01', `missing: ${rows.map(({ missing }) => missing).join(', ')}`)
}

/**
 * Makes Postgres write a temporary file of one megabyte next to the tables, which fails when the disk is full. The file is
 * gone after the statement, with nothing to clean up.
 */
async function requireSpace(connection: Querying): Promise<void> {
  await connection.query('BEGIN')
  await connection.query(`SET LOCAL work_mem = '64kB'`)
  await connection.query(`SET LOCAL temp_tablespaces = ''`)
  await connection.query(`SELECT count(*) FROM unnest(array_fill(repeat('x', 8000), ARRAY[128])) AS line`)
  await connection.query('COMMIT')
}
