import type { Pool, PoolClient } from 'pg'
import { openPool, retried } from '../platform/database'
import { type IndexedMessage, indexedColumns, writeTerms } from './term-rows'

export interface RebuildProgress {
  what: 'messages' | 'indexes' | 'leftovers'
  done: number
  total: number
}

const batchSize = 2_000
const longestStatementMs = 24 * 60 * 60_000

/** The indexes that searches use, as the migration makes them. */
const searchIndexes = {
  message_search_time_room_id_seq_idx: '("time", "room_id", "seq")',
  message_search_room_id_time_seq_idx: '("room_id", "time", "seq")',
  message_search_terms_idx: 'USING GIN ("terms") WITH (gin_pending_list_limit = 1024) WHERE "terms" IS NOT NULL',
}

/**
 * Makes the terms of all messages anew, the newest first, and removes what messages left that are gone. Nodes may run
 * meanwhile: what they write is newer, and stays. When it was stopped in the middle, it can be started again at any time.
 */
export async function rebuildSearch(
  databaseUrl: string,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: RebuildProgress) => void },
): Promise<void> {
  const pool = openPool(databaseUrl, { maxConnections: 2, statementTimeoutMs: longestStatementMs, onError: () => {} })
  const reader = await pool.connect()
  try {
    // Nothing is lost with the last moments of a rebuild.
    await pool.query('SET synchronous_commit = off')
    const wasEmpty = (await pool.query('SELECT FROM message_search LIMIT 1')).rowCount === 0
    // Building indexes at the end is several times as fast as filling them on the way.
    if (wasEmpty) for (const name of Object.keys(searchIndexes)) await pool.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`)
    await writeAllTerms(reader, pool, signal, onProgress)
    await makeMissingIndexes(pool, signal, onProgress)
    if (!wasEmpty) await removeLeftovers(pool, signal, onProgress)
    await pool.query('VACUUM (ANALYZE) message_search')
  } finally {
    reader.release(true)
    await pool.end()
  }
}

async function writeAllTerms(reader: PoolClient, writer: Pool, signal: AbortSignal, onProgress: (progress: RebuildProgress) => void) {
  // By time, so that the newest messages are found first, and lie next to each other. A list and not a cursor: that would
  // keep a transaction open for as long as all of this takes.
  const { rowCount } = await reader.query(
    `CREATE TEMP TABLE places AS
     SELECT row_number() OVER () AS position, room_id, seq FROM (
       SELECT room_id, seq FROM messages WHERE kind = 'text' ORDER BY time DESC, room_id DESC, seq DESC
     ) m`,
  )
  await reader.query('CREATE INDEX ON places (position)')
  await reader.query('ANALYZE places')
  const total = rowCount ?? 0
  const read = async (from: number) => {
    const { rows } = await reader.query<IndexedMessage>(
      `SELECT ${indexedColumns} FROM (SELECT * FROM places WHERE position > $1 AND position <= $2) p
       CROSS JOIN LATERAL (SELECT * FROM messages m WHERE m.room_id = p.room_id AND m.seq = p.seq LIMIT 1) m ORDER BY p.position`,
      [from, from + batchSize],
    )
    return rows
  }
  let next = read(0)
  for (let done = 0; done < total; ) {
    signal.throwIfAborted()
    const messages = await next
    // Read while these are written.
    next = read(done + batchSize)
    next.catch(() => {})
    // A room that is deleted meanwhile takes its rows in another order.
    await retried(() => writeTerms(writer, messages, { replacesSame: true }))
    done = Math.min(total, done + batchSize)
    onProgress({ what: 'messages', done, total })
  }
  await next
}

/** Those that this rebuild, or one that was interrupted, has dropped or has not finished. */
async function makeMissingIndexes(pool: Pool, signal: AbortSignal, onProgress: (progress: RebuildProgress) => void) {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = 'message_search'::regclass AND i.indisvalid`,
  )
  const valid = new Set(rows.map(({ name }) => name))
  const missing = Object.entries(searchIndexes).filter(([name]) => !valid.has(name))
  await pool.query(`SET maintenance_work_mem = '256MB'`)
  for (const [index, [name, definition]] of missing.entries()) {
    signal.throwIfAborted()
    onProgress({ what: 'indexes', done: index, total: missing.length })
    await pool.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`)
    // Concurrently: nodes go on writing.
    await pool.query(`CREATE INDEX CONCURRENTLY ${name} ON message_search ${definition}`)
    onProgress({ what: 'indexes', done: index + 1, total: missing.length })
  }
}

async function removeLeftovers(pool: Pool, signal: AbortSignal, onProgress: (progress: RebuildProgress) => void) {
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::float AS count FROM message_search')
  const total = rows[0]?.count ?? 0
  let from = { room_id: '', seq: 0 }
  for (let done = 0; ; ) {
    signal.throwIfAborted()
    const { rows } = await pool.query<{ room_id: string; seq: number; count: number }>(
      `WITH batch AS MATERIALIZED (
         SELECT room_id, seq FROM message_search WHERE (room_id, seq) > ($1, $2) ORDER BY room_id, seq LIMIT $3
       ),
       gone AS (
         SELECT b.room_id, b.seq FROM batch b
         LEFT JOIN LATERAL (SELECT 1 AS one FROM messages m WHERE m.room_id = b.room_id AND m.seq = b.seq LIMIT 1) m ON true WHERE m.one IS NULL
       ),
       removed AS (DELETE FROM message_search s USING gone g WHERE s.room_id = g.room_id AND s.seq = g.seq)
       SELECT room_id, seq, (SELECT count(*)::int FROM batch) AS count FROM batch ORDER BY room_id DESC, seq DESC LIMIT 1`,
      [from.room_id, from.seq, batchSize],
    )
    const [last] = rows
    if (!last) return
    from = last
    done += last.count
    onProgress({ what: 'leftovers', done: Math.min(done, total), total })
  }
}
