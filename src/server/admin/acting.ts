import { Failure } from '../../contract/failures'
import { inTransaction, type Querying, retried } from '../platform/database'
import type { AdminContext } from './needs'

const actLock = 7_306_005

/**
 * Runs an act of an admin in one transaction. Acts run one at a time: two admins who demote each other at the same moment
 * would leave none.
 * @throws {Failure} NOT_ALLOWED when the actor is no admin by now, and what `work` throws
 */
export const actAsAdmin = <Result>(
  { parts, actorId }: AdminContext<Pick<AdminContext['parts'], 'pool'>>,
  work: (transaction: Querying) => Promise<Result>,
): Promise<Result> =>
  retried(() =>
    inTransaction(parts.pool, async (transaction) => {
      await holdAdmins(transaction)
      await requireAdmin(transaction, actorId)
      return work(transaction)
    }),
  )

/** Until the end of the transaction, nobody else takes an admin away. */
export async function holdAdmins(transaction: Querying): Promise<void> {
  await transaction.query('SELECT pg_advisory_xact_lock($1)', [actLock])
}

/** @throws {Failure} UNAUTHORIZED, NOT_ALLOWED */
export async function requireAdmin(querying: Querying, actorId: string | null): Promise<void> {
  if (actorId === null) return
  const { rows } = await querying.query<{ role: string }>(
    'SELECT role FROM users WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL',
    [actorId],
  )
  if (!rows[0]) throw new Failure('UNAUTHORIZED')
  if (rows[0].role !== 'admin') throw new Failure('NOT_ALLOWED')
}

/** For before somebody stops being an admin. Call it while admins are held. @throws {Failure} LAST_ADMIN */
export async function requireOtherAdmin(transaction: Querying, userId: string): Promise<void> {
  const { rows } = await transaction.query<{ isLast: boolean }>(
    `SELECT u.role = 'admin' AND u.disabled_at IS NULL AND NOT EXISTS (
       SELECT FROM users o WHERE o.role = 'admin' AND o.id <> u.id AND o.disabled_at IS NULL AND o.deleted_at IS NULL
     ) AS "isLast" FROM users u WHERE u.id = $1`,
    [userId],
  )
  if (rows[0]?.isLast) throw new Failure('LAST_ADMIN')
}

export interface SubjectPerson {
  id: string
  username: string
  role: 'admin' | 'member' | 'guest' | 'bot'
  isDisabled: boolean
}

/** The person that an act is about, as they are now. @throws {Failure} USER_NOT_FOUND */
export async function requireSubject(querying: Querying, username: string): Promise<SubjectPerson> {
  const { rows } = await querying.query<SubjectPerson>(
    'SELECT id, username, role, disabled_at IS NOT NULL AS "isDisabled" FROM users WHERE username = $1 AND deleted_at IS NULL',
    [username],
  )
  const [person] = rows
  if (!person) throw new Failure('USER_NOT_FOUND')
  return person
}
