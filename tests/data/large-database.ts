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

const endOfPlan = '\n\t}\n'

/** What the generated data has none of, but a server that is used does. */
const fillTheRest = [
  `INSERT INTO sessions (user_id, expires_at, last_seen_at) SELECT id, now() + n * interval '1 day', now() - n * interval '1 hour' FROM users, generate_series(1, 4) n`,
  `INSERT INTO bans (room_id, user_id) SELECT r.id, u.id FROM (SELECT id, row_number() OVER () AS n FROM rooms WHERE kind <> 'direct') r
   JOIN (SELECT id, row_number() OVER () AS n, count(*) OVER () AS of FROM users) u ON u.n = 1 + r.n * 7 % u.of
   WHERE NOT EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id = u.id)`,
  'INSERT INTO past_memberships (room_id, user_id) SELECT room_id, user_id FROM bans',
  `INSERT INTO invites (token_hash, room_id, created_by, expires_at) SELECT sha256(room_id::bytea), room_id, user_id, now() + interval '1 day' FROM memberships WHERE role = 'owner'`,
  `INSERT INTO attachments (uploader_id, room_id, seq, name, type, size) SELECT author_id, room_id, seq, 'a.txt', 'text/plain', 5 FROM messages WHERE seq % 10 = 0`,
  `INSERT INTO audit_log (actor_id, action, room_id) SELECT user_id, 'rooms.update', room_id FROM memberships WHERE role = 'owner'`,
]

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
    await run(urlFor('outdated'), fillTheRest)
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
      // An entry that is still being written belongs to the next call.
      const end = log.lastIndexOf(endOfPlan) + endOfPlan.length
      if (end <= read) return ''
      const news = log.subarray(read, end).toString()
      read = end
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
