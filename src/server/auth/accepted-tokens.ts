import type { Config } from '../platform/config'
import { acceptAppTokens } from './app-tokens'
import { acceptOutsideTokens } from './outside-tokens'
import { createSessionTokens, type SessionTokens } from './session-token'

type Parts = Parameters<typeof acceptAppTokens>[2]

/** The tokens of our own sessions, of an outside issuer and of an app: every server accepts the same ones. */
export function createAcceptedTokens(
  config: Pick<Config, 'authSecrets' | 'appTokenSecrets' | 'outsideTokens'>,
  parts: Parts,
): SessionTokens {
  const own = createSessionTokens(config.authSecrets)
  return acceptAppTokens(acceptOutsideTokens(own, config.outsideTokens, parts), config.appTokenSecrets, parts)
}
