import type { World } from './world'

export interface TestSession {
  id: string
  userId: string
  /** In milliseconds since the epoch. */
  expiresAt: number
}

const lastsMs = 7 * 24 * 60 * 60_000

/** Who is signed in, by token. */
export function createSessions(world: World) {
  const byToken = new Map<string, TestSession>()
  const signedOut = new Set<string>()
  return {
    /** A token for this person. After `revoke`, it is good from `allow` on. */
    issue: (userId: string): string => {
      const id = world.makeId()
      const token = `token-${id}`
      byToken.set(token, { id, userId, expiresAt: world.clock.now() + lastsMs })
      return token
    },
    find: (token: string): TestSession | null => {
      const session = byToken.get(token)
      return session && session.expiresAt > world.clock.now() && !signedOut.has(session.userId) ? session : null
    },
    /** Ends all sessions of this person, until `allow`. */
    revoke: (userId: string): void => void signedOut.add(userId),
    allow: (userId: string): void => void signedOut.delete(userId),
  }
}
