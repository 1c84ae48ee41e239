import type { Pool } from 'pg'
import type { z } from 'zod'
import { Failure } from '../../contract/failures'
import { foldUsername, isUsername } from '../../contract/rules'
import type { loginInput, registerInput, resetInput } from '../../contract/sign-in'
import type { Administration } from '../admin/administration'
import { writeAudit } from '../admin/audit-log'
import { networkOf, wideNetworkOf } from '../platform/client-address'
import type { Config } from '../platform/config'
import { type Device, deviceTokenOf, hashDevice } from './devices'
import type { Asker } from './fair-queue'
import { requireAcceptablePassword } from './password-strength'
import { hashPassword, verifyPassword } from './passwords'
import { countUse, requireWithinLimit } from './rate-limits'
import type { PersonToSignIn } from './session-store'
import { type SessionParts, type StartedSession, startSession } from './sessions'
import type { SignInThrottle } from './sign-in-throttle'

export interface SignInParts extends SessionParts {
  /** Announces the new member to the room's followers. May fail silently: they notice the gap and read it. */
  announceJoin: (join: { room: string; userId: string; version: number }) => void
  administration: Administration
  pool: Pool
  throttle: SignInThrottle
  limits: Pick<Config, 'loginsPerMinute' | 'registrationsPerHour'>
  /** What anybody may know of this server, and therefore no password may be. */
  serverNames(): Promise<readonly string[]>
}

const hourMs = 60 * 60_000
/** How many more may come from a wide network than from one address: one customer can have a whole IPv6 /48. */
const perWideNetwork = 5

/** @throws {Failure} BAD_REQUEST, USERNAME_TAKEN, NAME_TAKEN, TOO_MANY_REQUESTS, UNAVAILABLE, and what the rules of registration say */
export async function register(parts: SignInParts, input: z.output<typeof registerInput>, device: Device): Promise<StartedSession> {
  const asker = strangerFrom(device)
  const displayName = input.displayName || input.username
  await requireAcceptablePassword(input.password, [input.username, displayName, ...(await parts.serverNames())], asker)
  await requireAddressWithin(parts, 'register', device, parts.limits.registrationsPerHour, hourMs)
  const passwordHash = await hashPassword(input.password, asker)
  const person = { username: input.username, displayName, passwordHash }
  const admission = parts.administration.registration.begin({ invite: input.invite, setup: input.setup, ip: device.ip })
  const { user, joined } = await parts.store.createPerson(person, admission.admit)
  if (joined) parts.announceJoin({ ...joined, userId: user.id })
  admission.announce()
  return startSession(parts, { user, proof: { kind: 'password', passwordHash } }, device)
}

/**
 * Every statement and the check of a password are the same whether the username exists or not, and so is what is counted.
 * @throws {Failure} INVALID_CREDENTIALS, the same and after the same time for unknown people; TOO_MANY_REQUESTS
 */
export async function signInWithPassword(parts: SignInParts, input: z.output<typeof loginInput>, device: Device): Promise<StartedSession> {
  const name = foldUsername(input.username)
  const person = await parts.store.findToSignIn(name, device.token ?? '')
  const knownDevice = person?.isKnownDevice && device.token !== null ? hashDevice(person.user.id, device.token) : null
  const asker = knownDevice ? { line: `device ${knownDevice.toString('base64url')}`, isKnown: true } : strangerFrom(device)
  // Whoever shares an address with others must not be kept out by them.
  if (knownDevice) await requireWithinLimit(parts.pool, `login ${asker.line}`, parts.limits.loginsPerMinute, 60_000)
  else await requireSignInTry(parts, device)

  const proven = await parts.throttle.run({ step: 'password', name, ip: device.ip, knownDevice }, async () => {
    const matches = await verifyPassword(person?.passwordHash ?? null, input.password, asker)
    return person?.passwordHash && matches ? { user: person.user, passwordHash: person.passwordHash } : null
  })
  if (!proven) {
    await noteFailure(parts.pool, name, person, device)
    throw new Failure('INVALID_CREDENTIALS')
  }
  const { user, passwordHash } = proven
  return startSession(parts, { user, proof: { kind: 'password', passwordHash } }, device)
}

/**
 * Sets a password by a one-time link. Its device counts as known then: while others guess at the account, no new device gets in.
 * @returns the device's token
 * @throws {Failure} BAD_REQUEST, RESET_LINK_NOT_FOUND, TOO_MANY_REQUESTS, UNAVAILABLE
 */
export async function resetByLink(parts: SignInParts, input: z.output<typeof resetInput>, device: Device): Promise<string> {
  await requireAddressWithin(parts, 'reset', device, parts.limits.loginsPerMinute, 60_000)
  const deviceToken = deviceTokenOf(device)
  await parts.administration.resetPassword(input, { ip: device.ip, deviceToken })
  return deviceToken
}

/** Counts a try to sign in, of whatever kind, against the network it comes from. @throws {Failure} TOO_MANY_REQUESTS */
export const requireSignInTry = (parts: Pick<SignInParts, 'pool' | 'limits'>, device: Device): Promise<void> =>
  requireAddressWithin(parts, 'login', device, parts.limits.loginsPerMinute, 60_000)

async function requireAddressWithin({ pool }: { pool: Pool }, act: string, { ip }: Device, limit: number, windowMs: number) {
  const network = networkOf(ip)
  await requireWithinLimit(pool, `${act} from ${network}`, limit, windowMs)
  // A whole /24 has many customers, but an IPv6 /48 may have one.
  if (network.includes(':')) await requireWithinLimit(pool, `${act} from ${wideNetworkOf(ip)}`, limit * perWideNetwork, windowMs)
}

const strangerFrom = ({ ip }: Device): Asker => ({ line: networkOf(ip), isKnown: false })

/** In an hour, of one person, or of names that nobody has from one network: a flood of them must not fill the audit log. */
const maxFailuresListed = 30
const maxFailuresListedInAll = 2_000

/** A name that could be nobody's is not written down: it may be a password, typed into the wrong field. */
async function noteFailure(pool: Pool, name: string, person: PersonToSignIn | null, { ip, userAgent }: Device): Promise<void> {
  const whose = person ? `of ${person.user.id}` : `from ${networkOf(ip)}`
  const withheld =
    (await countUse(pool, `failures ${whose}`, maxFailuresListed, hourMs)) +
    (await countUse(pool, `failures of ${person ? 'people' : 'nobody'}`, maxFailuresListedInAll, hourMs))
  if (withheld > 0 && (await countUse(pool, `failures ${whose}, noted`, 1, hourMs)) > 0) return
  const detail = { ...(isUsername(name) && { username: name }), device: userAgent, ...(withheld > 0 && { furtherNotListed: true }) }
  await writeAudit(pool, { kind: 'signIn.failed', actorId: null, subjectId: person?.user.id ?? null, ip, detail })
}
