import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { startEmbeddedRedis } from '../../src/launch/embedded-redis'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { startChild } from '../child'
import type { LoadActs } from '../load/main'
import type { Load } from '../measurement'
import { type Server, startServer } from '../servers'
import { openKeptData } from './kept-data'
import { type Sizes, sizesFor } from './sizes'

export const bigRoom = 'the-big-room'
export const smallMessages = 4_000

/** A copy of generated data with a node of its own. */
export interface MeasuredData {
  sizes: Sizes
  server: Server
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>
  /** A person of the data, by their number, signed in. */
  person(number: number): Promise<SignedIn>
  people(from: number, count: number): Promise<SignedIn[]>
}

export interface SignedIn {
  id: string
  username: string
  port: number
  token: string
}

/** Starts a node on a copy of each data set, and a load process; stops and removes all of it afterwards. */
export async function withData<Result>(
  { signal, log }: { signal: AbortSignal; log(line: string): void },
  messages: readonly number[],
  act: (sets: MeasuredData[], load: Load) => Promise<Result>,
): Promise<Result> {
  const closing: (() => Promise<unknown>)[] = []
  try {
    const kept = await openKeptData(signal)
    closing.push(kept.close)
    const sets: MeasuredData[] = []
    for (const count of messages) {
      await kept.require(count, (line) => log(`    ${line}`))
      const name = `measured_${count}`
      const databaseUrl = await kept.copy(count, name)
      closing.push(() => kept.drop(name))
      const dataDir = await mkdtemp(path.join(tmpdir(), 'roomline-bench-redis-'))
      closing.push(() => rm(dataDir, { recursive: true, force: true }))
      // One for each: the same rooms are in all of the data.
      const redis = await startEmbeddedRedis({ dataDir, signal })
      closing.push(redis.close)
      const secret = randomBytes(32).toString('hex')
      const server = await startServer('roomline', { databaseUrl, redisUrl: redis.url, secret }, signal)
      closing.push(server.close)
      const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
      pool.on('error', () => {})
      closing.push(() => pool.end())
      sets.push(createMeasuredData(pool, server, secret, sizesFor(count)))
    }
    const load = await startChild<LoadActs>('bench/load/main.ts', {}, signal)
    closing.push(load.close)
    return await act(sets, load)
  } finally {
    for (const close of closing.reverse()) await close()
  }
}

function createMeasuredData(pool: pg.Pool, server: Server, secret: string, sizes: Sizes): MeasuredData {
  const tokens = createSessionTokens([secret])
  const expiresAt = new Date(Date.now() + 24 * 3_600_000)
  const query: MeasuredData['query'] = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
    (await pool.query<Row>(sql, values)).rows
  const people: MeasuredData['people'] = async (from, count) => {
    const rows = await query<{ id: string; username: string; session: string }>(
      `WITH chosen AS (
         SELECT id, username, substring(username FROM '\\d+$')::int AS number FROM users WHERE username ~ '\\d+$'
       ), added AS (
         INSERT INTO sessions (user_id, expires_at) SELECT id, $3 FROM chosen WHERE number >= $1 AND number < $1 + $2 RETURNING id, user_id
       )
       SELECT c.id, c.username, a.id AS session FROM added a JOIN chosen c ON c.id = a.user_id ORDER BY number`,
      [from, count, expiresAt],
    )
    return Promise.all(
      rows.map(async ({ id, username, session }) => ({
        ...{ id, username, port: server.port },
        token: await tokens.sign({ userId: id, sessionId: session, expiresAt }),
      })),
    )
  }
  return {
    sizes,
    server,
    query,
    people,
    person: async (number) => {
      const [found] = await people(number, 1)
      if (!found) throw new Error(`there is no person ${number}`)
      return found
    },
  }
}
