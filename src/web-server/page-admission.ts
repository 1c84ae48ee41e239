import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Failure, failures } from '../contract/failures'
import type { LimitClass } from '../contract/rights'
import { readTokens } from '../server/auth/account-routes'
import { findTokenOwner, type SessionTokens } from '../server/auth/session-token'
import type { CallLimits } from '../server/fairness/call-limits'
import { createFairness } from '../server/fairness/fairness'
import { createHttpAdmission } from '../server/fairness/http-admission'
import { readClientAddress } from '../server/platform/client-address'

interface PageAdmissionOptions {
  server: Server
  tokens: Pick<SessionTokens, 'findKnown'>
  limits: Pick<CallLimits, 'acts' | 'reads'>
  /** Decides under which names cookies are read. */
  publicUrl: string
  trustProxyHops: number
  /** False for load tests. */
  isLimited: boolean
}

/** How many requests of one person, or of one address without a session, are answered at the same time. */
const maxRunning = 3
/** What a request costs, in microseconds of processor time. */
const units = { page: 10_000, api: 2_000, file: 500 }
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Routes that a signed-in person calls rarely. Signing in and up have limits of their own. */
const limited: Partial<Record<string, LimitClass & keyof PageAdmissionOptions['limits']>> = {
  '/api/refresh': 'acts',
  '/api/session': 'reads',
  '/api/admin/audit.jsonl': 'acts',
}

/** Lets each person and each address have a share of the web server, and refuses what is no request for it. */
export function createPageAdmission({ server, tokens, limits, publicUrl, trustProxyHops, isLimited }: PageAdmissionOptions) {
  const findUserId = ({ headers }: IncomingMessage) => findTokenOwner(tokens, readTokens(headers.authorization, headers.cookie, publicUrl))
  const admission = createHttpAdmission({
    server,
    fairness: createFairness({ isLimited }),
    isBehindProxy: trustProxyHops > 0,
    findPayer: (request) => ({ userId: findUserId(request), address: readClientAddress(request, trustProxyHops) }),
    unitsOf: (request) => units[kindOf(pathOf(request))],
    refuse: (response, retryAfterMs) => refuse(response, new Failure('TOO_MANY_REQUESTS', { retryAfterMs })),
    maxRunning,
  })

  async function count(request: IncomingMessage) {
    const limit = limited[pathOf(request)]
    const userId = limit && findUserId(request)
    if (limit && userId) await limits[limit].count(userId)
  }

  return (request: IncomingMessage, response: ServerResponse, answer: () => Promise<void>): Promise<void> =>
    admission.serve(request, response, async () => {
      if (!methods.includes(request.method ?? '') || request.url === '*') return refuse(response, new Failure('METHOD_NOT_ALLOWED'))
      try {
        await count(request)
      } catch (error) {
        if (error instanceof Failure) return refuse(response, error)
        throw error
      }
      await answer()
    })
}

const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] ?? ''

function kindOf(path: string): keyof typeof units {
  if (/^\/_next\/static\/|\.\w{2,5}$/.test(path)) return 'file'
  return path.startsWith('/api/') ? 'api' : 'page'
}

function refuse(response: ServerResponse, { failure, message, detail }: Failure): void {
  response.writeHead(failures[failure].code === 'TOO_MANY_REQUESTS' ? 429 : 405, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(detail.retryAfterMs
      ? { 'retry-after': String(Math.ceil(detail.retryAfterMs / 1_000)), connection: 'close' }
      : { allow: methods.join(', ') }),
  })
  response.end(JSON.stringify({ error: { code: failure, message } }))
}
