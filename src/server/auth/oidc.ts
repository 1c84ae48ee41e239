import * as client from 'openid-client'
import { Failure } from '../../contract/failures'
import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { type OutsidePerson, readOutsidePerson } from './outside-people'

const timeoutSeconds = 5
/** While the issuer cannot be reached, it is not asked again before this. */
const pauseMs = 2_000

/** What a sign-in that has begun must be finished with. It stays in the browser, in an encrypted cookie. */
export interface BegunSignIn {
  state: string
  nonce: string
  verifier: string
}

/** Signs people in with an OpenID Connect issuer: authorization code with PKCE, state and nonce. */
export interface Oidc {
  issuerName: string
  /** @returns where to send the browser @throws {Failure} ISSUER_AWAY */
  begin(): Promise<{ url: URL } & BegunSignIn>
  /** @param search of the URL that the issuer sent the browser to @throws {Failure} ISSUER_AWAY, OUTSIDE_SIGN_IN_FAILED */
  finish(search: string, begun: BegunSignIn): Promise<OutsidePerson>
}

export function createOidc({ issuer, clientId, clientSecret }: NonNullable<Config['oidc']>, publicUrl: string, log: Log): Oidc {
  const redirectUri = `${publicUrl}/api/oidc/callback`
  let discovered: Promise<client.Configuration> | null = null
  let failedAt = Number.NEGATIVE_INFINITY

  /** Found out at the first sign-in, so that Roomline starts while the issuer is away. */
  async function discover(): Promise<client.Configuration> {
    if (performance.now() - failedAt < pauseMs) throw new Failure('ISSUER_AWAY')
    discovered ??= client.discovery(new URL(issuer), clientId, clientSecret, undefined, {
      timeout: timeoutSeconds,
      // With https, each answer's certificate vouches for it. The signatures are checked as well.
      execute: [client.enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [client.allowInsecureRequests] : [])],
    })
    try {
      return await discovered
    } catch (error) {
      discovered = null
      failedAt = performance.now()
      log.warn({ error: (error as Error).message }, 'could not read the configuration of OIDC_ISSUER')
      throw new Failure('ISSUER_AWAY', { cause: error })
    }
  }

  return {
    issuerName: new URL(issuer).host,

    begin: async () => {
      const configuration = await discover()
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()]
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: 'openid profile',
        ...{ state, nonce, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      })
      return { url, state, nonce, verifier }
    },

    finish: async (search, { state, nonce, verifier }) => {
      const configuration = await discover()
      try {
        const tokens = await client.authorizationCodeGrant(configuration, new URL(`${redirectUri}${search}`), {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
        })
        const claims = tokens.claims()
        if (!claims) throw new Error('the issuer sent no ID token')
        const isNamed = claims.preferred_username !== undefined && claims.name !== undefined
        const more =
          !isNamed && configuration.serverMetadata().userinfo_endpoint
            ? await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)
            : {}
        return readOutsidePerson({ ...more, ...claims })
      } catch (error) {
        const { message, code } = error as { message: string; code?: string }
        log.info({ error: message, code }, 'a sign-in with OIDC_ISSUER failed')
        throw new Failure(code === 'OAUTH_TIMEOUT' || message === 'fetch failed' ? 'ISSUER_AWAY' : 'OUTSIDE_SIGN_IN_FAILED', {
          cause: error,
        })
      }
    },
  }
}
