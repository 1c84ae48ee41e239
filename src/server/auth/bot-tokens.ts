import { createHash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { joinLookUps } from '../platform/look-ups'
import type { SessionTokens, TokenClaims } from './session-token'

/** So that people and scanners of secrets recognise it. */
const prefix = 'rlb_'
const tokenPattern = /^rlb_[\w-]{43}$/
/** A session has to end some time. In the years that JavaScript and Postgres write alike, this is the last. */
export const botSessionEnd = new Date('2999-12-31T00:00:00Z')
/** Tokens whose session is known, so that a token's later requests cost no more than those of people. */
const maxRemembered = 10_000

export function createBotToken(): { token: string; hash: Buffer } {
  const token = prefix + randomBytes(32).toString('base64url')
  return { token, hash: hashBotToken(token) }
}

const hashBotToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Accepts the tokens of bots wherever one of a session is accepted. As with those, the session's row decides whether it is valid. */
export function acceptBotTokens(others: SessionTokens, pool: Pool): SessionTokens {
  const remembered = new Map<string, TokenClaims>()
  const lookUp = joinLookUps<Buffer, { userId: string; sessionId: string } | undefined>(async (hashes) => {
    const { rows } = await pool.query<{ userId: string; sessionId: string; hash: string }>(
      `SELECT b.user_id AS "userId", b.session_id AS "sessionId", encode(b.token_hash, 'hex') AS hash FROM unnest($1::bytea[]) AS k(hash)
       CROSS JOIN LATERAL (SELECT * FROM bots b WHERE b.token_hash = k.hash LIMIT 1) b`,
      [hashes],
    )
    const byHash = new Map(rows.map((row) => [row.hash, row]))
    return hashes.map((hash) => byHash.get(hash.toString('hex')))
  })

  const findRemembered = (hash: Buffer) => remembered.get(hash.toString('base64')) ?? null

  async function find(token: string): Promise<TokenClaims | null> {
    if (!tokenPattern.test(token)) return null
    const hash = hashBotToken(token)
    const known = findRemembered(hash)
    if (known) return known
    const found = await lookUp(hash)
    if (!found) return null
    const claims = { userId: found.userId, sessionId: found.sessionId, expiresAt: botSessionEnd, isFixed: true }
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value ?? '')
    // A token belongs to one session for good: rotating it makes another of both.
    remembered.set(hash.toString('base64'), claims)
    return claims
  }

  return {
    sign: others.sign,
    parse: (token) => (token.startsWith(prefix) ? find(token) : others.parse(token)),
    findKnown: (token) => (token.startsWith(prefix) ? findRemembered(hashBotToken(token)) : others.findKnown(token)),
  }
}
