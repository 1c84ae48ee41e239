import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { Failure } from '../../contract/failures'
import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { createIssuerKeys } from './issuer-keys'
import { findOrCreateOutsidePerson, readOutsidePerson } from './outside-people'
import type { SessionTokens, TokenClaims } from './session-token'
import type { SignInParts } from './sign-in'
import { createTokenSessions } from './token-sessions'

type Parts = Pick<SignInParts, 'store' | 'announceJoin'> & { log: Log }

/** With a public key. An HMAC with it as the secret, and `none`, anybody could make. */
const algorithms = ['RS256', 'ES256', 'EdDSA']
const clockToleranceSeconds = 5
const tokenTypes = ['jwt', 'at+jwt', 'application/at+jwt']
const maxLength = 16 * 1024

/** Accepts the tokens of an outside issuer wherever one of ours is accepted. */
export function acceptOutsideTokens(own: SessionTokens, outside: Config['outsideTokens'], parts: Parts): SessionTokens {
  if (!outside) return own
  const findKey = createIssuerKeys(outside.jwksUrl, parts.log)
  const sessions = createTokenSessions(parts.store)

  async function parseOutside(token: string): Promise<TokenClaims | null> {
    const payload = await verify(token, outside as NonNullable<typeof outside>, findKey)
    if (!payload) return null
    const expiresAt = new Date(((payload.exp ?? 0) + clockToleranceSeconds) * 1_000)
    return sessions.findOrCreate(
      token,
      expiresAt,
      async () => (await findOrCreateOutsidePerson(parts, readOutsidePerson(payload), null)).id,
    )
  }

  return {
    sign: own.sign,
    parse: async (token) => (await own.parse(token)) ?? (isCandidate(token, outside.issuer) ? parseOutside(token) : null),
    findKnown: (token) => own.findKnown(token) ?? sessions.findKnown(token),
  }
}

/** Whether the token says that it is one of this issuer's. Cheap, and without asking the issuer for its keys. */
function isCandidate(token: string, issuer: string): boolean {
  try {
    if (token.length > maxLength) return false
    const { alg, typ } = decodeProtectedHeader(token)
    const hasType = typ === undefined || (typeof typ === 'string' && tokenTypes.includes(typ.toLowerCase()))
    return alg !== undefined && algorithms.includes(alg) && hasType && decodeJwt(token).iss === issuer
  } catch {
    return false
  }
}

/** @returns null for a token that is not valid @throws {Failure} UNAVAILABLE while that cannot be told */
async function verify(
  token: string,
  { issuer, audience }: NonNullable<Config['outsideTokens']>,
  findKey: JWTVerifyGetKey,
): Promise<JWTPayload | null> {
  const options = { issuer, audience, algorithms, clockTolerance: clockToleranceSeconds, requiredClaims: ['exp', 'sub'] }
  try {
    const { payload } = await verifyWithEach(token, findKey, options)
    readOutsidePerson(payload)
    // A token that is bound to a key of its client is worth nothing without a proof, and nothing here asks for one.
    return payload.cnf === undefined ? payload : null
  } catch (error) {
    if (error instanceof Failure) throw error
    return null
  }
}

/** A token that does not name its key may have been signed with any of them. */
async function verifyWithEach(token: string, findKey: JWTVerifyGetKey, options: Parameters<typeof jwtVerify>[2]) {
  try {
    return await jwtVerify(token, findKey, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch((failure: unknown) => {
        if (failure instanceof errors.JWSSignatureVerificationFailed) return null
        throw failure
      })
      if (verified) return verified
    }
    throw error
  }
}
