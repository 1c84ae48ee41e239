import { type AuditEntry, type AuditKind, type auditGroups, auditKinds } from '../../contract/audit'
import type { Querying } from '../platform/database'

/** A kind, or a group of kinds. */
type KindFilter = AuditKind | (typeof auditGroups)[number]

interface AuditFilter {
  /** The username of who acted. */
  actor?: string | undefined
  kind?: KindFilter | undefined
}

interface Row extends Pick<AuditEntry, 'id' | 'ip' | 'detail'> {
  at: Date
  action: AuditKind
  actor_id: string | null
  actor_name: string | null
  subject_id: string | null
  subject_name: string | null
  room_id: string | null
  room_name: string | null
}

/** Names as they are now; null for what was deleted. Each is looked up by its key, for the entries of one page. */
const withNames = (entries: string, order: 'ASC' | 'DESC') => `
  SELECT e.id::text, e.at, e.action, e.ip, e.detail, e.actor_id, a.username AS actor_name, e.subject_id, s.username AS subject_name,
    e.room_id, r.name AS room_name
  FROM (${entries}) e
  LEFT JOIN LATERAL (SELECT u.username FROM users u WHERE u.id = e.actor_id AND u.deleted_at IS NULL LIMIT 1) a ON true
  LEFT JOIN LATERAL (SELECT u.username FROM users u WHERE u.id = e.subject_id AND u.deleted_at IS NULL LIMIT 1) s ON true
  LEFT JOIN LATERAL (SELECT NULLIF(o.name, '') AS name FROM rooms o WHERE o.id = e.room_id LIMIT 1) r ON true
  ORDER BY e.id ${order}`

/**
 * Entries in the order of their ids. Each kind has a look-up of its own, from an index: one over several kinds would read and
 * sort all their entries.
 * @param from newest first before this id, or oldest first after it
 */
export async function readAuditEntries(
  querying: Querying,
  { actor, kind }: AuditFilter,
  from: { before: string | null } | { after: string },
  limit: number,
): Promise<AuditEntry[]> {
  const isBackward = 'before' in from
  const order = isBackward ? 'DESC' : 'ASC'
  const bound = isBackward ? '($1::bigint IS NULL OR l.id < $1)' : 'l.id > $1::bigint'
  const isActors = actor === undefined ? '' : 'AND l.actor_id = (SELECT id FROM users WHERE username = $3)'
  const part = (isKind: string) => `SELECT * FROM audit_log l WHERE ${bound} ${isActors} ${isKind} ORDER BY l.id ${order} LIMIT $2`
  const kinds = kind === undefined ? null : auditKinds.filter((each) => each === kind || each.startsWith(`${kind}.`))
  const kindsAt = actor === undefined ? '$3' : '$4'
  const entries = kinds
    ? `SELECT p.* FROM unnest(${kindsAt}::text[]) k(kind) CROSS JOIN LATERAL (${part('AND l.action = k.kind')}) p ORDER BY p.id ${order} LIMIT $2`
    : part('')
  const { rows } = await querying.query<Row>(withNames(entries, order), [
    'before' in from ? from.before : from.after,
    limit,
    ...(actor === undefined ? [] : [actor]),
    ...(kinds ? [kinds] : []),
  ])
  return rows.map(toEntry)
}

const toEntry = (row: Row): AuditEntry => ({
  id: row.id,
  at: row.at.toISOString(),
  kind: row.action,
  actor: row.actor_id === null ? null : { id: row.actor_id, username: row.actor_name },
  subject: row.subject_id === null ? null : { id: row.subject_id, username: row.subject_name },
  room: row.room_id === null ? null : { id: row.room_id, name: row.room_name },
  ip: row.ip,
  detail: row.detail,
})

const entriesPerChunk = 500

/** All entries, oldest first, as lines of JSON, some hundred at a time. @param mayGoOn runs before each, and throws to end it */
export async function* exportAuditLog(
  querying: Querying,
  filter: AuditFilter = {},
  mayGoOn: () => Promise<void> = async () => {},
): AsyncGenerator<string, void, undefined> {
  for (let after = '0'; ; ) {
    const entries = await readAuditEntries(querying, filter, { after }, entriesPerChunk)
    await mayGoOn()
    const last = entries.at(-1)
    if (!last) return
    yield entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
    after = last.id
  }
}
