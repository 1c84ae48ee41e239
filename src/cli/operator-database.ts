import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { type DataDir, openDataDir, readIfExists } from '../launch/data-dir'
import { startEmbeddedPostgres } from '../launch/embedded-postgres'
import { LaunchError } from '../launch/launch-error'
import { migrateOrExplain } from '../launch/migrate-database'
import { openPool } from '../server/platform/database'

export interface OperatorDatabase {
  pool: Pool
  close(): Promise<void>
}

/** How long a server that is just starting has for its Postgres to answer. */
const startingMs = 10_000

/**
 * Opens the database of DATABASE_URL, or the embedded one: the Postgres of a server that is running, or one that runs until
 * `close`.
 * @throws {LaunchError}
 */
export async function openOperatorDatabase(config: { databaseUrl: string | undefined; dataDir: string }): Promise<OperatorDatabase> {
  if (config.databaseUrl) return openAt(config.databaseUrl)
  const dataDir = await openDataDir(config.dataDir, { patienceMs: 0 }).catch((error: unknown) => {
    if (error instanceof LaunchError && error.message.includes('is in use')) return null
    throw error
  })
  return dataDir ? startOwn(dataDir) : openAt(await findRunning(path.resolve(config.dataDir)))
}

async function openAt(url: string, close: () => Promise<void> = async () => {}): Promise<OperatorDatabase> {
  const pool = openPool(url, { maxConnections: 2, durable: true, onError: () => {} })
  return {
    pool,
    close: async () => {
      await pool.end()
      await close()
    },
  }
}

async function startOwn(dataDir: DataDir): Promise<OperatorDatabase> {
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: dataDir.path })
    const close = async () => {
      await postgres.close()
      await dataDir.close()
    }
    try {
      await migrateOrExplain(postgres.url)
      return await openAt(postgres.url, close)
    } catch (error) {
      await close()
      throw error
    }
  } catch (error) {
    await dataDir.close()
    throw error
  }
}

/** The URL of the Postgres that a running launcher has started in this data folder. */
async function findRunning(dataDir: string): Promise<string> {
  for (const until = Date.now() + startingMs; ; await delay(200)) {
    const password = await readIfExists(path.join(dataDir, 'postgres-password'))
    const pidFile = await readFile(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')
    const port = pidFile.split('\n')[3]?.trim()
    if (password && port) {
      const url = `postgresql://roomline:${password}@127.0.0.1:${port}/roomline`
      if (await answers(url)) return url
    }
    if (Date.now() > until)
      throw new LaunchError(`DATA_DIR ${dataDir} is in use by another Roomline, but its Postgres does not answer. Try again in a moment.`)
  }
}

async function answers(url: string): Promise<boolean> {
  const pool = openPool(url, { maxConnections: 1, connectTimeoutMs: 1_000, onError: () => {} })
  try {
    await pool.query('SELECT FROM users LIMIT 1')
    return true
  } catch {
    return false
  } finally {
    await pool.end()
  }
}
