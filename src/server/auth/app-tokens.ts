import { createSecretKey } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { z } from 'zod'
import { appToken, appUsernamePrefix, limits } from '../../contract/rules'
import { roomId } from '../../contract/text'
import type { Log } from '../platform/log'
import { findOrCreateOutsidePerson, type OutsidePerson, optionalText, pictureUrl, subject } from './outside-people'
import { isSignedWith, type SessionTokens, type TokenClaims } from './session-token'
import type { SignInParts } from './sign-in'
import { createTokenSessions } from './token-sessions'

type Parts = Pick<SignInParts, 'store' | 'announceJoin'> & {
  /** Makes somebody a member of these rooms, as far as they exist and take new members. */
  addToRooms(userId: string, rooms: readonly string[]): Promise<void>
  log: Log
}

const clockToleranceSeconds = 5
const maxLength = 16 * 1024
/** In seconds since the epoch. */
const time = z.number().min(0).max(8.64e12)

const claims = z.strictObject({
  iss: z.literal(appToken.issuer),
  aud: z.literal(appToken.audience),
  sub: subject.max(limits.appUserId),
  name: optionalText,
  avatar: pictureUrl,
  rooms: z.array(roomId).max(limits.roomsPerToken).optional(),
  iat: time,
  exp: time,
  // Libraries may add these.
  nbf: time.optional(),
  jti: z.string().max(512).optional(),
})
type Claims = z.output<typeof claims>

/**
 * Accepts the tokens that an app signs for its own users with one of APP_TOKEN_SECRETS, wherever one of ours is accepted.
 * @param secrets newest first; the order only says which one apps should use
 */
export function acceptAppTokens(own: SessionTokens, secrets: readonly string[], parts: Parts): SessionTokens {
  if (secrets.length === 0) return own
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret)))
  const sessions = createTokenSessions(parts.store)

  async function parseApp(token: string): Promise<TokenClaims | null> {
    if (!keys.some((key) => isSignedWith(key, token))) return null
    const payload = readClaims(token, parts.log)
    if (!payload) return null
    const expiresAt = new Date((payload.exp + clockToleranceSeconds) * 1_000)
    return sessions.findOrCreate(token, expiresAt, async () => {
      const { id } = await findOrCreateOutsidePerson(parts, toPerson(payload), null)
      // Before the token has its session: whoever finds that finds the rooms too.
      if (payload.rooms) await parts.addToRooms(id, payload.rooms)
      return id
    })
  }

  return {
    sign: own.sign,
    parse: async (token) => (await own.parse(token)) ?? (isCandidate(token) ? parseApp(token) : null),
    findKnown: (token) => own.findKnown(token) ?? sessions.findKnown(token),
  }
}

/** The algorithm and the type are fixed: a token must not choose how it is checked, nor what it is. */
function isCandidate(token: string): boolean {
  try {
    if (token.length > maxLength) return false
    const { alg, typ, crit } = decodeProtectedHeader(token)
    return alg === 'HS256' && typ === appToken.type && crit === undefined
  } catch {
    return false
  }
}

/** Of a token that is signed with one of the secrets. @returns null when it is not valid, or no longer */
function readClaims(token: string, log: Log): Claims | null {
  const { success, data, error } = claims.safeParse(decodeClaims(token))
  const problem = success ? findTimeProblem(data) : error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  // Only the app itself can cause this, and its developers find the reason nowhere else.
  if (problem) log.warn({ problem }, 'the token of an app is not valid')
  const now = Date.now() / 1_000
  if (!success || problem || data.exp + clockToleranceSeconds <= now || (data.nbf ?? 0) > now + clockToleranceSeconds) return null
  return data
}

function decodeClaims(token: string): unknown {
  try {
    return decodeJwt(token)
  } catch {
    return null
  }
}

function findTimeProblem({ iat, exp }: Claims): string | null {
  if (iat > Date.now() / 1_000 + clockToleranceSeconds) return 'iat: is in the future'
  return exp - iat > appToken.maxSeconds ? `exp: must be at most ${appToken.maxSeconds} seconds after iat` : null
}

const toPerson = ({ iss, sub, name, avatar, rooms }: Claims): OutsidePerson => ({
  ...{ issuer: iss, subject: sub, preferredUsername: undefined, name, picture: avatar },
  ...{ usernamePrefix: appUsernamePrefix, isInNoRoom: rooms !== undefined },
})
