import { Failure } from '../../contract/failures'
import type { Confirmation } from '../../contract/security'
import type { Caller } from '../caller'
import type { TimedTokens } from './timed-tokens'

/** Long enough to add a passkey and look at one's recovery codes. */
const confirmationMs = 5 * 60_000

/**
 * Shows that somebody has confirmed who they are, a moment ago and in this session. The page that asked has it: a stolen
 * cookie is not enough.
 */
export interface Confirmations {
  make(caller: Pick<Caller, 'user' | 'sessionId'>): Confirmation
  /** @throws {Failure} CONFIRMATION_REQUIRED */
  require(caller: Pick<Caller, 'user' | 'sessionId'>, confirmation: string): void
}

export function createConfirmations(tokens: TimedTokens): Confirmations {
  return {
    make: (caller) => {
      const { token, expiresAt } = tokens.make(confirmPurpose(caller), confirmationMs)
      return { confirmation: token, expiresAt: expiresAt.toISOString() }
    },
    require: (caller, confirmation) => {
      if (!tokens.findExpiry(confirmation, confirmPurpose(caller))) throw new Failure('CONFIRMATION_REQUIRED')
    },
  }
}

const confirmPurpose = ({ user, sessionId }: Pick<Caller, 'user' | 'sessionId'>) => `confirmation of ${user.id} in ${sessionId}`
