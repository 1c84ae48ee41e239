import { createSecretKey, randomUUID } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

export interface TokenClaims {
  userId: string
  sessionId: string
  expiresAt: Date
}

const claims = z.object({ sub: z.uuid(), sid: z.uuid(), jti: z.string(), exp: z.number() })

/** Signs and checks session tokens. The token only names the session: whether that still stands, its row decides. */
export interface SessionTokens {
  sign(token: TokenClaims): Promise<string>
  /** Null for anything that is not a token of ours in its time. Never throws. */
  parse(token: string): Promise<TokenClaims | null>
}

/** @param secrets newest first: the first signs, all verify, so that a secret can be changed without signing anybody out */
export function createSessionTokens(secrets: readonly string[]): SessionTokens {
  // Made once: from the bytes of a secret, jose would make a key for each token.
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret)))
  const [newest] = keys
  if (!newest) throw new Error('at least one secret is needed')
  return {
    sign: ({ userId, sessionId, expiresAt }) =>
      new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(Math.floor(expiresAt.getTime() / 1000))
        .sign(newest),
    parse: async (token) => {
      for (const key of keys) {
        // The algorithm is pinned: a token must not choose how it is checked.
        const verified = await jwtVerify(token, key, { algorithms: ['HS256'] }).catch(() => null)
        const parsed = claims.safeParse(verified?.payload)
        if (parsed.success) {
          return { userId: parsed.data.sub, sessionId: parsed.data.sid, expiresAt: new Date(parsed.data.exp * 1000) }
        }
      }
      return null
    },
  }
}
