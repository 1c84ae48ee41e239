import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type FailureName, failures } from '../../contract/failures'
import { readBearer } from './bearer'
import { readClientAddress } from './client-address'
import type { Health } from './health'
import type { Metrics } from './metrics'

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>

interface OperatorParts {
  health: Health
  isDraining(): boolean
  metrics: Pick<Metrics, 'read'>
  metricsToken: string | undefined
  trustProxyHops: number
}

/** `/health`, `/ready` and `/metrics` for operators and monitoring, by path, under a prefix. */
export function createOperatorRoutes(prefix: '' | '/api', parts: OperatorParts): Partial<Record<string, Answer>> {
  const reading =
    (answer: Answer): Answer =>
    async (request, response) => {
      if (request.method === 'GET' || request.method === 'HEAD') return answer(request, response)
      response.setHeader('allow', 'GET, HEAD')
      refuse(response, 405, 'METHOD_NOT_ALLOWED')
    }
  return {
    [`${prefix}/health`]: reading(async (_, response) => sendJson(response, 200, { status: 'ok' })),
    [`${prefix}/ready`]: reading(async (_, response) => {
      const { status, body } = await parts.health.read(parts.isDraining())
      sendJson(response, status, body)
    }),
    [`${prefix}/metrics`]: reading(async (request, response) => {
      if (!mayReadMetrics(request, parts)) return refuse(response, 403, 'UNAUTHORIZED')
      const { text, contentType } = await parts.metrics.read()
      response.writeHead(200, { 'content-type': contentType })
      response.end(text)
    }),
  }
}

function mayReadMetrics(request: IncomingMessage, { metricsToken, trustProxyHops }: OperatorParts): boolean {
  const bearer = readBearer(request.headers.authorization)
  if (metricsToken && bearer && isSame(bearer, metricsToken)) return true
  // Behind a proxy on the same machine, every socket comes from loopback. The header shows that there is a proxy.
  const proxied = trustProxyHops === 0 && request.headers['x-forwarded-for'] !== undefined
  return !proxied && /^(127\.|::1$)/.test(readClientAddress(request, trustProxyHops))
}

/** Compares in constant time. */
function isSame(value: string, expected: string): boolean {
  const [a, b] = [value, expected].map((each) => createHash('sha256').update(each).digest()) as [Buffer, Buffer]
  return timingSafeEqual(a, b)
}

function refuse(response: ServerResponse, status: number, failure: FailureName) {
  sendJson(response, status, { error: { code: failure, message: failures[failure].words } })
}

function sendJson(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
