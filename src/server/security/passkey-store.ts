import type { Pool } from 'pg'
import type { User } from '../../contract/session'
import { writeAudit } from '../admin/audit-log'
import { inTransaction, isUniqueViolation, type Querying } from '../platform/database'

export interface StoredPasskey {
  id: string
  name: string
  createdAt: Date
  lastUsedAt: Date | null
  synced: boolean
}

export interface UsablePasskey {
  id: string
  user: User
  credentialId: Uint8Array
  publicKey: Uint8Array
  counter: number
}

interface NewPasskey {
  userId: string
  credentialId: Uint8Array
  publicKey: Uint8Array
  counter: number
  transports: readonly string[]
  synced: boolean
  name: string
}

/** An answer to a challenge, checked. */
export interface PasskeyUse {
  challengeHash: Uint8Array
  /** When the challenge expires. */
  expiresAt: Date
  counter: number
  synced: boolean
}

const columns = 'id, name, created_at AS "createdAt", last_used_at AS "lastUsedAt", synced'

/** @param maxPerPerson how many somebody can have */
export function createPasskeyStore(pool: Pool, maxPerPerson: number) {
  return {
    list: async (userId: string): Promise<StoredPasskey[]> => {
      const { rows } = await pool.query<StoredPasskey>(`SELECT ${columns} FROM passkeys WHERE user_id = $1 ORDER BY created_at, id`, [
        userId,
      ])
      return rows
    },

    /** What a browser needs to find the person's passkeys. */
    listCredentials: async (userId: string): Promise<{ credentialId: Buffer; transports: string[] }[]> => {
      const { rows } = await pool.query<{ credentialId: Buffer; transports: string[] }>(
        'SELECT credential_id AS "credentialId", transports FROM passkeys WHERE user_id = $1 ORDER BY created_at, id',
        [userId],
      )
      return rows
    },

    /** Null for unknown ones, and those of disabled and deleted people. */
    findUsable: async (credentialId: Uint8Array): Promise<UsablePasskey | null> => {
      const { rows } = await pool.query<User & { passkey: string; credential_id: Buffer; public_key: Buffer; counter: string }>(
        `SELECT p.id AS passkey, p.credential_id, p.public_key, p.counter, u.id, u.username, u.display_name AS "displayName", u.avatar
         FROM passkeys p JOIN users u ON u.id = p.user_id
         WHERE p.credential_id = $1 AND u.disabled_at IS NULL AND u.deleted_at IS NULL`,
        [credentialId],
      )
      const [row] = rows
      if (!row) return null
      const { passkey, credential_id, public_key, counter, ...user } = row
      return { id: passkey, user, credentialId: credential_id, publicKey: public_key, counter: Number(counter) }
    },

    /**
     * Notes that a passkey has answered a challenge: neither the answer nor a lower counter is accepted again.
     * @returns false when the challenge was answered already, or the passkey was used or removed meanwhile
     */
    noteUse: (passkey: string, use: PasskeyUse): Promise<boolean> =>
      inTransaction(pool, async (transaction) => {
        if (!(await spendChallenge(transaction, use))) return false
        const { rowCount } = await transaction.query(
          `UPDATE passkeys SET counter = $2, synced = $3, last_used_at = now() WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))`,
          [passkey, use.counter, use.synced],
        )
        return rowCount === 1
      }),

    /** @returns the name of the failure when it cannot be added */
    add: async (
      passkey: NewPasskey,
      challenge: { challengeHash: Uint8Array; expiresAt: Date },
      ip: string,
    ): Promise<StoredPasskey | 'INVALID_PASSKEY' | 'PASSKEY_TAKEN' | 'TOO_MANY_PASSKEYS'> => {
      const { userId, credentialId, publicKey, counter, transports, synced, name } = passkey
      return inTransaction(pool, async (transaction) => {
        if (!(await spendChallenge(transaction, challenge))) return 'INVALID_PASSKEY'
        // Two that are added at once are counted one after the other.
        await transaction.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId])
        const { rows } = await transaction.query<StoredPasskey>(
          `INSERT INTO passkeys (user_id, credential_id, public_key, counter, transports, synced, name)
           SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM passkeys WHERE user_id = $1) < $8 RETURNING ${columns}`,
          [userId, credentialId, publicKey, counter, transports, synced, name, maxPerPerson],
        )
        if (!rows[0]) return 'TOO_MANY_PASSKEYS'
        await writeAudit(transaction, { kind: 'account.passkeyAdded', actorId: userId, ip, detail: { passkey: rows[0].id, name } })
        return rows[0]
      }).catch((error: unknown) => {
        if (isUniqueViolation(error)) return 'PASSKEY_TAKEN'
        throw error
      })
    },

    rename: async (userId: string, id: string, name: string): Promise<StoredPasskey | null> => {
      const { rows } = await pool.query<StoredPasskey>(
        `UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2 RETURNING ${columns}`,
        [id, userId, name],
      )
      return rows[0] ?? null
    },

    /** @returns whether it was theirs */
    remove: (userId: string, id: string, ip: string): Promise<boolean> =>
      inTransaction(pool, async (transaction) => {
        const { rows } = await transaction.query<{ name: string }>('DELETE FROM passkeys WHERE id = $1 AND user_id = $2 RETURNING name', [
          id,
          userId,
        ])
        if (!rows[0]) return false
        await writeAudit(transaction, { kind: 'account.passkeyRemoved', actorId: userId, ip, detail: { passkey: id, name: rows[0].name } })
        return true
      }),
  }
}

/** @returns false when the challenge was answered already */
async function spendChallenge(transaction: Querying, { challengeHash, expiresAt }: { challengeHash: Uint8Array; expiresAt: Date }) {
  const { rowCount } = await transaction.query('INSERT INTO used_challenges (hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    challengeHash,
    expiresAt,
  ])
  return rowCount === 1
}

export type PasskeyStore = ReturnType<typeof createPasskeyStore>
