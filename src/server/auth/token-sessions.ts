import { createHash } from 'node:crypto'
import type { SessionStore } from './session-store'
import type { TokenClaims } from './session-token'

/** Tokens whose session is known, so that a token's later requests cost no more than those of our own. */
const maxRemembered = 10_000

/** Finds what a genuine token of somebody else stands for here. @param findPerson the id of its person, who may have to be made */
export type FindTokenSession = (token: string, expiresAt: Date, findPerson: () => Promise<string>) => Promise<TokenClaims>

/**
 * Gives each token that was signed elsewhere a session of its own, which can be revoked like any other: the token then stays
 * out until it expires.
 */
export function createTokenSessions(store: Pick<SessionStore, 'findSessionOwner' | 'createForToken'>): FindTokenSession {
  const remembered = new Map<string, TokenClaims>()

  async function findOwner(sessionId: string, expiresAt: Date, findPerson: () => Promise<string>) {
    // A token that was seen before stays with its person, also when they have deleted their account since.
    const owner = await store.findSessionOwner(sessionId)
    if (owner) return { userId: owner, isStored: true }
    const userId = await findPerson()
    return { userId, isStored: await store.createForToken({ id: sessionId, userId, expiresAt }) }
  }

  return async (token, expiresAt, findPerson) => {
    const sessionId = sessionIdOf(token)
    const known = remembered.get(sessionId)
    if (known) return known
    const { userId, isStored } = await findOwner(sessionId, expiresAt, findPerson)
    const claims = { userId, sessionId, expiresAt, isFixed: true }
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value ?? '')
    if (isStored) remembered.set(sessionId, claims)
    return claims
  }
}

/** Made of what is signed, without the signature: there are several ways of writing an ECDSA signature, all of them valid. */
function sessionIdOf(token: string): string {
  const hash = createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
