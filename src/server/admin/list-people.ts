import type { z } from 'zod'
import type { AdminPeople, AdminPerson, adminPeopleInput } from '../../contract/admin'
import { Failure } from '../../contract/failures'
import { limits } from '../../contract/rules'
import type { Querying } from '../platform/database'
import { namePart, readNamed } from '../platform/name-search'
import { cutPage, readCursor } from '../platform/page-cursor'
import { requireAdmin } from './acting'
import type { AdminContext } from './needs'

type PersonRow = Omit<AdminPerson, 'createdAt' | 'lastSeenAt' | 'disabledAt'> & {
  createdAt: Date
  lastSeenAt: Date | null
  disabledAt: Date | null
}

const columns = `u.id, u.username, u.display_name AS "displayName", u.avatar, u.status, u.role, u.time_zone AS "timeZone", u.created_at AS "createdAt",
  greatest(u.last_seen_at, (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = u.id)) AS "lastSeenAt",
  u.disabled_at AS "disabledAt", u.external_issuer AS "externalIssuer",
  u.password_hash IS NOT NULL AS "hasPassword",
  EXISTS (SELECT FROM authenticators a WHERE a.user_id = u.id AND a.enabled_at IS NOT NULL) AS "hasSecondFactor",
  (SELECT count(*)::int FROM passkeys p WHERE p.user_id = u.id) AS passkeys,
  (SELECT count(*)::int FROM sessions s WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > now()) AS sessions`

const wanted = 'fold_name($4)'
const isListed = `u.deleted_at IS NULL AND u.username > $1 AND ($2::server_role IS NULL OR u.role = $2)`
const everybody = `SELECT ${columns} FROM users u WHERE ${isListed} ORDER BY u.username LIMIT $3`

const name = namePart('u.search_name', wanted)
const named = {
  byIndex: {
    namesakes: `SELECT u.id, u.username FROM users u WHERE ${isListed} AND ${name.isFound}`,
    page: `SELECT ${columns}, k.place FROM (SELECT u.id, row_number() OVER (ORDER BY u.username) AS place FROM namesakes u ORDER BY place LIMIT $3) k
      CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = k.id LIMIT 1) u`,
  },
  inOrder: (stretch: string) =>
    `SELECT ${columns} FROM (SELECT * FROM users u WHERE ${isListed} ORDER BY u.username LIMIT ${stretch}) u
     WHERE ${name.isIn} ORDER BY u.username LIMIT $3`,
}

/** Everybody with an account, disabled people too, by username. @param input `query` is a part of a username or display name */
export async function listPeople(
  { parts, actorId }: AdminContext<Pick<AdminContext['parts'], 'pool'>>,
  input: z.output<typeof adminPeopleInput>,
): Promise<AdminPeople> {
  const { query = '', role = null, cursor } = input ?? {}
  const [after] = readCursor(cursor, 'string', 'string') ?? ['']
  const values = [after, role, limits.peoplePage.max + 1]
  const rows =
    query === ''
      ? (await parts.pool.query<PersonRow>(everybody, values)).rows
      : await readNamed<PersonRow>(parts.pool, named, [...values, query], limits.peoplePage.max + 1)
  // Checked after the read, so that nothing is shown that is newer than the loss of the right.
  await requireAdmin(parts.pool, actorId)
  const { page, cursor: next } = cutPage(rows, limits.peoplePage.max, (last) => [last.username, last.id])
  return { people: page.map(toAdminPerson), cursor: next }
}

/** @throws {Failure} USER_NOT_FOUND */
export async function readPerson(querying: Querying, userId: string): Promise<AdminPerson> {
  const { rows } = await querying.query<PersonRow>(`SELECT ${columns} FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL`, [userId])
  const [row] = rows
  if (!row) throw new Failure('USER_NOT_FOUND')
  return toAdminPerson(row)
}

const toAdminPerson = (row: PersonRow): AdminPerson => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
  disabledAt: row.disabledAt?.toISOString() ?? null,
})
