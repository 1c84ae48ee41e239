import { createHmac, createSecretKey, type KeyObject, randomUUID, timingSafeEqual } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { z } from 'zod'

export interface TokenClaims {
  userId: string
  sessionId: string
  expiresAt: Date
  /** It cannot be renewed here: an outside issuer or an app has signed it, or it is a bot's. */
  isFixed?: boolean
}

/** In seconds since the epoch. The upper end is that of JavaScript's dates. */
const time = z.number().min(0).max(8.64e12)

const claims = z.object({ sub: z.uuid(), sid: z.uuid(), jti: z.string(), exp: time, nbf: time.optional() })

/** Signs and checks session tokens. A token only names the session; the session's row decides whether it is still valid. */
export interface SessionTokens {
  sign(token: TokenClaims): Promise<string>
  /** Null for anything but a valid, unexpired token. @throws only for a token that was signed elsewhere, while it cannot be checked */
  parse(token: string): Promise<TokenClaims | null>
  /**
   * As much of `parse` as needs no database and no issuer: our own tokens, and those of others whose session this process has
   * already found.
   */
  findKnown(token: string): TokenClaims | null
}

/** @param secrets newest first: the first signs, all verify, so that changing the secret signs nobody out */
export function createSessionTokens(secrets: readonly string[]): SessionTokens {
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret)))
  const [newest] = keys
  if (!newest) throw new Error('at least one secret is needed')

  function findKnown(token: string): TokenClaims | null {
    try {
      // The algorithm is fixed: a token must not choose how it is checked.
      const { alg, crit } = decodeProtectedHeader(token)
      if (alg !== 'HS256' || crit !== undefined || !keys.some((key) => isSignedWith(key, token))) return null
      const { sub, sid, exp, nbf = 0 } = claims.parse(decodeJwt(token))
      const now = Date.now() / 1000
      return exp > now && nbf <= now ? { userId: sub, sessionId: sid, expiresAt: new Date(exp * 1000) } : null
    } catch {
      return null
    }
  }

  return {
    sign: ({ userId, sessionId, expiresAt }) =>
      new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(Math.floor(expiresAt.getTime() / 1000))
        .sign(newest),
    parse: async (token) => findKnown(token),
    findKnown,
  }
}

/**
 * Checks the HMAC of a compact JWS. jose's own verification runs in a thread: when everybody reconnects at once, the way
 * there and back costs more than everything else in a connect.
 */
export function isSignedWith(key: KeyObject, token: string): boolean {
  const end = token.lastIndexOf('.')
  const expected = Buffer.from(createHmac('sha256', key).update(token.slice(0, end)).digest('base64url'))
  // Compared as text: decoding would accept the same signature in many ways of writing it.
  const signature = Buffer.from(token.slice(end + 1))
  return signature.length === expected.length && timingSafeEqual(signature, expected)
}

/**
 * The person whose genuine token is among these, whether or not its session still exists: for deciding whose turn it is, not
 * what they may do. It asks nobody, so that it may be called before it is anybody's turn: a token that was signed elsewhere
 * counts from the first request that was let in with it.
 */
export function findTokenOwner(tokens: Pick<SessionTokens, 'findKnown'>, among: readonly string[]): string | null {
  for (const token of among) {
    const claims = tokens.findKnown(token)
    if (claims) return claims.userId
  }
  return null
}
