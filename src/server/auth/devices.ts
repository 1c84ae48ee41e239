import { createHash, randomBytes } from 'node:crypto'
import type { Querying } from '../platform/database'

/** Where a sign-in comes from. */
export interface Device {
  ip: string
  userAgent: string | null
  /** Its device cookie; null when it has none. */
  token: string | null
  /** The session tokens in its cookies: the new session replaces them. */
  replaces: readonly string[]
}

const tokenPattern = /^[\w-]{43}$/

/** More devices than anybody has. The one that was not used for longest is forgotten. */
const maxKnown = 50

/** The device's own token, or a new one if it has none. */
export const deviceTokenOf = ({ token }: Device): string =>
  token !== null && tokenPattern.test(token) ? token : randomBytes(32).toString('base64url')

/** What is stored of a device's token. It is another one for each person, so that nobody can tell who shares a device. */
export const hashDevice = (userId: string, token: string): Buffer => createHash('sha256').update(`${userId} ${token}`).digest()

/** The same in SQL, of a row of `users` and a token as the second parameter. */
export const deviceHashSql = `sha256(convert_to(users.id::text || ' ' || $2, 'UTF8'))`

/** @returns whether the device was known already */
export async function rememberDevice(querying: Querying, userId: string, deviceHash: Buffer): Promise<boolean> {
  const { rows } = await querying.query<{ known: boolean }>(
    `INSERT INTO known_devices (user_id, device_hash) VALUES ($1, $2)
     ON CONFLICT (user_id, device_hash) DO UPDATE SET last_used_at = now() RETURNING xmax <> 0 AS known`,
    [userId, deviceHash],
  )
  const isKnown = rows[0]?.known ?? false
  if (!isKnown) {
    await querying.query(
      `DELETE FROM known_devices WHERE user_id = $1 AND device_hash IN (
         SELECT device_hash FROM known_devices WHERE user_id = $1 ORDER BY last_used_at DESC OFFSET $2)`,
      [userId, maxKnown],
    )
  }
  return isKnown
}

export async function isKnownDevice(querying: Querying, userId: string, deviceHash: Buffer): Promise<boolean> {
  const { rowCount } = await querying.query('SELECT FROM known_devices WHERE user_id = $1 AND device_hash = $2', [userId, deviceHash])
  return rowCount === 1
}

/** From then on, no device is one that this person has signed in from. */
export async function forgetDevices(querying: Querying, userId: string): Promise<void> {
  await querying.query('DELETE FROM known_devices WHERE user_id = $1', [userId])
}
