import * as z from 'zod'
import { limits } from './rules'
import { type User, username } from './session'
import { key, line, messageText, roomId } from './text'

/** A bot, as its owner and admins see it. Times are ISO 8601. */
export interface BotAccount {
  user: User
  /** The username of whoever created it; null when that account was deleted. */
  owner: string | null
  createdAt: string
  /** When its token was last used; null when it never was. */
  lastSeenAt: string | null
  /** Null unless an admin has disabled it. */
  disabledAt: string | null
  /** Whether its token works. It stops when the bot or its owner is disabled: rotating makes a new one. */
  isActive: boolean
}

/** The token is shown once: only its hash is stored. */
export interface BotWithToken {
  user: User
  /** Begins with `rlb_`, and does not expire. */
  token: string
}

/** An incoming hook: an address at which programs write in a room. */
export interface Hook {
  id: string
  room: string
  name: string
  /** The bot that its messages are from. */
  user: User
  /** The username of whoever created it; null when that account was deleted. */
  by: string | null
  /** ISO 8601. */
  createdAt: string
}

/** An outgoing hook: an address that what people write in a room is posted to. Times are ISO 8601. */
export interface OutgoingHook {
  id: string
  room: string
  name: string
  url: string
  /** The username of whoever created it; null when that account was deleted. */
  by: string | null
  createdAt: string
  /** Why the newest request failed, and when it is tried again; null while all is well. */
  failing: { error: string; tries: number; nextTryAt: string | null } | null
  /** Since when nothing is posted any more, because it has failed too often; null while it works. */
  stoppedAt: string | null
}

export const createBotInput = z.strictObject({ username, displayName: line(1, limits.displayName) })
export const botInput = z.strictObject({ username })
export const listBotsInput = z.strictObject({ cursor: key(1, limits.cursor).nullish() }).optional()

export const createHookInput = z.strictObject({ room: roomId, name: line(1, limits.hookName) })
export const createOutgoingHookInput = z.strictObject({
  room: roomId,
  name: line(1, limits.hookName),
  /** Where to post: https, and no address of a network inside. */
  url: key(1, limits.hookUrl).refine(
    (value) => URL.canParse(value) && /^https?:\/\//i.test(value),
    'must be a URL that starts with https://',
  ),
})
export const removeHookInput = z.strictObject({ room: roomId, id: key(1, limits.id) })

/** The body of a request to an incoming hook. */
export const hookMessageInput = z.strictObject({
  text: messageText,
  /** Who it is from, above the text: the message's author stays the hook's bot. */
  username: line(1, limits.displayName).optional(),
})
