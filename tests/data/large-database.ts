import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { fillDatabase } from '../../bench/data/fill'
import { type Sizes, sizesFor } from '../../bench/data/sizes'
import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { migrate } from '../../src/server/platform/migrations'
import { makeQuickFolder } from '../support/quick-folder'
import { explainEverything } from './statement-plans'

/** Large enough that the planner reads nothing whole that it can look up, and made within seconds. */
export const testSizes: Sizes = {
  ...sizesFor(100_000),
  ...{ rooms: 20_000, people: 5_000, membersOfBigRoom: 4_000, regulars: 100, roomsOfCollector: 500, memberships: 60_000, answers: 100 },
}

export interface LargeDatabases extends AsyncDisposable {
  /** Analysed after it was filled. */
  analysed: string
  /** With the statistics of a time when its tables were small, as they are after a growth that autovacuum has not seen. */
  outdated: string
  /** What Postgres has logged since the last call. */
  readLog(): Promise<string>
}

/** A Postgres of its own: it logs every plan. */
export async function startLargeDatabases(): Promise<LargeDatabases> {
  const dataDir = await makeQuickFolder('roomline-plans-')
  const postgres = await startEmbeddedPostgres({ dataDir })
  const urlFor = (name: string) => {
    const url = new URL(postgres.url)
    url.pathname = `/${name}`
    return url.href
  }
  const close = async () => {
    await postgres.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    await run(urlFor('postgres'), [
      `LOAD 'auto_explain'`,
      'CREATE DATABASE outdated',
      'ALTER SYSTEM SET autovacuum = off',
      'SELECT pg_reload_conf()',
    ])
    await migrate(urlFor('outdated'))
    await fillDatabase(urlFor('outdated'), sizesFor(4_000))
    await run(urlFor('outdated'), [`DELETE FROM rooms WHERE id <> 'general'`, 'DELETE FROM users'])
    await fillDatabase(urlFor('outdated'), testSizes, { analyse: false })
    await run(urlFor('postgres'), ['CREATE DATABASE analysed TEMPLATE outdated'])
    await run(urlFor('analysed'), ['VACUUM ANALYZE'])
    await run(urlFor('postgres'), ['analysed', 'outdated'].flatMap(explainEverything))
  } catch (error) {
    await close()
    throw error
  }
  let read = 0
  return {
    analysed: urlFor('analysed'),
    outdated: urlFor('outdated'),
    readLog: async () => {
      const log = await readFile(path.join(dataDir, 'postgres.log'))
      const news = log.subarray(read).toString()
      read = log.length
      return news
    },
    [Symbol.asyncDispose]: close,
  }
}

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
