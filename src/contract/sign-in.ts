import * as z from 'zod'
import { limits } from './rules'
import { passkeyAnswer } from './security'
import { password, username } from './session'
import { key, line } from './text'

export const registerInput = z.strictObject({
  username,
  password,
  displayName: line(0, limits.displayName).optional(),
  /** The token of an invitation to the server or to a room. */
  invite: key(1, limits.inviteToken).optional(),
  /** The token of the setup link, for the first account. */
  setup: key(1, limits.inviteToken).optional(),
})

// Looser than for registering: a name or password that could not be registered is simply wrong.
export const loginInput = z.strictObject({ username: key(0, limits.typedUsername), password: z.string().max(limits.typedPassword) })

/** A plain HTML form has its ticket in a cookie. */
export const secondStepInput = z.strictObject({ ticket: key(1, limits.ticket).optional(), code: key(0, limits.typedCode) })

export const passkeySignInInput = z.strictObject({ passkey: passkeyAnswer })

/** `user` is the id of the person the page was made for: the cookie may belong to somebody else by now. */
export const logoutInput = z.strictObject({ user: z.uuid().optional() })

export const resetInput = z.strictObject({ token: key(1, limits.inviteToken), password })
