import type { BotAccount, BotWithToken } from '../../contract/bots'
import { Failure } from '../../contract/failures'
import { appToken, limits } from '../../contract/rules'
import type { User } from '../../contract/session'
import { requireAdmin } from '../admin/acting'
import { writeAudit } from '../admin/audit-log'
import { endBotSession, startBotSession } from '../auth/bot-sessions'
import { inTransaction, type Querying, retried } from '../platform/database'
import { cutPage, readCursor } from '../platform/page-cursor'
import { createBotAccount, eraseBotAccount } from './bot-accounts'
import type { BotsContext } from './needs'

/**
 * Creates a bot that belongs to the caller. It is in no room until it joins or is invited.
 * @throws {Failure} USERNAME_TAKEN, NAME_TAKEN, TOO_MANY_BOTS, UNAUTHORIZED, NOT_ALLOWED for people of an app
 */
export const createOwnBot = ({ parts, caller }: BotsContext, names: { username: string; displayName: string }): Promise<BotWithToken> =>
  retried(() =>
    inTransaction(parts.pool, async (transaction) => {
      const actorId = caller.user.id
      await holdOwner(transaction, actorId, { getsToken: true })
      const { rows } = await transaction.query<{ count: number }>('SELECT count(*)::int AS count FROM bots WHERE owner_id = $1', [actorId])
      if ((rows[0]?.count ?? 0) >= limits.botsPerPerson) throw new Failure('TOO_MANY_BOTS')
      const user = await createBotAccount(transaction, names)
      const token = await startBotSession(transaction, user.id, actorId)
      await writeAudit(transaction, { kind: 'bot.created', actorId, subjectId: user.id, ip: caller.ip })
      return { user, token }
    }),
  )

const botColumns = `u.id, u.username, u.display_name AS "displayName", u.avatar, o.username AS owner, b.created_at, u.disabled_at,
  CASE WHEN s.last_seen_at > s.created_at THEN s.last_seen_at END AS last_seen_at, s.revoked_at IS NULL AND u.disabled_at IS NULL AS is_active`
const ofBot = `LEFT JOIN LATERAL (SELECT * FROM users o WHERE o.id = b.owner_id LIMIT 1) o ON true
  LEFT JOIN LATERAL (SELECT * FROM sessions s WHERE s.id = b.session_id LIMIT 1) s ON true`
const ownBots = `SELECT ${botColumns} FROM (SELECT * FROM bots WHERE owner_id = $3) b
  CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = b.user_id LIMIT 1) u ${ofBot}
  WHERE u.username > $1 ORDER BY u.username LIMIT $2`
/** In the order of an index, which has the accounts of hooks too. */
const everybodysBots = `SELECT ${botColumns} FROM users u CROSS JOIN LATERAL (SELECT * FROM bots b WHERE b.user_id = u.id LIMIT 1) b ${ofBot}
  WHERE u.role = 'bot' AND u.username > $1 ORDER BY u.username LIMIT $2`

/** The caller's bots, and for admins everybody's, by username. */
export async function listBots(
  { parts, caller }: BotsContext,
  cursor: string | null | undefined,
): Promise<{ bots: BotAccount[]; cursor: string | null }> {
  const [after] = readCursor(cursor, 'string', 'string') ?? ['']
  const position = [after, limits.peoplePage.max + 1]
  const isAdmin = caller.role === 'admin'
  const { rows } = await (isAdmin
    ? parts.pool.query<BotRow>(everybodysBots, position)
    : parts.pool.query<BotRow>(ownBots, [...position, caller.user.id]))
  // Checked after the read, so that nothing is shown that is newer than the loss of the role.
  if (isAdmin) await requireAdmin(parts.pool, caller.user.id)
  const { page, cursor: next } = cutPage(rows, limits.peoplePage.max, (last) => [last.username, last.id])
  return { bots: page.map(toBot), cursor: next }
}

/**
 * Gives a bot another token. Whoever is connected with the old one is disconnected, on every node.
 * @throws {Failure} BOT_NOT_FOUND, NOT_ALLOWED for people of an app
 */
export async function rotateBot({ parts, caller }: BotsContext, username: string): Promise<BotWithToken> {
  const rotated = await retried(() =>
    inTransaction(parts.pool, async (transaction) => {
      const user = await holdBot(transaction, caller.user.id, username, { getsToken: true })
      await endBotSession(transaction, user.id, 'rotated')
      const token = await startBotSession(transaction, user.id, caller.user.id)
      await writeAudit(transaction, { kind: 'bot.rotated', actorId: caller.user.id, subjectId: user.id, ip: caller.ip })
      return { user, token }
    }),
  )
  parts.sessions.announceRevocation()
  return rotated
}

/** Deletes a bot. Its messages stay, under "Deleted user". @throws {Failure} BOT_NOT_FOUND */
export async function removeBot({ parts, caller }: BotsContext, username: string): Promise<{ username: string }> {
  const actorId = caller.user.id
  await eraseBotAccount(parts, {
    begin: async (transaction) => (await holdBot(transaction, actorId, username, { getsToken: false })).id,
    record: (transaction, subjectId) =>
      writeAudit(transaction, { kind: 'bot.removed', actorId, subjectId, ip: caller.ip, detail: { username } }),
  })
  return { username }
}

interface BotRow extends User {
  owner: string | null
  created_at: Date
  last_seen_at: Date | null
  disabled_at: Date | null
  is_active: boolean | null
}

const toBot = ({ owner, created_at, last_seen_at, disabled_at, is_active, ...user }: BotRow): BotAccount => ({
  user,
  owner,
  createdAt: created_at.toISOString(),
  lastSeenAt: last_seen_at?.toISOString() ?? null,
  disabledAt: disabled_at?.toISOString() ?? null,
  isActive: is_active === true,
})

/** Whether the caller is about to be given a bot's token. */
interface Act {
  getsToken: boolean
}

/** Whoever disables or demotes the owner waits, and then ends the new bot too. @throws {Failure} UNAUTHORIZED, NOT_ALLOWED */
async function holdOwner(transaction: Querying, userId: string, { getsToken }: Act): Promise<void> {
  const { rows } = await transaction.query<{ role: string; issuer: string | null }>(
    'SELECT role, external_issuer AS issuer FROM users WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL FOR NO KEY UPDATE',
    [userId],
  )
  if (!rows[0]) throw new Failure('UNAUTHORIZED')
  if (rows[0].role !== 'member' && rows[0].role !== 'admin') throw new Failure('NOT_ALLOWED')
  // Their app vouches for them for some minutes at a time. A bot's token would go on without it.
  if (getsToken && rows[0].issuer === appToken.issuer) throw new Failure('NOT_ALLOWED')
}

/** One of the caller's bots; for an admin, any. Nobody else changes it meanwhile. @throws {Failure} BOT_NOT_FOUND, UNAUTHORIZED, NOT_ALLOWED */
async function holdBot(transaction: Querying, actorId: string, username: string, act: Act): Promise<User> {
  await holdOwner(transaction, actorId, act)
  const { rows } = await transaction.query<User>(
    `SELECT u.id, u.username, u.display_name AS "displayName", u.avatar FROM users u JOIN bots b ON b.user_id = u.id
     WHERE u.username = $1 AND u.deleted_at IS NULL
       AND (b.owner_id = $2 OR EXISTS (SELECT FROM users me WHERE me.id = $2 AND me.role = 'admin'))
     FOR UPDATE OF b`,
    [username, actorId],
  )
  const [user] = rows
  if (!user) throw new Failure('BOT_NOT_FOUND')
  return user
}
