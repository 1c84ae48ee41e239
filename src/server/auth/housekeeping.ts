import type { Pool } from 'pg'
import type { JobHandler } from '../jobs/job-worker'

/** Many at once would keep others waiting for the disk. */
const entriesPerStatement = 5_000

/** Deletes outdated rows once an hour: expired rate limits, old sessions, old revocations and old entries of the audit log. */
export function createHousekeepingJob(pool: Pool, { auditRetentionDays }: { auditRetentionDays: number }): JobHandler {
  return {
    name: 'housekeeping',
    schedule: '17 * * * *',
    run: async () => {
      await pool.query('DELETE FROM rate_limits WHERE resets_at < now()')
      await pool.query(`DELETE FROM session_revocations WHERE at < now() - interval '1 day'`)
      await pool.query(`DELETE FROM sessions WHERE expires_at < now() - interval '30 days'`)
      if (auditRetentionDays > 0) await deleteOldEntries(pool, auditRetentionDays)
    },
  }
}

async function deleteOldEntries(pool: Pool, days: number): Promise<void> {
  for (let deleted = entriesPerStatement; deleted === entriesPerStatement; ) {
    const { rowCount } = await pool.query(
      `DELETE FROM audit_log WHERE id = ANY(ARRAY(SELECT id FROM audit_log WHERE at < now() - $1::int * interval '1 day' ORDER BY at LIMIT $2))`,
      [days, entriesPerStatement],
    )
    deleted = rowCount ?? 0
  }
}
