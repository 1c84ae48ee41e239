import type { OwnPasswords } from '../auth/own-password'
import type { CallContext } from '../caller'
import type { SecurityParts } from './security-parts'

/** What the procedures of `security` need. */
export interface SecurityNeeds {
  security: Omit<SecurityParts, 'tickets'>
  ownPasswords: OwnPasswords
  /** Finds out who has a password. */
  sessions: { store: { findPasswordHash(userId: string): Promise<string | null> } }
}

export type SecurityContext = CallContext<SecurityNeeds>
