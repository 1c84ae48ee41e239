import { createHash } from 'node:crypto'
import type { SessionStore } from './session-store'
import type { TokenClaims } from './session-token'

/** Tokens whose session is known, so that a token's later requests cost no more than those of our own. */
const maxRemembered = 10_000

export interface TokenSessions {
  /** What a genuine token of somebody else stands for here. @param findPerson the id of its person, who may have to be made */
  findOrCreate(token: string, expiresAt: Date, findPerson: () => Promise<string>): Promise<TokenClaims>
  /** What it stands for, if that was found before and it has not expired. It need not be checked again: a forged one is not known. */
  findKnown(token: string): TokenClaims | null
}

/**
 * Gives each token that was signed elsewhere a session of its own, which can be revoked like any other: the token then stays
 * out until it expires.
 */
export function createTokenSessions(store: Pick<SessionStore, 'findSessionOwner' | 'createForToken'>): TokenSessions {
  /** By the whole token with its signature: without, anybody could make one that is remembered. */
  const remembered = new Map<string, TokenClaims>()

  async function findOwner(sessionId: string, expiresAt: Date, findPerson: () => Promise<string>) {
    // A token that was seen before stays with its person, also when they have deleted their account since.
    const owner = await store.findSessionOwner(sessionId)
    if (owner) return { userId: owner, isStored: true }
    const userId = await findPerson()
    return { userId, isStored: await store.createForToken({ id: sessionId, userId, expiresAt }) }
  }

  async function findOrCreate(token: string, expiresAt: Date, findPerson: () => Promise<string>): Promise<TokenClaims> {
    const key = keyOf(token)
    const known = remembered.get(key)
    if (known) return known
    const sessionId = sessionIdOf(token)
    const { userId, isStored } = await findOwner(sessionId, expiresAt, findPerson)
    const claims = { userId, sessionId, expiresAt, isFixed: true }
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value ?? '')
    if (isStored) remembered.set(key, claims)
    return claims
  }

  function findKnown(token: string): TokenClaims | null {
    const known = remembered.get(keyOf(token))
    return known && known.expiresAt.getTime() > Date.now() ? known : null
  }

  return { findOrCreate, findKnown }
}

const keyOf = (token: string): string => createHash('sha256').update(token).digest('base64')

/** Made of what is signed, without the signature: there are several ways of writing an ECDSA signature, all of them valid. */
function sessionIdOf(token: string): string {
  const hash = createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
