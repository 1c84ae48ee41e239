import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../src/launch/embedded-postgres'
import { startEmbeddedRedis } from '../src/launch/embedded-redis'
import { createSessionTokens } from '../src/server/auth/session-token'
import { migrate } from '../src/server/platform/migrations'

export interface Person {
  id: string
  token: string
}

/** A real Postgres with its data on disk, a real Redis, and signed-in people. */
export interface Services {
  databaseUrl: string
  redisUrl: string
  secret: string
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>
  /** The first `count` people; repeated calls return the same ones. */
  people(count: number): Promise<Person[]>
  /** Creates one private room for each list of members. @returns their ids */
  createRooms(members: readonly (readonly Person[])[]): Promise<string[]>
  close(): Promise<void>
}

export async function startServices(signal: AbortSignal): Promise<Services> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const end of closing.reverse()) await end()
  }
  try {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'roomline-bench-'))
    closing.push(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }))
    const postgres = await startEmbeddedPostgres({ dataDir, signal })
    closing.push(postgres.close)
    await migrate(postgres.url)
    const redis = await startEmbeddedRedis({ dataDir, signal })
    closing.push(redis.close)
    const pool = new pg.Pool({ connectionString: postgres.url, max: 4 })
    closing.push(() => pool.end())
    pool.on('error', () => {})
    const query: Services['query'] = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await pool.query<Row>(sql, values)).rows
    const secret = randomBytes(32).toString('hex')
    const known: Person[] = []
    return {
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      secret,
      query,
      people: async (count) => {
        if (known.length < count) known.push(...(await createPeople(query, secret, count - known.length)))
        return known.slice(0, count)
      },
      createRooms: (members) => createRooms(query, members),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function createPeople(query: Services['query'], secret: string, count: number): Promise<Person[]> {
  const tokens = createSessionTokens([secret])
  const expiresAt = new Date(Date.now() + 24 * 3_600_000)
  const sessions = await query<{ id: string; user_id: string }>(
    `WITH people AS (INSERT INTO users (username, display_name) SELECT name, name FROM unnest($1::text[]) name RETURNING id)
     INSERT INTO sessions (user_id, expires_at) SELECT id, $2 FROM people RETURNING id, user_id`,
    [Array.from({ length: count }, () => `p${randomUUID().slice(0, 13)}`), expiresAt],
  )
  return Promise.all(
    sessions.map(async ({ id, user_id: userId }) => ({
      id: userId,
      token: await tokens.sign({ userId, sessionId: id, expiresAt }),
    })),
  )
}

async function createRooms(query: Services['query'], members: readonly (readonly Person[])[]): Promise<string[]> {
  const ids = members.map(() => `r${randomUUID().replaceAll('-', '')}`)
  await query(`INSERT INTO rooms (id, kind, name) SELECT id, 'private', 'A room' FROM unnest($1::text[]) id`, [ids])
  const pairs = members.flatMap((people, index) => [...new Set(people)].map((person) => ({ room: ids[index], person: person.id })))
  await query('INSERT INTO memberships (room_id, user_id) SELECT * FROM unnest($1::text[], $2::uuid[])', [
    pairs.map(({ room }) => room),
    pairs.map(({ person }) => person),
  ])
  // Autovacuum would have done this in production: without it, the first measurement gets query plans for empty tables.
  await query('ANALYZE')
  return ids
}
