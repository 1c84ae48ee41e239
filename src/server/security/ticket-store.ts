import { createHash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import type { User } from '../../contract/session'

const ticketMinutes = 5
/** Codes that may be tried with one ticket. After that the password has to be entered again. */
const maxTries = 5

/** Stores who has given the right password and still has to enter a code. */
export function createTicketStore(pool: Pool) {
  return {
    /** @param passwordHash the hash that the password was checked against */
    open: async (userId: string, passwordHash: string): Promise<string> => {
      const ticket = randomBytes(32).toString('base64url')
      await pool.query(
        `INSERT INTO sign_in_tickets (hash, user_id, password_digest, expires_at) VALUES ($1, $2, $3, now() + $4 * interval '1 minute')`,
        [digest(ticket), userId, digest(passwordHash), ticketMinutes],
      )
      return ticket
    },

    /** @returns whose ticket it is; null when it is unknown, used up or expired */
    find: async (ticket: string): Promise<{ userId: string; username: string } | null> => {
      const { rows } = await pool.query<{ userId: string; username: string }>(
        `SELECT u.id AS "userId", u.username FROM sign_in_tickets t JOIN users u ON u.id = t.user_id
         WHERE t.hash = $1 AND t.expires_at > now() AND t.tries < $2`,
        [digest(ticket), maxTries],
      )
      return rows[0] ?? null
    },

    /** @returns false when the ticket is used up or expired */
    countTry: async (ticket: string): Promise<boolean> => {
      const { rowCount } = await pool.query(
        'UPDATE sign_in_tickets SET tries = tries + 1 WHERE hash = $1 AND expires_at > now() AND tries < $2',
        [digest(ticket), maxTries],
      )
      return rowCount === 1
    },

    /**
     * Ends a ticket: it gets one person in once.
     * @returns null when another has used it, or the person's password has changed, or the account was disabled
     */
    redeem: async (ticket: string): Promise<{ user: User; passwordHash: string } | null> => {
      const { rows } = await pool.query<User & { passwordHash: string | null; digest: Buffer }>(
        `WITH ended AS (DELETE FROM sign_in_tickets WHERE hash = $1 AND expires_at > now() RETURNING user_id, password_digest)
         SELECT u.id, u.username, u.display_name AS "displayName", u.avatar, u.password_hash AS "passwordHash", ended.password_digest AS digest
         FROM ended JOIN users u ON u.id = ended.user_id WHERE u.disabled_at IS NULL AND u.deleted_at IS NULL`,
        [digest(ticket)],
      )
      const [row] = rows
      if (!row?.passwordHash || !digest(row.passwordHash).equals(row.digest)) return null
      const { passwordHash, digest: _, ...user } = row
      return { user, passwordHash }
    },
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
