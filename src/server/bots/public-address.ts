import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'

/** Finds all addresses of a host name. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>

const lookUpMs = 3_000

/**
 * Asks the name servers. A look-up of the operating system would take one of the process's few threads for as long as a slow
 * name server pleases, and files would wait behind it. Names that only this machine knows are inside in any case.
 */
export const resolveHost: ResolveHost = async (hostname) => {
  if (isLocalhost(hostname)) return [loopbackV4, loopbackV6]
  const resolver = new Resolver({ timeout: lookUpMs, tries: 2 })
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const found = (answer: PromiseSettledResult<string[]>, family: number) =>
    answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : []
  return [...found(v4, 4), ...found(v6, 6)]
}

const loopbackV4: LookupAddress = { address: '127.0.0.1', family: 4 }
const loopbackV6: LookupAddress = { address: '::1', family: 6 }
/** As RFC 6761 has it: no name server is asked. */
const isLocalhost = (host: string) => host === 'localhost' || host.endsWith('.localhost')

/** Why a URL must not be called. The words are for the room's moderators: they say nothing about the network inside. */
export class ForbiddenUrl extends Error {
  override name = 'ForbiddenUrl'
}

/** In the public ranges, but inside: what machines in a cloud get their secrets from. */
const insideAll = ['168.63.129.16']
const publicV6 = ipaddr.parseCIDR('2000::/3')

/** What an address is to us. Whatever is not known to be public is inside. */
export function placeOf(address: string): 'public' | 'loopback' | 'inside' {
  if (!ipaddr.isValid(address)) return 'inside'
  // An IPv4 address inside an IPv6 one is judged as what it is.
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (range === 'loopback') return 'loopback'
  if (range !== 'unicast' || insideAll.includes(parsed.toString())) return 'inside'
  return parsed.kind() === 'ipv4' || parsed.match(publicV6) ? 'public' : 'inside'
}

interface UrlRules {
  /** For development: http and addresses of this machine are allowed. */
  allowsLoopback: boolean
}

/**
 * Checks what can be seen of a URL without a look-up. URL has rewritten addresses in hexadecimal, octal or one number by then.
 * @throws {ForbiddenUrl}
 */
export function requireAllowedUrl(text: string, { allowsLoopback }: UrlRules): URL {
  const url = new URL(text)
  const host = hostOf(url)
  if (url.username !== '' || url.password !== '') throw new ForbiddenUrl('must not contain a username or password')
  if (ipaddr.isValid(host)) requirePublic([host], allowsLoopback)
  const isLoopback = ipaddr.isValid(host) ? placeOf(host) === 'loopback' : isLocalhost(host)
  if (isLoopback && !allowsLoopback) throw notPublic()
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) throw new ForbiddenUrl('must start with https://')
  return url
}

/** The addresses to connect to: nothing else may be connected to. @throws {ForbiddenUrl} when any of them is inside */
export async function requirePublicAddresses(url: URL, resolve: ResolveHost, { allowsLoopback }: UrlRules): Promise<LookupAddress[]> {
  const host = hostOf(url)
  const addresses = ipaddr.isValid(host)
    ? [{ address: host, family: ipaddr.parse(host).kind() === 'ipv4' ? 4 : 6 }]
    : await resolve(host).catch(() => [])
  if (addresses.length === 0) throw notPublic()
  requirePublic(
    addresses.map(({ address }) => address),
    allowsLoopback,
  )
  return [...addresses]
}

function requirePublic(addresses: readonly string[], allowsLoopback: boolean): void {
  const isAllowed = (address: string) => placeOf(address) === 'public' || (allowsLoopback && placeOf(address) === 'loopback')
  if (!addresses.every(isAllowed)) throw notPublic()
}

/** The same for a name that does not exist: what names there are inside is nobody's business. */
const notPublic = () => new ForbiddenUrl('must be an address on the internet')

const hostOf = ({ hostname }: URL): string =>
  hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase()
