import type { z } from 'zod'
import { Failure, type FailureCode, failures } from '../../contract/failures'
import { fieldsOf } from '../../contract/fields'
import { toOwnPath } from '../../contract/rules'
import { isUnavailable } from '../platform/database'
import type { Log } from '../platform/log'
import { withQuery } from './next-path'

const maxBodyBytes = 16 * 1024

const isJson = (request: Request) => /^application\/json\b/i.test(request.headers.get('content-type') ?? '')

export const isFormPost = (request: Request) => /^application\/x-www-form-urlencoded\b/i.test(request.headers.get('content-type') ?? '')

/** @throws {Failure} BAD_REQUEST, TOO_BIG */
export async function readJsonBody(request: Request, maxBytes = maxBodyBytes): Promise<unknown> {
  if (!isJson(request)) throw new Failure('BAD_REQUEST', { fields: { 'content-type': 'must be application/json' } })
  return parseJson(await readText(request, maxBytes))
}

/** @returns `next`: where a plain form wants to go afterwards, a path on this site */
export async function readBody(request: Request): Promise<{ body: unknown; isForm: boolean; next: string }> {
  if (isFormPost(request)) {
    const { next = '', ...fields }: Record<string, string> = Object.fromEntries(new URLSearchParams(await readText(request)))
    // An empty form field counts as not filled in.
    for (const name of ['displayName', 'invite', 'setup']) if (fields[name] === '') delete fields[name]
    return { body: fields, isForm: true, next: toOwnPath(next) }
  }
  return { body: await readJsonBody(request), isForm: false, next: '/' }
}

/** Signing out needs no body. An empty or unknown one must not prevent it. */
export async function readOptionalBody(request: Request): Promise<unknown> {
  if (isFormPost(request)) return (await readBody(request)).body
  const text = isJson(request) ? await readText(request) : ''
  return text === '' ? {} : parseJson(text)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('BAD_REQUEST', { fields: { body: 'must be JSON' } })
  }
}

async function readText(request: Request, maxBytes = maxBodyBytes): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new Failure('TOO_BIG')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export function parseBody<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new Failure('BAD_REQUEST', { fields: fieldsOf(parsed.error) })
}

const statuses: Record<FailureCode, number> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_SUPPORTED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
}

/** Database trouble is logged by the database watch, not with each request that fails because of it. */
export function toFailure(error: unknown, log: Log): Failure {
  if (error instanceof Failure) return error
  if (isUnavailable(error)) {
    log.debug({ error: (error as Error).message }, 'a request failed: the database is unavailable')
    return new Failure('UNAVAILABLE', { cause: error })
  }
  log.error({ err: error }, 'a request failed')
  return new Failure('INTERNAL', { cause: error })
}

export function failureResponse(error: unknown, log: Log, extra: AnswerHeaders = {}): Response {
  const { failure, message, detail } = toFailure(error, log)
  const { fields, retryAfterMs, ticket } = detail
  const retry = retryAfterMs ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {}
  const body = { error: { code: failure, message, ...(fields && { fields }), ...(ticket && { ticket }) } }
  return json(statuses[failures[failure].code], body, { ...extra, ...retry })
}

export function json(status: number, body: unknown, extra: AnswerHeaders = {}): Response {
  return Response.json(body, { status, headers: headersOf(extra) })
}

/** 204, without a body. */
export function noContent(extra: AnswerHeaders = {}): Response {
  return new Response(null, { status: 204, headers: headersOf(extra) })
}

export function seeOther(location: string, extra: AnswerHeaders = {}): Response {
  return new Response(null, { status: 303, headers: headersOf({ ...extra, location }) })
}

/** Leads a form that was posted without JavaScript back to its page, with the reason in the address. */
export function backTo(
  page: string,
  { failure, detail: { fields = {}, retryAfterMs } }: Failure,
  kept: Record<string, string> = {},
): Response {
  const [field, why] = Object.entries(fields)[0] ?? []
  const query = {
    ...{ error: failure, ...kept, ...(field && { field, why }) },
    ...(retryAfterMs && { wait: String(Math.ceil(retryAfterMs / 1000)) }),
  }
  return seeOther(withQuery(page, query))
}

/** An image whose address changes with it. Its policy keeps whatever else it may be from acting. */
export function imageResponse({ bytes, type }: { bytes: Uint8Array; type: string }): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': type,
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'; sandbox",
    },
  })
}

export const noSuchImage = (): Response => new Response(null, { status: 404, headers: headersOf({}) })

interface AnswerHeaders {
  /** Values of `Set-Cookie`. */
  cookies?: readonly string[]
  location?: string
  'retry-after'?: string
}

function headersOf({ cookies = [], ...extra }: AnswerHeaders): Headers {
  const headers = new Headers({ 'cache-control': 'no-store', ...extra })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return headers
}
