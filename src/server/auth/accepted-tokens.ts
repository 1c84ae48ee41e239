import type { Pool } from 'pg'
import type { Config } from '../platform/config'
import { acceptAppTokens } from './app-tokens'
import { acceptBotTokens } from './bot-tokens'
import { acceptOutsideTokens } from './outside-tokens'
import { createSessionTokens, type SessionTokens } from './session-token'

/** `pool` looks up the tokens of bots. */
type Parts = Parameters<typeof acceptAppTokens>[2] & { pool: Pool }

/** The tokens of our own sessions, of an outside issuer, of an app and of bots: every server accepts the same ones. */
export function createAcceptedTokens(
  config: Pick<Config, 'authSecrets' | 'appTokenSecrets' | 'outsideTokens'>,
  parts: Parts,
): SessionTokens {
  const own = createSessionTokens(config.authSecrets)
  const ofPeople = acceptAppTokens(acceptOutsideTokens(own, config.outsideTokens, parts), config.appTokenSecrets, parts)
  return acceptBotTokens(ofPeople, parts.pool)
}
