import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'

/** What stands for the address of a socket that is closed already. */
export const unknownAddress = 'unknown'

/**
 * The client's address, in the one way that `parseAddress` writes it: the socket's, or behind trusted proxies the one that the
 * outermost proxy added. If that is no address, it is the address of the proxy that sent it.
 * @param trustedHops how many entries at the end of X-Forwarded-For come from our own proxies
 */
export function readClientAddress(request: IncomingMessage, trustedHops: number): string {
  const header = request.headers['x-forwarded-for']
  const forwarded = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  // Entries further left come from the client and can be forged.
  const trusted = trustedHops === 0 ? [] : forwarded.slice(-trustedHops)
  for (const entry of [...trusted, request.socket.remoteAddress ?? '']) {
    const address = parseAddress(entry)
    if (address !== null) return address
  }
  return unknownAddress
}

const longest = 64

/**
 * Reads an IP address however it is written (quotes, brackets, a port, a zone, IPv4 as IPv6, hexadecimal, capital letters) and
 * writes it in one way. Otherwise each spelling would be counted by itself.
 * @returns null for anything else, and for what can be read in two ways
 */
export function parseAddress(text: string): string | null {
  const trimmed = text.trim()
  if (trimmed.length > longest) return null
  const unquoted = /^(["'])(.*)\1$/.exec(trimmed)?.[2] ?? trimmed
  const bracketed = /^\[([^\][]*)\](?::\d{1,5})?$/.exec(unquoted)?.[1]
  const bare = bracketed ?? /^([^:]*):\d{1,5}$/.exec(unquoted)?.[1] ?? unquoted
  const withoutZone = /^([\da-f:.]*:[\da-f:.]*)%[\w.-]{1,32}$/i.exec(bare)?.[1] ?? bare
  return withoutZone.includes(':') ? parseIPv6(withoutZone) : parseIPv4(withoutZone)
}

/** Four decimal numbers, or C's forms: hexadecimal, octal, one number. With leading zeros they can differ. */
function parseIPv4(text: string): string | null {
  const asDecimal = /^\d{1,5}(\.\d{1,5}){3}$/.test(text) ? text.split('.').map(Number).join('.') : ''
  const readings = new Set<string>()
  if (ipaddr.IPv4.isValidFourPartDecimal(asDecimal)) readings.add(asDecimal)
  if (/^[\da-fx]+((\.[\da-fx]+){3})?$/i.test(text) && ipaddr.IPv4.isValid(text)) readings.add(ipaddr.IPv4.parse(text).toString())
  const [address] = readings
  // 0.0.0.0/8 is no client's: a short number is no address.
  return readings.size === 1 && address !== undefined && !address.startsWith('0.') ? address : null
}

function parseIPv6(text: string): string | null {
  if (!ipaddr.IPv6.isValid(text)) return null
  const address = ipaddr.IPv6.parse(text)
  const embedded = findEmbeddedIPv4(address)
  return embedded ? embedded.toString() : address.toRFC5952String()
}

/** IPv4 as IPv6: mapped, as proxies and sockets write it; through the well-known prefix of NAT64; in the old compatible form. */
function findEmbeddedIPv4(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const range = address.range()
  const { parts } = address
  const isCompatible = parts.slice(0, 6).every((part) => part === 0) && (parts[6] ?? 0) > 0xff
  if (range !== 'ipv4Mapped' && range !== 'rfc6052' && range !== 'rfc6145' && !isCompatible) return null
  return new ipaddr.IPv4(address.toByteArray().slice(-4))
}

/** Whom to count an address's use against: itself, or for IPv6 its /64, of which one customer has all addresses. */
export const networkOf = (address: string): string => prefixOf(address, 32, 64)

/** The wider network: a /24, or for IPv6 a /48, which one customer can have too. */
export const wideNetworkOf = (address: string): string => prefixOf(address, 24, 48)

function prefixOf(address: string, ipv4Bits: number, ipv6Bits: number): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.parse(address)
  const bits = parsed instanceof ipaddr.IPv4 ? ipv4Bits : ipv6Bits
  if (bits === 32) return address
  const bytes = parsed.toByteArray().map((byte, index) => (index < bits / 8 ? byte : 0))
  return `${ipaddr.fromByteArray(bytes)}/${bits}`
}
