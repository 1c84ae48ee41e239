import type { z } from 'zod'
import type { AuditPage, auditInput } from '../../contract/admin'
import { Failure } from '../../contract/failures'
import { limits } from '../../contract/rules'
import { cutPage, readCursor } from '../platform/page-cursor'
import { requireAdmin } from './acting'
import { readAuditEntries } from './audit-entries'
import type { AdminContext } from './needs'

/** The audit log, newest first. @param input `kind` is a kind, or the part before its dot */
export async function listAudit(
  { parts, actorId }: AdminContext<Pick<AdminContext['parts'], 'pool'>>,
  input: z.output<typeof auditInput>,
): Promise<AuditPage> {
  const { cursor, ...filter } = input ?? {}
  const before = readCursor(cursor, 'string', 'string')?.[1] ?? null
  if (before !== null && !/^\d{1,18}$/.test(before))
    throw new Failure('BAD_REQUEST', { fields: { cursor: 'must come from an earlier answer' } })
  const entries = await readAuditEntries(parts.pool, filter, { before }, limits.auditPage + 1)
  // Checked after the read, so that nothing is shown that is newer than the loss of the right.
  await requireAdmin(parts.pool, actorId)
  const { page, cursor: next } = cutPage(entries, limits.auditPage, ({ id }) => ['audit', id])
  return { entries: page, cursor: next }
}
