import type { Pool } from 'pg'
import type { JobHandler } from '../jobs/job-worker'

/** Deletes outdated rows once an hour: expired rate limits, old sessions, devices and revocations. */
export function createHousekeepingJob(pool: Pool): JobHandler {
  return {
    name: 'housekeeping',
    schedule: '17 * * * *',
    run: async () => {
      await pool.query('DELETE FROM rate_limits WHERE resets_at < now()')
      await pool.query(`DELETE FROM session_revocations WHERE at < now() - interval '1 day'`)
      await pool.query(`DELETE FROM known_devices WHERE last_used_at < now() - interval '400 days'`)
      await pool.query(`DELETE FROM sessions WHERE expires_at < now() - interval '30 days'`)
    },
  }
}
