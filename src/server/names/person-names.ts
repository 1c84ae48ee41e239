import { Failure } from '../../contract/failures'
import type { Querying } from '../platform/database'
import { lookAlikeKeys, looksReserved } from './look-alikes'

interface Names {
  username: string
  displayName: string
}

/**
 * Claims both names of somebody new, so that nobody else can have one that looks like them. Names that others claim at the
 * same time wait for this transaction.
 * @throws {Failure} USERNAME_TAKEN, NAME_TAKEN
 */
export async function claimNames(transaction: Querying, userId: string, names: Names): Promise<void> {
  const usernameKeys = lookAlikeKeys(names.username)
  const taken = await claimKeys(transaction, userId, keysOf(names))
  if (looksReserved(names.username) || usernameKeys.some((key) => taken.has(key)))
    throw new Failure('USERNAME_TAKEN', { fields: { username: 'is taken' } })
  requireFree(names.displayName, taken)
}

/**
 * Claims a new display name, and gives the old one up.
 * @throws {Failure} NAME_TAKEN
 */
export async function claimDisplayName(transaction: Querying, userId: string, names: Names): Promise<void> {
  const usernameKeys = lookAlikeKeys(names.username)
  const taken = await claimKeys(transaction, userId, keysOf(names))
  // Of two people whose names were alike before names were compared, only one holds the key. The other's name is still theirs.
  for (const key of usernameKeys) taken.delete(key)
  requireFree(names.displayName, taken)
  await transaction.query('DELETE FROM person_names WHERE user_id = $1 AND NOT key = ANY($2)', [userId, keysOf(names)])
}

const keysOf = ({ username, displayName }: Names) => [...new Set([...lookAlikeKeys(username), ...lookAlikeKeys(displayName)])].sort()

/** In one order, so that two claims cannot wait for each other. @returns those that somebody else holds */
async function claimKeys(transaction: Querying, userId: string, keys: readonly string[]): Promise<Set<string>> {
  const { rows } = await transaction.query<{ key: string }>(
    `INSERT INTO person_names (key, user_id) SELECT key, $1 FROM unnest($2::text[]) WITH ORDINALITY AS k(key, place) ORDER BY place
     ON CONFLICT (key) DO UPDATE SET user_id = excluded.user_id WHERE person_names.user_id = excluded.user_id RETURNING key`,
    [userId, keys],
  )
  return new Set(keys.filter((key) => !rows.some((row) => row.key === key)))
}

function requireFree(displayName: string, taken: ReadonlySet<string>): void {
  const isTaken = looksReserved(displayName) || lookAlikeKeys(displayName).some((key) => taken.has(key))
  if (isTaken) throw new Failure('NAME_TAKEN', { fields: { displayName: 'is taken, or looks too much like another one' } })
}
