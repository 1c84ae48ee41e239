import { z } from 'zod'
import { key } from './text'

/** What somebody may do on the whole server. Guests see only the rooms they are in. */
export type ServerRole = 'admin' | 'member' | 'bot' | 'guest'

/** A person as everybody sees them. */
export interface User {
  id: string
  username: string
  displayName: string
  avatar: string | null
}

/** What `session.me` answers. */
export interface Me {
  user: User
  /** This connection's id, the one that `Message.uid` carries; null over plain HTTP. */
  uid: string | null
  sessionId: string
  /** ISO 8601. */
  expiresAt: string
  /** ISO 8601. */
  serverTime: string
}

/** One of the caller's own sign-ins. Times are ISO 8601. */
export interface SessionInfo {
  id: string
  /** The browser or program, as it named itself; null when it did not. */
  device: string | null
  /** The address that it signed in from. */
  ip: string | null
  created: string
  lastSeen: string
  /** Whether it is the one that asks. */
  current: boolean
}

export const username = z
  .string()
  .max(32)
  .transform((value) => value.toLowerCase())
  .pipe(z.string().regex(/^[a-z0-9_.-]{2,32}$/, 'must have 2 to 32 characters from a-z, 0-9, _ . and -'))

export const password = z
  .string()
  .min(8, 'must have at least 8 characters')
  .max(128, 'must have at most 128 characters')
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')

export const revokeSessionInput = z.strictObject({ sessionId: key(1, 64) })
