import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export interface Issuer extends AsyncDisposable {
  url: string
  client: { OIDC_ISSUER: string; OIDC_CLIENT_ID: string; OIDC_CLIENT_SECRET: string }
  /** What the issuer says of somebody, by the login that they type there. */
  people: Map<string, Record<string, string>>
  /** The address that people are sent back to, which is the only one it allows. */
  allow(redirectUri: string): void
}

/** A real OpenID Connect issuer on loopback, where anybody can sign in under any login. */
export async function startIssuer(): Promise<Issuer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const people: Issuer['people'] = new Map()
  const client = { OIDC_ISSUER: url, OIDC_CLIENT_ID: 'roomline', OIDC_CLIENT_SECRET: 'the-secret-of-this-client' }
  let handle: ReturnType<Provider['callback']> | undefined
  server.on('request', (request, response) => void handle?.(request, response))
  return {
    url,
    client,
    people,
    allow: (redirectUri) => {
      const provider = new Provider(url, {
        clients: [{ client_id: client.OIDC_CLIENT_ID, client_secret: client.OIDC_CLIENT_SECRET, redirect_uris: [redirectUri] }],
        claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'picture'] },
        cookies: { keys: ['of the tests'] },
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
      })
      handle = provider.callback()
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
