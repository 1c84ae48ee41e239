import { auditInput } from '../contract/admin'
import type { AuditEntry } from '../contract/audit'
import { listAudit } from '../server/admin/list-audit'
import type { Command } from './command'
import { checkInput, readNumber } from './usage'

const usualLimit = 100

const nobody = (kind: string) => (kind.startsWith('admin.') ? 'the operator' : 'nobody signed in')

const describeEntry = ({ at, kind, actor, subject, room, ip, detail }: AuditEntry) => {
  const words = [at, kind, `by ${actor ? (actor.username ?? 'a deleted account') : nobody(kind)}`]
  if (subject) words.push(`to ${subject.username ?? 'a deleted account'}`)
  if (room) words.push(`in ${room.name ?? room.id}`)
  if (ip) words.push(`from ${ip}`)
  return Object.keys(detail).length > 0 ? `${words.join(' ')} ${JSON.stringify(detail)}` : words.join(' ')
}

export const auditCommand: Command = {
  ...{ args: [], options: { actor: 'username', kind: 'kind', limit: 'number|all' } },
  ...{ summary: `print the audit log, newest first; ${usualLimit} entries unless told`, example: 'audit --kind admin --limit all --json' },
  run: async function* (ctx, { options: { actor, kind, limit } }) {
    const asked = readNumber('limit', limit, 'all')
    let left = asked === undefined ? usualLimit : (asked ?? Number.POSITIVE_INFINITY)
    for (let cursor: string | null = null; left > 0; ) {
      const page = await listAudit(ctx, checkInput(auditInput, { ...(actor && { actor }), ...(kind && { kind }), cursor }))
      for (const entry of page.entries.slice(0, left)) yield { json: entry, text: describeEntry(entry) }
      left -= page.entries.length
      cursor = page.cursor
      if (cursor === null) return
    }
  },
}
