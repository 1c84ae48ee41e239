import type { Pool } from 'pg'

/**
 * Counts one use of `key`. It is counted in Postgres, so that a limit applies over all web processes; sign-ins are rare and
 * expensive enough for that.
 * @param limit uses in a window; 0 means no limit
 * @returns how long to wait in milliseconds; 0 when the use is within the limit
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

const freeFailures = 5
const forgetAfterMs = 60 * 60_000
const maxDelayMs = 15 * 60_000

/** How long the next attempt has to wait, in milliseconds: 1, 2, 4 … seconds from the fifth failure in a row on. */
export async function findFailureDelay(pool: Pool, key: string): Promise<number> {
  const { rows } = await pool.query<{ count: number; age_ms: number }>(
    `SELECT count, ($2 - extract(epoch FROM resets_at - now()) * 1000)::int AS age_ms FROM rate_limits WHERE key = $1 AND resets_at > now()`,
    [key, forgetAfterMs],
  )
  const row = rows[0]
  if (!row || row.count < freeFailures) return 0
  const delayMs = Math.min(1_000 * 2 ** (row.count - freeFailures), maxDelayMs)
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
