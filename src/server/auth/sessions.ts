import { Failure } from '../../contract/failures'
import type { ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { type Device, deviceTokenOf, hashDevice } from './devices'
import type { Proof } from './proof'
import type { EndedBy, SessionStore } from './session-store'
import type { SessionTokens, TokenClaims } from './session-token'

/** A valid session of a signed-in person. */
export interface Session {
  id: string
  user: User
  role: ServerRole
  expiresAt: Date
  /** When it was last used, according to its row. */
  lastSeenAt: Date
}

const idleMs = 7 * 24 * 60 * 60_000
const maxMs = 30 * 24 * 60 * 60_000

export interface SessionParts {
  store: SessionStore
  tokens: SessionTokens
  /** Tells the realtime nodes that the revocation log has grown. May fail silently: they also read it at intervals. */
  announceRevocation: () => void
  /**
   * Called before a session starts. @throws {Failure} when this person has a second factor, and the proof has none in it
   */
  requireSecondFactor?(signIn: { user: User; proof: Proof; device: Device }): Promise<void>
}

export interface StartedSession {
  user: User
  expiresAt: Date
  /** The session's token. */
  token: string
  /** Stays with the device when the session ends: the next sign-in from there is one from a known device. */
  deviceToken: string
}

/**
 * Every kind of sign-in ends here, once somebody has shown who they are: nothing else starts a session.
 * @throws {Failure} INVALID_CREDENTIALS when the proof no longer holds, or the account is disabled; whatever the second factor demands
 */
export async function startSession(
  parts: SessionParts,
  { user, proof }: { user: User; proof: Proof },
  device: Device,
): Promise<StartedSession> {
  const { store, tokens, announceRevocation } = parts
  await parts.requireSecondFactor?.({ user, proof, device })
  const expiresAt = new Date(Date.now() + idleMs)
  const deviceToken = deviceTokenOf(device)
  const { ip, userAgent } = device
  const session = await store.create({
    ...{ userId: user.id, ip, userAgent, expiresAt, proof },
    deviceHash: hashDevice(user.id, deviceToken),
    // The sessions of the cookies must end: nobody else could end them, and other tabs would keep using them.
    replaces: await parseAll(tokens, device.replaces),
  })
  if (!session) throw new Failure('INVALID_CREDENTIALS')
  if (session.endedOthers) announceRevocation()
  return { user, expiresAt, deviceToken, token: await tokens.sign({ userId: user.id, sessionId: session.id, expiresAt }) }
}

const parseAll = async (tokens: SessionTokens, candidates: readonly string[]): Promise<TokenClaims[]> =>
  (await Promise.all(candidates.map((token) => tokens.parse(token)))).filter((each) => each !== null)

/** The token names the session, and the session's row decides whether it is still valid. */
export async function findSession(parts: Pick<SessionParts, 'store' | 'tokens'>, token: string): Promise<Session | null> {
  const claims = await parts.tokens.parse(token)
  return claims && findClaimed(parts, claims)
}

/** The session of a parsed token. */
export async function findClaimed({ store }: Pick<SessionParts, 'store'>, claims: TokenClaims): Promise<Session | null> {
  const row = await store.findLive(claims.sessionId, claims.userId)
  return row && { id: row.id, user: row.user, role: row.role, expiresAt: claims.expiresAt, lastSeenAt: row.lastSeenAt }
}

/** Extends a session to seven days from now, but never beyond thirty days after the sign-in. The token of an outside issuer or of a bot stays as it is. */
export async function refreshSession({ store, tokens }: SessionParts, token: string) {
  const claims = await tokens.parse(token)
  const row = claims && (await store.findLive(claims.sessionId, claims.userId))
  if (!row) return null
  if (claims.isFixed) return { user: row.user, expiresAt: claims.expiresAt, token }
  const expiresAt = new Date(Math.min(Date.now() + idleMs, row.createdAt.getTime() + maxMs))
  if (!(await store.prolong(row.id, expiresAt))) return null
  return { user: row.user, expiresAt, token: await tokens.sign({ userId: row.user.id, sessionId: row.id, expiresAt }) }
}

/** Whether these tokens name sessions, but none of this person. */
export async function isAnotherPersons(
  { tokens }: Pick<SessionParts, 'tokens'>,
  candidates: readonly string[],
  userId: string,
): Promise<boolean> {
  const claims = await parseAll(tokens, candidates)
  return claims.length > 0 && !claims.some((each) => each.userId === userId)
}

/** Ends the session of this token. Does nothing if the token is invalid. */
export async function revokeSession(
  { store, tokens, announceRevocation }: SessionParts,
  token: string,
  reason: string,
  by: EndedBy | null,
): Promise<void> {
  const claims = await tokens.parse(token)
  if (!claims) return
  await store.revoke(claims.sessionId, claims.userId, reason, by)
  announceRevocation()
}
