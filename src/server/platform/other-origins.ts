import type { IncomingMessage, ServerResponse } from 'node:http'

/** The pages of other origins that may call this server, each with a token of its own. */
export interface OtherOrigins {
  /** Whether the request comes from such a page. */
  isListed(request: IncomingMessage): boolean
  /** Takes our cookie out of the request of such a page. Call it before anything else reads the request. */
  takeCookie(request: IncomingMessage): void
  /** Lets such a page read the answer, if what it calls is open to it. */
  allowReading(request: IncomingMessage, response: ServerResponse): void
  /** Answers a browser that asks whether such a page may make a call. @returns false when the request is something else */
  answerPreflight(request: IncomingMessage, response: ServerResponse): boolean
}

/** What a page needs to send beside the headers that every page may send: its token, JSON, and what tRPC's client adds. */
const allowedHeaders = 'authorization, content-type, trpc-accept'
/** Browsers ask again after this. A page whose origin is taken off the list can call nothing meanwhile: each call is checked. */
const preflightSeconds = 600

/**
 * @param origins those of CORS_ORIGINS
 * @param methodsOf the methods that are open to their pages at a path; null where nothing is
 */
export function createOtherOrigins(origins: readonly string[], methodsOf: (path: string) => readonly string[] | null): OtherOrigins {
  const isListed = ({ headers }: IncomingMessage) => headers.origin !== undefined && origins.includes(headers.origin)
  const openMethods = ({ url = '' }: IncomingMessage) => methodsOf(url.split('?', 1)[0] ?? '')
  return {
    isListed,
    takeCookie: (request) => {
      // Browsers send it even to another port of the same host, and with every upgrade.
      if (isListed(request)) delete request.headers.cookie
    },
    allowReading: (request, response) => {
      if (origins.length === 0 || openMethods(request) === null) return
      response.setHeader('vary', 'origin')
      if (!isListed(request)) return
      // Without `access-control-allow-credentials`: a browser then keeps the answer to a call with cookies from the page.
      response.setHeader('access-control-allow-origin', request.headers.origin ?? '')
      response.setHeader('access-control-expose-headers', 'retry-after')
    },
    answerPreflight: (request, response) => {
      const methods = openMethods(request)
      const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
      if (!isPreflight || methods === null || !isListed(request)) return false
      response.writeHead(204, {
        'access-control-allow-methods': methods.join(', '),
        'access-control-allow-headers': allowedHeaders,
        'access-control-max-age': String(preflightSeconds),
      })
      response.end()
      return true
    },
  }
}
