import { z } from 'zod'

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

export const username = z
  .string()
  .max(32)
  .transform((value) => value.toLowerCase())
  .pipe(z.string().regex(/^[a-z0-9_.-]{2,32}$/, 'must have 2 to 32 characters from a-z, 0-9, _ . and -'))
