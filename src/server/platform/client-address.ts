import type { IncomingMessage } from 'node:http'

/**
 * The address of the client: the socket's, or behind trusted proxies the one that the outermost of them wrote.
 * @param trustedHops how many entries of X-Forwarded-For, from its end, our own proxies appended
 */
export function readClientAddress(request: IncomingMessage, trustedHops: number): string {
  const socketAddress = request.socket.remoteAddress ?? 'unknown'
  if (trustedHops === 0) return unmapped(socketAddress)
  const header = request.headers['x-forwarded-for']
  const forwarded = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  // Entries further left than our proxies wrote are the client's own inventions.
  return unmapped(forwarded.at(-trustedHops) ?? forwarded[0] ?? socketAddress).slice(0, 64)
}

const unmapped = (address: string) => address.replace(/^::ffff:/i, '')
