import type { Pool } from 'pg'

/**
 * Counts one use of `key` and tells how long to wait when that was one too many. Counted in Postgres, so that a limit
 * holds over all web processes; sign-ins are rare and dear enough for that.
 * @param limit uses in a window; 0 means no limit
 * @returns milliseconds to wait, 0 when the use is within the limit
 */
export async function countUse(pool: Pool, key: string, limit: number, windowMs: number): Promise<number> {
  if (limit === 0) return 0
  const { rows } = await pool.query<{ count: number; wait_ms: number }>(
    `INSERT INTO rate_limits AS seen (key, count, resets_at) VALUES ($1, 1, now() + $2 * interval '1 ms')
     ON CONFLICT (key) DO UPDATE SET
       count = CASE WHEN seen.resets_at <= now() THEN 1 ELSE seen.count + 1 END,
       resets_at = CASE WHEN seen.resets_at <= now() THEN excluded.resets_at ELSE seen.resets_at END
     RETURNING count, (extract(epoch FROM resets_at - now()) * 1000)::int AS wait_ms`,
    [key, windowMs],
  )
  const row = rows[0]
  return row && row.count > limit ? Math.max(row.wait_ms, 1) : 0
}

const failuresFree = 5
const forgetAfterMs = 60 * 60_000
const longestDelayMs = 15 * 60_000

/** How long this account's next attempt has to wait: 1, 2, 4 … seconds after the fifth failure in a row. */
export async function findFailureDelay(pool: Pool, key: string): Promise<number> {
  const { rows } = await pool.query<{ count: number; age_ms: number }>(
    `SELECT count, ($2 - extract(epoch FROM resets_at - now()) * 1000)::int AS age_ms FROM rate_limits WHERE key = $1 AND resets_at > now()`,
    [key, forgetAfterMs],
  )
  const row = rows[0]
  if (!row || row.count < failuresFree) return 0
  const delayMs = Math.min(1_000 * 2 ** (row.count - failuresFree), longestDelayMs)
  return Math.max(0, delayMs - row.age_ms)
}

export async function countFailure(pool: Pool, key: string): Promise<void> {
  await pool.query(
    `INSERT INTO rate_limits AS seen (key, count, resets_at) VALUES ($1, 1, now() + $2 * interval '1 ms')
     ON CONFLICT (key) DO UPDATE SET
       count = CASE WHEN seen.resets_at <= now() THEN 1 ELSE seen.count + 1 END, resets_at = excluded.resets_at`,
    [key, forgetAfterMs],
  )
}

export async function forgetFailures(pool: Pool, key: string): Promise<void> {
  await pool.query('DELETE FROM rate_limits WHERE key = $1', [key])
}
