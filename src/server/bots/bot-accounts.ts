import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import type { User } from '../../contract/session'
import type { AnnounceNeeds } from '../bus/announce'
import { announceToRoom } from '../bus/announce'
import { claimNames } from '../names/person-names'
import { eraseAccount } from '../people/erase-account'
import type { Querying } from '../platform/database'

/**
 * An account for a program: it has no password, and is in no room.
 * @throws {Failure} USERNAME_TAKEN, NAME_TAKEN
 */
export async function createBotAccount(transaction: Querying, names: { username: string; displayName: string }): Promise<User> {
  const { rows } = await transaction.query<User>(
    `INSERT INTO users (username, display_name, role) VALUES ($1, $2, 'bot')
     ON CONFLICT (username) DO NOTHING RETURNING id, username, display_name AS "displayName", avatar`,
    [names.username, names.displayName],
  )
  const [user] = rows
  if (!user) throw new Failure('USERNAME_TAKEN', { fields: { username: 'is taken' } })
  await claimNames(transaction, user.id, user)
  return user
}

/**
 * Deletes an account of a program. Its messages stay, under "Deleted user".
 * @param begin finds out whether it may be deleted, in the same transaction @returns its id
 */
export async function eraseBotAccount(
  parts: Pick<AnnounceNeeds, 'bus'> & { pool: Pool; sessions: { announceRevocation(): void } },
  erasure: { begin(transaction: Querying): Promise<string>; record?(transaction: Querying, userId: string): Promise<void> },
): Promise<void> {
  const { changed } = await eraseAccount(parts.pool, { ownedRooms: 'hand over', record: async () => {}, ...erasure })
  for (const { room, ...change } of changed) announceToRoom(parts, room, [{ type: 'membership', ...change }])
  parts.sessions.announceRevocation()
}
