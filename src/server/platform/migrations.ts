import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const migrationsDir = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))
/** An advisory lock, held while migrating, so that several processes may start at once. The number is arbitrary. */
const migrationLock = 7_203_544_119
/** Where the job queue keeps its tables. It brings migrations of its own. */
export const jobSchema = 'graphile_worker'

/**
 * Applies the new migrations of prisma/migrations, in order, each in its own transaction. It uses Prisma's own table, so that
 * Prisma's command line works on the same database.
 * @returns the names of the migrations it applied
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  // A lost connection makes the next statement fail. Without a listener it would end the process.
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
    await stayInOneSchema(client)
    await client.query(`
      CREATE TABLE IF NOT EXISTS _prisma_migrations (
        id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL,
        logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`)
    const { rows } = await client.query<{ migration_name: string; checksum: string }>(
      'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    )
    const known = new Map(rows.map((row) => [row.migration_name, row.checksum]))
    const applied: string[] = []
    for (const { name, sql, checksum } of await readMigrations()) {
      const seen = known.get(name)
      if (seen === checksum) continue
      if (seen) {
        throw new Error(
          `this database was made by a version of Roomline with another ${name}, and cannot be upgraded. Keep to that version, or start with an empty database (without DATABASE_URL, another DATA_DIR). In development: add a migration instead of changing one.`,
        )
      }
      await client.query('BEGIN')
      try {
        await client.query(sql)
        await client.query(
          'INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)',
          [randomUUID(), checksum, name],
        )
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        throw new Error(`The migration ${name} failed, and was rolled back`, { cause: error })
      }
      applied.push(name)
    }
    await migrateJobQueue(databaseUrl)
    return applied
  } finally {
    await client.end()
  }
}

/**
 * Everything is made in the schema that the first migration was made in. A later one makes the schema `roomline`, which is
 * only for applications: for a database user of that name, Postgres would take it for the place of new tables.
 */
async function stayInOneSchema(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ schema: string | null }>(
    `SELECT coalesce((SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('_prisma_migrations')),
       quote_ident(current_schema())) AS schema`,
  )
  const schema = rows[0]?.schema
  if (schema) await client.query(`SET search_path = ${schema}`)
}

async function migrateJobQueue(databaseUrl: string): Promise<void> {
  // Loaded only where it is needed: every server reads the names below.
  const { Logger, runMigrations } = await import('graphile-worker')
  const pool = new pg.Pool({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000, max: 1 })
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  try {
    await runMigrations({ pgPool: pool, schema: jobSchema, logger: new Logger(() => () => {}) })
  } finally {
    await pool.end()
  }
}

/** The names of this version's migrations. */
export async function readMigrationNames(): Promise<string[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
}

async function readMigrations() {
  const names = await readMigrationNames()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${migrationsDir}/${name}/migration.sql`, 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}
