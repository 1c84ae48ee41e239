import type { Pool } from 'pg'
import { type BackgroundLoop, startEvery } from '../platform/background'
import type { Log } from '../platform/log'

/** Deletes, once an hour, what nobody can ask for any more: expired rate limits, old sessions and old revocations. */
export function startHousekeeping(pool: Pool, log: Log): Pick<BackgroundLoop, 'close'> {
  return startEvery(
    async () => {
      await pool.query('DELETE FROM rate_limits WHERE resets_at < now()')
      await pool.query(`DELETE FROM session_revocations WHERE at < now() - interval '1 day'`)
      await pool.query(`DELETE FROM sessions WHERE expires_at < now() - interval '30 days'`)
    },
    { everyMs: 60 * 60_000, startsNow: true, name: 'housekeeping', log },
  )
}
