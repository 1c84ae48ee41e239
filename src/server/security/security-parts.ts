import type { Pool } from 'pg'
import { limits } from '../../contract/rules'
import type { Config } from '../platform/config'
import { createAuthenticatorStore } from './authenticator-store'
import { createConfirmations } from './confirmations'
import { createPasskeyStore } from './passkey-store'
import { createPasskeys } from './passkeys'
import { findRelyingParty } from './relying-party'
import { createSealing } from './sealing'
import { createTicketStore } from './ticket-store'
import { createTimedTokens } from './timed-tokens'

/** What signing in, and the procedures of `security`, work with. */
export type SecurityParts = ReturnType<typeof createSecurityParts>

export function createSecurityParts(pool: Pool, config: Pick<Config, 'authSecrets' | 'publicUrl' | 'allowedOrigins'>) {
  const tokens = createTimedTokens(config.authSecrets)
  const passkeyStore = createPasskeyStore(pool, limits.passkeys)
  return {
    authenticators: createAuthenticatorStore(pool),
    confirmations: createConfirmations(tokens),
    passkeys: createPasskeys({ store: passkeyStore, tokens, relyingParty: findRelyingParty(config) }),
    passkeyStore,
    sealing: createSealing(config.authSecrets, 'authenticators'),
    tickets: createTicketStore(pool),
    host: new URL(config.publicUrl).host,
  }
}
