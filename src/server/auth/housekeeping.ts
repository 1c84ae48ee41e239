import type { Pool } from 'pg'
import type { JobHandler } from '../jobs/job-worker'
import { resealAll } from '../security/reseal'
import type { SecurityParts } from '../security/security-parts'

/** Every refused attempt to sign in counts in some rows: from many addresses, an hour's would be millions. */
export const createRateLimitsJob = (pool: Pool): JobHandler => ({
  name: 'forget rate limits',
  schedule: '* * * * *',
  run: async () => {
    await pool.query('DELETE FROM rate_limits WHERE resets_at < now()')
  },
})

/** Deletes outdated rows once an hour: old sessions, devices and revocations, and posts that failed. */
export function createHousekeepingJob(pool: Pool, security: Pick<SecurityParts, 'authenticators' | 'sealing'>): JobHandler {
  return {
    name: 'housekeeping',
    schedule: '17 * * * *',
    run: async () => {
      await pool.query('DELETE FROM sign_in_tickets WHERE expires_at < now()')
      await pool.query('DELETE FROM used_challenges WHERE expires_at < now()')
      await pool.query(`DELETE FROM session_revocations WHERE at < now() - interval '1 day'`)
      await pool.query(`DELETE FROM known_devices WHERE last_used_at < now() - interval '400 days'`)
      await pool.query(`DELETE FROM sessions WHERE expires_at < now() - interval '30 days'`)
      // Every renewed token leaves one, dozens a day for each person, and none of them can come back.
      await pool.query(`DELETE FROM sessions WHERE expires_at < now() - interval '1 hour' AND method = 'token'`)
      await pool.query(`DELETE FROM posts WHERE failure IS NOT NULL AND at < now() - interval '30 days'`)
      await resealAll(security)
    },
  }
}
