import { Failure } from '../../contract/failures'
import { isUuid } from '../../contract/rules'
import type { Me, SessionInfo, User } from '../../contract/session'
import { endOwnSession } from '../caller'
import type { AuthContext } from './needs'

/** The caller's current data, which may have changed since they connected. @throws {Failure} UNAUTHORIZED when the account is gone */
export async function showMe({ parts, caller }: AuthContext): Promise<Me> {
  return {
    user: await findSelf({ parts, caller }),
    uid: caller.uid,
    sessionId: caller.sessionId,
    expiresAt: caller.expiresAt.toISOString(),
    serverTime: new Date().toISOString(),
  }
}

/** Most clients ask right after they connect, when the row has just been read. */
const freshMs = 50

async function findSelf({ parts, caller }: AuthContext): Promise<User> {
  if (Date.now() - caller.readAt < freshMs) return caller.user
  const profile = await parts.people.findProfile(caller.user.id)
  if (!profile) throw new Failure('UNAUTHORIZED')
  const { id, username, displayName, avatar } = profile
  return { id, username, displayName, avatar }
}

/** The caller's live sessions: the current one first, then by last use. */
export async function listSessions({ parts, caller }: AuthContext): Promise<SessionInfo[]> {
  const sessions = await parts.sessions.store.listLive(caller.user.id, caller.sessionId)
  return sessions.map(({ id, userAgent, ip, method, newDevice, createdAt, lastSeenAt }) => {
    const current = id === caller.sessionId
    const lastSeen = current ? new Date() : lastSeenAt
    return { id, device: userAgent, ip, method, newDevice, created: createdAt.toISOString(), lastSeen: lastSeen.toISOString(), current }
  })
}

/** Ends one of the caller's sessions on every node. @throws {Failure} SESSION_NOT_FOUND when it is over or not theirs */
export async function revokeOwnSession({ parts, caller }: AuthContext, sessionId: string): Promise<{ sessionId: string }> {
  const isRevoked =
    isUuid(sessionId) &&
    (await endOwnSession(caller, () =>
      parts.sessions.store.revoke(sessionId, caller.user.id, 'revoked', { kind: 'account.sessionsEnded', ip: caller.ip }),
    ))
  if (!isRevoked) throw new Failure('SESSION_NOT_FOUND')
  parts.sessions.announceRevocation()
  return { sessionId }
}

/** Ends all the caller's sessions except the current one. */
export async function revokeOtherSessions({ parts, caller }: AuthContext): Promise<{ revoked: number }> {
  const revoked = await parts.sessions.store.revokeOthers(caller.user.id, caller.sessionId, caller.ip)
  if (revoked > 0) parts.sessions.announceRevocation()
  return { revoked }
}
