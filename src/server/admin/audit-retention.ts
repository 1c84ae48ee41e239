import type { Pool } from 'pg'
import type { JobHandler } from '../jobs/job-worker'

/** Many at once would keep others waiting for the disk. */
const entriesPerStatement = 5_000

/** Deletes outdated entries of the audit log once an hour. @param auditRetentionDays 0 keeps them for ever */
export function createAuditRetentionJob(pool: Pool, { auditRetentionDays }: { auditRetentionDays: number }): JobHandler {
  return {
    name: 'audit retention',
    schedule: '27 * * * *',
    run: async () => {
      let deleted = auditRetentionDays > 0 ? entriesPerStatement : 0
      while (deleted === entriesPerStatement) {
        const { rowCount } = await pool.query(
          `DELETE FROM audit_log WHERE id = ANY(ARRAY(
             SELECT id FROM audit_log WHERE at < now() - $1::int * interval '1 day' ORDER BY at LIMIT $2))`,
          [auditRetentionDays, entriesPerStatement],
        )
        deleted = rowCount ?? 0
      }
    },
  }
}
