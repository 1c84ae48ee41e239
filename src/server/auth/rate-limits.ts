import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'

/**
 * Counts one use of `key` in a window of time. It is counted in Postgres, so that a limit applies over all web processes, with
 * Redis away too; sign-ins are rare and expensive enough for that.
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

/** @throws {Failure} TOO_MANY_REQUESTS */
export async function requireWithinLimit(pool: Pool, key: string, limit: number, windowMs: number): Promise<void> {
  const retryAfterMs = await countUse(pool, key, limit, windowMs)
  if (retryAfterMs > 0) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs })
}

/** A limit on attempts to guess something. */
export interface AttemptLimit {
  key: string
  /** So many attempts need no pause. */
  free: number
  /** The pause after them. */
  pauseMs: number
  /** With it, the pause doubles with each further attempt up to this. Without it, one attempt is free again after each pause. */
  longestMs?: number
}

/** With growing pauses: after this time without an attempt, all are free again. */
const forgetMs = 60 * 60_000

/**
 * Counts an attempt before it is made, against all limits or, if one does not allow it yet, against none. Take it back when it
 * was right, or could not be made.
 * @returns how long to wait in milliseconds; 0 when it was counted
 */
export async function takeAttempt(pool: Pool, limits: readonly AttemptLimit[]): Promise<number> {
  const { rows } = await pool.query<{ wait_ms: number }>('SELECT take_attempt($1) AS wait_ms', [asJson(limits)])
  return Math.ceil(rows[0]?.wait_ms ?? 0)
}

export async function giveAttemptBack(pool: Pool, limits: readonly AttemptLimit[]): Promise<void> {
  await pool.query('SELECT give_attempt_back($1)', [asJson(limits)])
}

/** Somebody who knows the secret is no guesser: all attempts are free again. */
export async function forgetAttempts(pool: Pool, keys: readonly string[]): Promise<void> {
  await pool.query('DELETE FROM rate_limits WHERE key = ANY($1)', [keys])
}

const asJson = (limits: readonly AttemptLimit[]) =>
  JSON.stringify(
    limits.map(({ key, free, pauseMs, longestMs }) => ({ key, free, pause_ms: pauseMs, longest_ms: longestMs, forget_ms: forgetMs })),
  )
