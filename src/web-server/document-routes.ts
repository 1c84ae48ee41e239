import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { failures } from '../contract/failures'
import { describeProcedures } from '../contract/json-schema'
import { describeRoutes } from '../contract/openapi'

type AnswerRoute = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * `/api/openapi.json` and `/api/schemas.json`, by path: the same for everybody, also for pages of other sites. Each is made when
 * it is first asked for.
 */
export function createDocumentRoutes(): Partial<Record<string, AnswerRoute>> {
  return {
    '/api/openapi.json': answerWith(() => describeRoutes(readVersion())),
    '/api/schemas.json': answerWith(describeProcedures),
  }
}

function answerWith(describe: () => object): AnswerRoute {
  let made: { text: string; etag: string } | undefined
  return async ({ method, headers }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { 'content-type': 'application/json', 'cache-control': 'no-store', allow: 'GET, HEAD' })
      response.end(JSON.stringify({ error: { code: 'METHOD_NOT_ALLOWED', message: failures.METHOD_NOT_ALLOWED.words } }))
      return
    }
    made ??= make(describe())
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('cross-origin-resource-policy', 'cross-origin')
    response.setHeader('cache-control', 'public, max-age=300')
    response.setHeader('etag', made.etag)
    if (headers['if-none-match'] === made.etag) return void response.writeHead(304).end()
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(made.text) })
    response.end(method === 'HEAD' ? undefined : made.text)
  }
}

function make(document: object) {
  const text = JSON.stringify(document)
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}
