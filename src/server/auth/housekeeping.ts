import type { Pool } from 'pg'
import type { Log } from '../platform/log'

const everyMs = 60 * 60_000

/** Forgets, once an hour, what nobody can ask for any more: limits that have run out, sessions long over and their log. */
export function startHousekeeping(pool: Pool, log: Log): { close(): Promise<void> } {
  let working: Promise<void> | null = null
  const work = async () => {
    try {
      await pool.query('DELETE FROM rate_limits WHERE resets_at < now()')
      await pool.query(`DELETE FROM session_revocations WHERE at < now() - interval '1 day'`)
      await pool.query(`DELETE FROM sessions WHERE expires_at < now() - interval '30 days'`)
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'housekeeping failed; it is tried again in an hour')
    }
  }
  const start = () => {
    working = work()
  }
  start()
  const timer = setInterval(start, everyMs)
  return {
    close: async () => {
      clearInterval(timer)
      await working
    },
  }
}
