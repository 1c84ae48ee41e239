import type { AuditKind } from '../../contract/audit'
import type { Querying } from '../platform/database'

export interface NewAuditEntry {
  kind: AuditKind
  /** Null when nobody is signed in, or the operator acts from the command line. */
  actorId: string | null
  subjectId?: string | null
  room?: string | null
  ip?: string | null
  /** Never a secret, never the text of a message. */
  detail?: Record<string, unknown>
}

/** Writes an entry to the audit log. Inside a transaction it is part of what it records. */
export async function writeAudit(querying: Querying, entry: NewAuditEntry): Promise<void> {
  const { kind, actorId, subjectId = null, room = null, ip = null, detail = {} } = entry
  await querying.query('INSERT INTO audit_log (actor_id, action, room_id, subject_id, ip, detail) VALUES ($1, $2, $3, $4, $5, $6)', [
    ...[actorId, kind, room, subjectId, ip, detail],
  ])
}
