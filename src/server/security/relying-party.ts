import { isIP } from 'node:net'
import type { Config } from '../platform/config'

/** What a passkey belongs to: a domain, not a single page. */
export interface RelyingParty {
  /** The domain. */
  id: string
  /** The origins whose pages may use its passkeys. */
  origins: string[]
}

/** Null where browsers allow no passkeys: without a domain name, and without https anywhere but on localhost. */
export function findRelyingParty({ publicUrl, allowedOrigins }: Pick<Config, 'publicUrl' | 'allowedOrigins'>): RelyingParty | null {
  const id = new URL(publicUrl).hostname
  const origins = [...new Set([new URL(publicUrl).origin, ...allowedOrigins])].filter((origin) => {
    const { hostname, protocol } = new URL(origin)
    return (hostname === id || hostname.endsWith(`.${id}`)) && (protocol === 'https:' || isLocalhost(hostname))
  })
  return isIP(id.replace(/^\[(.*)\]$/, '$1')) || origins.length === 0 ? null : { id, origins }
}

const isLocalhost = (hostname: string) => hostname === 'localhost' || hostname.endsWith('.localhost')
