import type { z } from 'zod'
import { Failure, type FailureCode, failures } from '../../contract/failures'
import { fieldsOf } from '../../contract/fields'
import { readBearer } from '../platform/bearer'
import type { Config } from '../platform/config'
import { isUnavailable } from '../platform/database'
import type { Log } from '../platform/log'
import { realtimeUrl } from '../platform/realtime-url'
import { clearedSessionCookie, readSessionCookies, sessionCookie } from './session-cookie'
import { findSession, isAnotherPersons, refreshSession, revokeSession } from './sessions'
import { type Device, loginInput, logoutInput, register, registerInput, type SignInParts, signInWithPassword } from './sign-in'
import type { WebSession } from './web-session'

export interface AccountRoutesParts extends SignInParts {
  config: Pick<Config, 'publicUrl' | 'allowedOrigins' | 'realtimeUrl' | 'realtimePort'>
  log: Log
}

/** Set by the web server on every request, whatever the client sent under this name. */
export const clientAddressHeader = 'x-roomline-client-address'

const maxBodyBytes = 16 * 1024

/** The HTTP routes for accounts, each a function from a request to its response. */
export function createWebSession(parts: AccountRoutesParts): WebSession {
  const { config, log } = parts

  const answering = (act: (request: Request) => Promise<Response>) => async (request: Request) => {
    try {
      return await act(request)
    } catch (error) {
      return failureResponse(error, log)
    }
  }
  // Otherwise a page of another site could sign people in or out without their knowledge.
  const changing = (act: (request: Request) => Promise<Response>) =>
    answering(async (request) => {
      const origin = request.headers.get('origin')
      if (origin !== null && !config.allowedOrigins.includes(origin)) throw new Failure('FOREIGN_ORIGIN')
      return act(request)
    })

  const entering = <Input>(
    page: '/login' | '/register',
    schema: z.ZodType<Input>,
    status: 200 | 201,
    enter: (input: Input, device: Device) => ReturnType<typeof signInWithPassword>,
  ) =>
    changing(async (request) => {
      const { body, isForm } = await readBody(request)
      try {
        const { user, token, expiresAt } = await enter(parseBody(schema, body), readDevice(request))
        // The replaced cookie's session must end: nobody else could end it, and other tabs would keep using it.
        for (const replaced of readSessionCookies(request.headers.get('cookie'))) {
          // The sign-in itself has succeeded, so this failure must not reject it.
          await revokeSession(parts, replaced, 'replaced').catch((error: Error) =>
            log.warn({ error: error.message }, 'could not end a replaced session'),
          )
        }
        const cookie = { 'set-cookie': sessionCookie(token, expiresAt, config.publicUrl) }
        return isForm ? seeOther('/', cookie) : json(status, { user }, cookie)
      } catch (thrown) {
        const error = toFailure(thrown, log)
        if (!isForm || error.failure === 'INTERNAL') throw error
        const typedName = typeof body === 'object' && body && 'username' in body ? String(body.username).slice(0, 64) : ''
        const [field, why] = Object.entries(error.detail.fields ?? {})[0] ?? []
        const query = new URLSearchParams({ error: error.failure, username: typedName, ...(field && { field, why }) })
        return seeOther(`${page}?${query}`, {})
      }
    })

  return {
    register: entering('/register', registerInput, 201, (input, device) => register(parts, input, device)),
    login: entering('/login', loginInput, 200, (input, device) => signInWithPassword(parts, input, device)),

    logout: changing(async (request) => {
      const { user } = parseBody(logoutInput, await readOptionalBody(request))
      const tokens = tokensOf(request)
      if (user !== undefined && (await isAnotherPersons(parts, tokens, user))) {
        if (isFormPost(request)) return seeOther('/', {})
        throw new Failure('ANOTHER_USER')
      }
      for (const token of tokens) await revokeSession(parts, token, 'logout')
      const cookie = { 'set-cookie': clearedSessionCookie(config.publicUrl) }
      return isFormPost(request) ? seeOther('/login', cookie) : new Response(null, { status: 204, headers: { ...cookie, ...noStore } })
    }),

    refresh: changing(async (request) => {
      const renewed = await firstOf(tokensOf(request), (token) => refreshSession(parts, token))
      if (!renewed) throw new Failure('UNAUTHORIZED')
      const { user, expiresAt } = renewed
      return json(
        200,
        { user, expiresAt: expiresAt.toISOString() },
        { 'set-cookie': sessionCookie(renewed.token, expiresAt, config.publicUrl) },
      )
    }),

    session: answering(async (request) => {
      const session = await firstOf(tokensOf(request), (token) => findSession(parts, token))
      if (!session) throw new Failure('UNAUTHORIZED')
      const { user, expiresAt } = session
      return json(200, { user, expiresAt: expiresAt.toISOString(), realtimeUrl: realtimeUrl(config, request.headers.get('host')) })
    }),

    findUser: (cookieHeader) =>
      firstOf(readSessionCookies(cookieHeader), (token) => findSession(parts, token)).catch((error: unknown) => {
        throw toFailure(error, log)
      }),

    realtimeUrl: (host) => realtimeUrl(config, host),
  }
}

const tokensOf = ({ headers }: Request) => readTokens(headers.get('authorization'), headers.get('cookie'))

/** Every token in a request, the most likely first. All are tried, so that a broken one does not hide a good one. */
export function readTokens(authorization: string | null | undefined, cookie: string | null | undefined): string[] {
  const bearer = readBearer(authorization)
  return [...(bearer ? [bearer] : []), ...readSessionCookies(cookie)]
}

async function firstOf<Value>(tokens: string[], find: (token: string) => Promise<Value | null>): Promise<Value | null> {
  for (const token of tokens) {
    const found = await find(token)
    if (found) return found
  }
  return null
}

function readDevice(request: Request): Device {
  return {
    ip: request.headers.get(clientAddressHeader) ?? 'unknown',
    userAgent: request.headers.get('user-agent')?.slice(0, 256) ?? null,
  }
}

const isJson = (request: Request) => /^application\/json\b/i.test(request.headers.get('content-type') ?? '')

const isFormPost = (request: Request) => /^application\/x-www-form-urlencoded\b/i.test(request.headers.get('content-type') ?? '')

async function readBody(request: Request): Promise<{ body: unknown; isForm: boolean }> {
  if (isFormPost(request)) {
    const fields = Object.fromEntries(new URLSearchParams(await readText(request)))
    // An empty form field counts as not filled in.
    if (fields.displayName === '') delete fields.displayName
    return { body: fields, isForm: true }
  }
  if (!isJson(request)) {
    throw new Failure('BAD_REQUEST', { fields: { 'content-type': 'must be application/json' } })
  }
  return { body: parseJson(await readText(request)), isForm: false }
}

/** Signing out needs no body. An empty or unknown one must not prevent it. */
async function readOptionalBody(request: Request): Promise<unknown> {
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

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBodyBytes) throw new Failure('TOO_BIG')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseBody<Output>(schema: z.ZodType<Output>, body: unknown): Output {
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
function toFailure(error: unknown, log: Log): Failure {
  if (error instanceof Failure) return error
  if (isUnavailable(error)) {
    log.debug({ error: (error as Error).message }, 'a request failed: the database is unavailable')
    return new Failure('UNAVAILABLE', { cause: error })
  }
  log.error({ err: error }, 'a request failed')
  return new Failure('INTERNAL', { cause: error })
}

function failureResponse(error: unknown, log: Log): Response {
  const { failure, message, detail } = toFailure(error, log)
  const { fields, retryAfterMs } = detail
  const headers: Record<string, string> = retryAfterMs ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {}
  const body = { error: { code: failure, message, ...(fields && { fields }) } }
  return json(statuses[failures[failure].code], body, headers)
}

const noStore = { 'cache-control': 'no-store' }

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { ...noStore, ...headers } })
}

function seeOther(location: string, headers: Record<string, string>): Response {
  return new Response(null, { status: 303, headers: { location, ...noStore, ...headers } })
}
