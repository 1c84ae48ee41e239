import type { OwnPasswords } from '../auth/own-password'
import type { CallContext } from '../caller'
import type { AuthenticatorStore } from './authenticator-store'
import type { Confirmations } from './confirmations'
import type { PasskeyStore } from './passkey-store'
import type { Passkeys } from './passkeys'
import type { Sealing } from './sealing'

/** What the procedures of `security` need. */
export interface SecurityNeeds {
  security: {
    authenticators: AuthenticatorStore
    confirmations: Confirmations
    passkeys: Passkeys
    passkeyStore: PasskeyStore
    sealing: Sealing
    /** What authenticator apps show beside the username. */
    host: string
  }
  ownPasswords: OwnPasswords
  /** Finds out who has a password. */
  sessions: { store: { findPasswordHash(userId: string): Promise<string | null> } }
}

export type SecurityContext = CallContext<SecurityNeeds>
