import type { IncomingMessage } from 'node:http'

/**
 * The client's address: the socket's, or behind trusted proxies the one that the outermost proxy added.
 * @param trustedHops how many entries at the end of X-Forwarded-For come from our own proxies
 */
export function readClientAddress(request: IncomingMessage, trustedHops: number): string {
  const socketAddress = request.socket.remoteAddress ?? 'unknown'
  if (trustedHops === 0) return unmapped(socketAddress)
  const header = request.headers['x-forwarded-for']
  const forwarded = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  // Entries further left come from the client and can be forged.
  return unmapped(forwarded.at(-trustedHops) ?? forwarded[0] ?? socketAddress).slice(0, 64)
}

const unmapped = (address: string) => address.replace(/^::ffff:/i, '')
