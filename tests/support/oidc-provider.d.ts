declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  /** The part of it that the tests use: the package brings no types. */
  export default class Provider {
    constructor(
      issuer: string,
      configuration: {
        clients: { client_id: string; client_secret: string; redirect_uris: string[] }[]
        claims: Record<string, string[]>
        cookies: { keys: string[] }
        findAccount(context: unknown, id: string): { accountId: string; claims(): { sub: string } & Record<string, string> }
      },
    )
    callback(): RequestListener
  }
}
