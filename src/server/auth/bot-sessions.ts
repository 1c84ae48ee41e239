import type { Querying } from '../platform/database'
import { botSessionEnd, createBotToken } from './bot-tokens'
import { revokeSessions } from './revoke-sessions'

/** A new token for a bot, with its session. @returns the token, which cannot be shown again */
export async function startBotSession(transaction: Querying, userId: string, ownerId: string): Promise<string> {
  const { token, hash } = createBotToken()
  await transaction.query(
    `WITH session AS (INSERT INTO sessions (user_id, expires_at, method) VALUES ($1, $2, 'bot') RETURNING id)
     INSERT INTO bots (user_id, owner_id, token_hash, session_id) SELECT $1, $3, $4, id FROM session
     ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, session_id = excluded.session_id`,
    [userId, botSessionEnd, ownerId, hash],
  )
  return token
}

/** Ends what a bot's token signs in as, for good. The caller announces it after the commit. */
export async function endBotSession(transaction: Querying, userId: string, reason: string): Promise<void> {
  await revokeSessions(transaction, { userId, reason })
  // So that the row is deleted some time.
  await transaction.query('UPDATE sessions SET expires_at = now() WHERE user_id = $1 AND revoked_at IS NOT NULL AND expires_at > now()', [
    userId,
  ])
}

/** For somebody who may have no bots any more: their tokens stop working, and stay so. */
export async function endBotSessionsOf(transaction: Querying, ownerId: string, reason: string): Promise<void> {
  const { rows } = await transaction.query<{ id: string }>('SELECT user_id AS id FROM bots WHERE owner_id = $1', [ownerId])
  for (const { id } of rows) await endBotSession(transaction, id, reason)
}
