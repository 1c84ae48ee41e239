import type pg from 'pg'
import { startEvery } from './background'
import { openPool, type Querying, renewConnections, requireDurableCommits } from './database'
import { codesOf, type DatabaseTrouble, findTrouble, troubleAdvice } from './database-troubles'
import type { Log } from './log'
import { readMigrationNames } from './migrations'

/** `ok` when the database can take a message. */
export type DatabaseState = 'ok' | DatabaseTrouble

export interface DatabaseWatch {
  /** Looks now: 2 s at most. */
  read(): Promise<DatabaseState>
  /** An error that Postgres answered anybody. */
  note(error: pg.DatabaseError): void
  /** Connections that were opened while the database was read-only stay so: these pools get new ones when that is over. */
  add(pool: pg.Pool): void
  close(): Promise<void>
}

interface OpenTrouble {
  notedAt: number
  /** Whether a look found it too, and not only somebody's call. */
  wasSeen: boolean
}

const patienceMs = 2_000
/** Whoever asks more often than that is told what was found last: anybody may ask, and a look costs Postgres something. */
const freshMs = 100
const everyMs = 5_000
const everyMsInTrouble = 1_000
/** A look that writes as much as a message could need goes with another look only so often. */
const spaceEveryMs = 10_000

/** A look would have found them: when it does not, they are over. */
const alwaysSeen: ReadonlySet<DatabaseTrouble> = new Set(['down', 'read-only', 'full', 'not durable'])

/**
 * Looks at the database every few seconds, and at once when somebody's call fails for its state. Each trouble is logged once
 * when it begins and once when it has ended, however many calls it fails.
 * @param quietMs what no look finds, a column that one call misses, has ended when no call failed for it for so long
 */
export function startDatabaseWatch(url: string, log: Log, { quietMs = 60_000 }: { quietMs?: number } = {}): DatabaseWatch {
  // A connection of its own, and never an old one: what others ask must not stand before it, and settings change.
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
  let lookedAt = Number.NEGATIVE_INFINITY
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
      log.info({ database: 'ok', before: trouble }, 'the database takes calls again')
    }
  }

  async function look() {
    const state = await findState()
    latest = { state, at: performance.now() }
  }

  async function findState(): Promise<DatabaseState> {
    lookedAt = performance.now()
    const startedAt = lookedAt
    try {
      if (open.size > 0) renewConnections(own)
      const withSpace = open.size > 0 || startedAt - spaceAt > spaceEveryMs
      const check = () => inConnection(own, (connection) => requireUsable(connection, withSpace))
      // A connection that was ended while it was idle says nothing about the next one.
      await check().catch((error: unknown) => (troubleOf(error) === 'down' && !closed ? check() : Promise.reject(error)))
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

  const looking = startEvery(look, {
    everyMs: () => (open.size > 0 ? everyMsInTrouble : everyMs),
    startsNow: true,
    name: 'look at the database',
    log,
  })

  return {
    read: async () => {
      if (latest && performance.now() - latest.at < freshMs) return latest.state
      let late: NodeJS.Timeout | undefined
      const down = new Promise<DatabaseState>((resolve) => {
        late = setTimeout(resolve, patienceMs, 'down')
      })
      const looked = looking.untilRun().then(() => latest?.state ?? 'down')
      return Promise.race([looked, down]).finally(() => clearTimeout(late))
    },
    note: (error) => {
      const trouble = findTrouble(error)
      if (!trouble || closed) return
      // A connection that is ended is no more than that: whether the database is away, a look finds out.
      if (trouble !== 'down') begin(trouble, error, false)
      looking.runWithin(Math.max(0, lookedAt + everyMsInTrouble - performance.now()))
    },
    add: (pool) => pools.add(pool),
    close: async () => {
      closed = true
      await looking.close()
      await own.end()
    },
  }
}

/** With the SQLSTATE that a call would meet. */
class FoundTrouble extends Error {
  constructor(
    readonly code: '25006' | '42P01',
    message: string,
  ) {
    super(message)
  }
}

const troubleOf = (error: unknown): DatabaseTrouble => findTrouble(error) ?? 'down'

/** A refused connection to a name of several addresses is an AggregateError without a message of its own. */
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

/** @throws whatever keeps a message from being stored */
async function requireUsable(connection: Querying, withSpace: boolean): Promise<void> {
  const { rows } = await connection.query<{ read_only: boolean }>(
    `SELECT current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery() AS read_only`,
  )
  if (rows[0]?.read_only) throw new FoundTrouble('25006', 'transactions are read-only')
  await requireDurableCommits(connection)
  await requireMigrated(connection)
  // Who somebody is, and a send, with nothing in them: they name all that they need.
  await connection.query(
    'SELECT s.id, s.revoked_at, s.expires_at, u.username, u.role, u.disabled_at FROM sessions s JOIN users u ON u.id = s.user_id LIMIT 0',
  )
  await connection.query(`SELECT * FROM store_sends('[]', false)`)
  if (withSpace) await requireSpace(connection)
}

let migrationNames: Promise<string[]> | undefined

/** A database that is ahead of this version, in the middle of a deploy, has all that this version needs. */
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
 * What does not fit in memory goes to a file beside the tables, which is gone with the statement: a full disk refuses it, and
 * nothing of it has to be cleaned up or logged by Postgres. The lines are some of 8 kB, a megabyte in all.
 */
async function requireSpace(connection: Querying): Promise<void> {
  await connection.query('BEGIN')
  await connection.query(`SET LOCAL work_mem = '64kB'`)
  await connection.query(`SET LOCAL temp_tablespaces = ''`)
  await connection.query(`SELECT count(*) FROM unnest(array_fill(repeat('x', 8000), ARRAY[128])) AS line`)
  await connection.query('COMMIT')
}
