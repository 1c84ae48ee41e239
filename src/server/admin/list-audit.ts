import type { z } from 'zod'
import type { AuditPage, auditInput } from '../../contract/admin'
import type { AuditEntry, AuditPerson } from '../../contract/audit'
import { limits } from '../../contract/rules'
import { cutPage, readCursor } from '../platform/page-cursor'
import { requireAdmin } from './acting'
import type { AdminContext } from './needs'

interface AuditRow {
  id: string
  at: Date
  kind: AuditEntry['kind']
  actor: AuditPerson | null
  subject: AuditPerson | null
  room: AuditEntry['room']
  ip: string | null
  detail: AuditEntry['detail']
}

/** Somebody by their id, without a name when the account was deleted. @param id a column of the entry `a` */
const person = (id: string) => `CASE WHEN a.${id} IS NOT NULL THEN jsonb_build_object('id', a.${id}, 'username',
  (SELECT u.username FROM users u WHERE u.id = a.${id} AND u.deleted_at IS NULL LIMIT 1)) END`

const page = `SELECT a.id::text, a.at, a.action AS kind, a.ip, a.detail, ${person('actor_id')} AS actor, ${person('subject_id')} AS subject,
    CASE WHEN a.room_id IS NOT NULL THEN jsonb_build_object('id', a.room_id, 'name',
      (SELECT nullif(r.name, '') FROM rooms r WHERE r.id = a.room_id LIMIT 1)) END AS room
  FROM (
    SELECT * FROM audit_log WHERE ($1::bigint IS NULL OR id < $1)
      AND ($2::text IS NULL OR actor_id = (SELECT u.id FROM users u WHERE u.username = $2))
      AND ($3::text IS NULL OR action = $3 OR split_part(action, '.', 1) = $3)
    ORDER BY id DESC LIMIT $4
  ) a ORDER BY a.id DESC`

/** The audit log, the newest entry first. */
export async function listAudit(
  { parts, actorId }: AdminContext<Pick<AdminContext['parts'], 'pool'>>,
  input: z.output<typeof auditInput>,
): Promise<AuditPage> {
  const { actor = null, kind = null, cursor } = input ?? {}
  const [before] = readCursor(cursor, 'string', 'string') ?? [null]
  const values = [before, actor, kind, limits.auditPage + 1]
  const { rows } = await parts.pool.query<AuditRow>(page, values)
  await requireAdmin(parts.pool, actorId)
  const { page: entries, cursor: next } = cutPage(rows, limits.auditPage, ({ id }) => [id, ''])
  return { entries: entries.map((row) => ({ ...row, at: row.at.toISOString() })), cursor: next }
}
