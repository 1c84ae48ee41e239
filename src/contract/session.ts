import * as z from 'zod'
import { countCharacters, foldUsername, isUsername, limits } from './rules'
import { key } from './text'

/** A person as everybody sees them. */
export interface User {
  id: string
  username: string
  displayName: string
  avatar: string | null
}

/** The answer of `session.me`. */
export interface Me {
  user: User
  /** The id of this connection, as in `Message.uid`; null over plain HTTP. */
  uid: string | null
  sessionId: string
  /** ISO 8601. */
  expiresAt: string
  /** ISO 8601. */
  serverTime: string
}

/** How somebody signed in. */
export type SignInMethod = 'password' | 'password and code' | 'password and recovery code' | 'passkey' | 'oidc' | 'token' | 'bot'

/** One of the person's own sessions. Times are ISO 8601. */
export interface SessionInfo {
  id: string
  /** The user agent of the browser or program; null when it sent none. */
  device: string | null
  /** The IP address it signed in from. */
  ip: string | null
  method: SignInMethod
  /** Whether this was the person's first sign-in from that device, and not their first of all. */
  newDevice: boolean
  created: string
  lastSeen: string
  /** Whether this call was made with it. */
  current: boolean
}

export const username = z
  .string()
  .max(limits.typedUsername)
  .transform(foldUsername)
  .refine(isUsername, 'must have 2 to 32 characters: a-z, 0-9, _ . -')
  .meta({ maxLength: limits.username.max, description: 'a-z, 0-9, _ . -; capitals are folded.' })

/** A password that somebody chooses. NFC: the same characters can be typed in two ways. */
export const password = z
  .string()
  .max(limits.typedPassword, `must have at most ${limits.password.max} characters`)
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
  .transform((value) => value.normalize('NFC'))
  .refine((value) => countCharacters(value) >= limits.password.min, `must have at least ${limits.password.min} characters`)
  .refine((value) => countCharacters(value) <= limits.password.max, `must have at most ${limits.password.max} characters`)
  .meta({ minLength: limits.password.min, maxLength: limits.password.max })

export const revokeSessionInput = z.strictObject({ sessionId: key(1, limits.id) })
