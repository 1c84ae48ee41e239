import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { holdAdmins, requireOtherAdmin } from '../admin/acting'
import { writeAudit } from '../admin/audit-log'
import { revokeSessions } from '../auth/revoke-sessions'
import { inTransaction } from '../platform/database'
import { type ChangedMembership, eraseAccount } from './erase-account'

/** Changes of one's own account that also end sessions. */
export function createAccountStore(pool: Pool) {
  return {
    /**
     * Changes the password and ends all other sessions, in one transaction.
     * @returns the number of ended sessions
     * @throws {Failure} WRONG_PASSWORD when the verified password is no longer the current one
     */
    changePassword: (change: { userId: string; verifiedHash: string; passwordHash: string; keep: string; ip: string }): Promise<number> =>
      inTransaction(pool, async (transaction) => {
        const { userId, verifiedHash, passwordHash, keep } = change
        const { rowCount } = await transaction.query('UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2', [
          userId,
          verifiedHash,
          passwordHash,
        ])
        if (rowCount === 0) throw new Failure('WRONG_PASSWORD')
        const ended = await revokeSessions(transaction, { userId, reason: 'password', except: keep })
        await writeAudit(transaction, { kind: 'account.passwordChanged', actorId: userId, ip: change.ip, detail: { ended } })
        return ended
      }),

    /**
     * @returns the rooms that they left, with the new version of each
     * @throws {Failure} LAST_OWNER, LAST_ADMIN; WRONG_PASSWORD when the verified password is no longer the current one
     */
    delete: async (userId: string, verifiedHash: string): Promise<ChangedMembership[]> => {
      const { changed } = await eraseAccount(pool, {
        ownedRooms: 'refuse',
        begin: async (transaction) => {
          await holdAdmins(transaction)
          await requireOtherAdmin(transaction, userId)
          return userId
        },
        record: async (transaction) => {
          const { rowCount } = await transaction.query('SELECT FROM users WHERE id = $1 AND password_hash = $2', [userId, verifiedHash])
          if (rowCount === 0) throw new Failure('WRONG_PASSWORD')
          await writeAudit(transaction, { kind: 'account.deleted', actorId: userId, subjectId: userId })
        },
      })
      return changed
    },
  }
}

export type AccountStore = ReturnType<typeof createAccountStore>
