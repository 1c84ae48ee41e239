import type { Pool } from 'pg'
import { z } from 'zod'
import { Failure } from '../../contract/failures'
import { isUsername, limits } from '../../contract/rules'
import { password, username } from '../../contract/session'
import { key, line } from '../../contract/text'
import type { Administration } from '../admin/administration'
import type { Config } from '../platform/config'
import type { Device } from './devices'
import { hashPassword, requireAcceptablePassword, verifyPassword } from './passwords'
import { countFailure, countUse, findFailureDelay, forgetFailures } from './rate-limits'
import { type SessionParts, startSession } from './sessions'

export interface SignInParts extends SessionParts {
  /** Announces the new member to the room's followers. May fail silently: they notice the gap and read it. */
  announceJoin: (join: { room: string; userId: string; version: number }) => void
  administration: Administration
  pool: Pool
  limits: Pick<Config, 'loginsPerMinute' | 'registrationsPerHour'>
}

export const registerInput = z.strictObject({
  username,
  password,
  displayName: line(0, limits.displayName).optional(),
  /** The token of an invitation to the server or to a room. */
  invite: key(1, limits.inviteToken).optional(),
  /** The token of the setup link, for the first account. */
  setup: key(1, limits.inviteToken).optional(),
})

export const resetInput = z.strictObject({ token: key(1, limits.inviteToken), password })

/** `user` is the id of the person the page was made for: the cookie may belong to somebody else by now. */
export const logoutInput = z.strictObject({ user: z.uuid().optional() })

// Looser than for registering: a name or password that could not be registered is simply wrong.
export const loginInput = z.strictObject({ username: key(0, limits.typedUsername), password: z.string().max(limits.typedPassword) })

/** @throws {Failure} BAD_REQUEST, USERNAME_TAKEN, NAME_TAKEN, TOO_MANY_REQUESTS, and what the rules of registration say */
export async function register(parts: SignInParts, input: z.output<typeof registerInput>, device: Device) {
  requireAcceptablePassword(input.password, input.username)
  await requireWithinLimit(parts, `register ip ${device.ip}`, parts.limits.registrationsPerHour, 60 * 60_000)
  const passwordHash = await hashPassword(input.password)
  const person = { username: input.username, displayName: input.displayName || input.username, passwordHash }
  const admission = parts.administration.registration.begin({ invite: input.invite, setup: input.setup, ip: device.ip })
  const { user, joined } = await parts.store.createPerson(person, admission.admit)
  if (joined) parts.announceJoin({ ...joined, userId: user.id })
  admission.announce()
  return startSession(parts, { user, proof: { kind: 'password', passwordHash } }, device)
}

/** @throws {Failure} INVALID_CREDENTIALS, the same and after the same time for unknown people; TOO_MANY_REQUESTS */
export async function signInWithPassword(parts: SignInParts, input: z.output<typeof loginInput>, device: Device) {
  await requireSignInTry(parts, device)
  const name = input.username.toLowerCase()
  const account = `login account ${name}`
  const retryAfterMs = await findFailureDelay(parts.pool, account)
  if (retryAfterMs > 0) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs })

  const person = isUsername(name) ? await parts.store.findByUsername(name) : null
  const matches = await verifyPassword(person?.passwordHash ?? null, input.password)
  if (!person?.passwordHash || !matches) {
    await countFailure(parts.pool, account)
    throw new Failure('INVALID_CREDENTIALS')
  }
  await forgetFailures(parts.pool, account)
  const { passwordHash, ...user } = person
  return startSession(parts, { user, proof: { kind: 'password', passwordHash } }, device)
}

/** Counts a try to sign in, of whatever kind. @throws {Failure} TOO_MANY_REQUESTS */
export const requireSignInTry = (parts: SignInParts, { ip }: Device): Promise<void> =>
  requireWithinLimit(parts, `login ip ${ip}`, parts.limits.loginsPerMinute, 60_000)

/** Sets a password by a one-time link. @throws {Failure} BAD_REQUEST, RESET_LINK_NOT_FOUND, TOO_MANY_REQUESTS */
export async function resetByLink(parts: SignInParts, input: z.output<typeof resetInput>, { ip }: Device): Promise<void> {
  await requireWithinLimit(parts, `reset ip ${ip}`, parts.limits.loginsPerMinute, 60_000)
  await parts.administration.resetPassword(input, ip)
}

async function requireWithinLimit(parts: SignInParts, key: string, limit: number, windowMs: number) {
  const retryAfterMs = await countUse(parts.pool, key, limit, windowMs)
  if (retryAfterMs > 0) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs })
}
