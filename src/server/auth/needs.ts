import type { Profile } from '../../contract/people'
import type { CallContext } from '../caller'
import type { SessionStore } from './session-store'

/** What the procedures of `session` need. */
export interface AuthNeeds {
  sessions: {
    store: Pick<SessionStore, 'listLive' | 'revoke' | 'revokeOthers'>
    /** Tells the realtime nodes that the revocation log has grown. May fail silently: they also read it at intervals. */
    announceRevocation(): void
  }
  people: { findProfile(userId: string): Promise<Profile | null> }
}

export type AuthContext = CallContext<AuthNeeds>
