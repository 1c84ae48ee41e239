import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { placeOf, type ResolveHost, requireAllowedUrl, requirePublicAddresses, resolveHost } from './public-address'

/** Posts JSON to an address that a moderator of a room has chosen. */
export interface OutsidePoster {
  /** @returns the status of the answer @throws when there is none, or the address must not be called */
  post(url: string, body: string, headers: Record<string, string>, signal: AbortSignal): Promise<number>
}

interface PosterOptions {
  allowsLoopback: boolean
  resolve?: ResolveHost
  /** How long a request may take in all. */
  timeoutMs?: number
}

/** An answer's body is not read: only its beginning is waited for. */
const maxHeaderBytes = 16 * 1024

/**
 * The name is resolved, every address is checked, and the connection is made to one of those that were checked: a name that
 * resolves to another address a moment later leads nowhere. Redirects are not followed.
 */
export function createOutsidePoster({ allowsLoopback, resolve = resolveHost, timeoutMs = 10_000 }: PosterOptions): OutsidePoster {
  return {
    post: async (text, body, headers, signal) => {
      const url = requireAllowedUrl(text, { allowsLoopback })
      const timedOut = AbortSignal.timeout(timeoutMs)
      const addresses = await raced(requirePublicAddresses(url, resolve, { allowsLoopback }), timedOut)
      // Node asks for one address or for all.
      const pinned: LookupFunction = (_, { all }, callback) => {
        const [first] = addresses
        if (all) callback(null, addresses)
        else callback(null, first?.address ?? '', first?.family)
      }
      const request = url.protocol === 'https:' ? requestHttps : requestHttp
      return new Promise<number>((settle, reject) => {
        const sent = request(url, {
          ...{ method: 'POST', lookup: pinned, agent: false, maxHeaderSize: maxHeaderBytes },
          signal: AbortSignal.any([signal, timedOut]),
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'Roomline', ...headers },
        })
        sent.on('socket', (socket) =>
          socket.once('connect', () => {
            const { remoteAddress = '' } = socket
            const place = placeOf(remoteAddress)
            // Should the look-up above ever be passed by.
            if (place !== 'public' && !(allowsLoopback && place === 'loopback')) socket.destroy(new Error('connected to another address'))
          }),
        )
        sent.on('response', (response) => {
          settle(response.statusCode ?? 0)
          response.destroy()
        })
        sent.on('error', reject)
        // An answer of 101 ends in nothing else.
        sent.on('close', () => reject(new Error('closed without an answer')))
        sent.end(body)
      })
    },
  }
}

function raced<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
