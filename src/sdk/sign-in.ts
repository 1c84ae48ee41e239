import { isFailureName } from '../contract/failures'
import type { User } from '../contract/session'
import { ChatError, failureNamed } from './chat-error'

export interface SignedIn {
  user: User
  /** For `createChat`. Keep it like a password: whoever has it can act as this person. */
  token: string
  /** The address of the realtime server. */
  realtimeUrl: string
}

/**
 * Signs a program in with a username and password. Browsers do not need it: they post to `/api/login` and get a cookie.
 * @param webUrl the address of the web app, for example `http://localhost:3000`
 * @throws {ChatError} INVALID_CREDENTIALS, SECOND_FACTOR_REQUIRED with a `ticket` for `finishSignIn`, TOO_MANY_REQUESTS with `retryAfterMs`, DISCONNECTED when the server cannot be
 * reached, NOT_ROOMLINE when something else answers
 * @example
 * const { token, realtimeUrl } = await signIn('http://localhost:3000', { username: 'echo', password })
 * const client = createChat({ url: realtimeUrl, auth: token })
 */
export function signIn(webUrl: string, credentials: { username: string; password: string }): Promise<SignedIn> {
  return enter(webUrl, '/api/login', credentials)
}

/**
 * The second step for somebody whose two-step sign-in is on.
 * @param step.ticket the one in the failure SECOND_FACTOR_REQUIRED of `signIn`; good for five minutes and five codes
 * @param step.code what the authenticator app shows, or a recovery code
 * @throws {ChatError} WRONG_CODE; SIGN_IN_EXPIRED: start again with `signIn`; otherwise as `signIn` does
 * @example
 * const signedIn = await signIn(webUrl, credentials).catch(async (error) => {
 *   const { ticket } = readFailure(error)
 *   if (!ticket) throw error
 *   return finishSignIn(webUrl, { ticket, code: await askForCode() })
 * })
 */
export function finishSignIn(webUrl: string, step: { ticket: string; code: string }): Promise<SignedIn> {
  return enter(webUrl, '/api/login/second-factor', step)
}

async function enter(webUrl: string, route: string, body: object): Promise<SignedIn> {
  const response = await request(webUrl, route, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const token = response.headers
    .getSetCookie()
    .map((cookie) => /^(?:__Host-)?X-Token=([^;]+)/.exec(cookie)?.[1])
    .find((value) => value !== undefined)
  if (!token) throw notRoomline(webUrl)
  const session = await request(webUrl, '/api/session', { headers: { authorization: `Bearer ${token}` } })
  const { user, realtimeUrl } = (await session.json().catch(() => ({}))) as Partial<SignedIn>
  if (!user || !realtimeUrl) throw notRoomline(webUrl)
  return { user, token, realtimeUrl }
}

interface RouteError {
  code?: unknown
  fields?: Record<string, string>
  ticket?: string
}

const answerTimeoutMs = 20_000

async function request(webUrl: string, route: string, init: RequestInit): Promise<Response> {
  if (!URL.canParse(route, webUrl)) throw notRoomline(webUrl)
  const response = await fetch(new URL(route, webUrl), { ...init, signal: AbortSignal.timeout(answerTimeoutMs) }).catch(
    (cause: unknown) => {
      throw new ChatError(failureNamed('DISCONNECTED', { words: `Couldn't reach ${webUrl}.` }), { cause })
    },
  )
  if (response.ok) return response
  const body = (await response.json().catch(() => null)) as { error?: RouteError } | null
  const { code, fields, ticket } = body?.error ?? {}
  const seconds = Number(response.headers.get('retry-after'))
  const details = { ...(fields && { fields }), ...(ticket && { ticket }), ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }) }
  if (isFailureName(code)) throw new ChatError(failureNamed(code, details))
  // A proxy answers like this while the server behind it is down.
  if (response.status >= 500 || response.status === 429) throw new ChatError(failureNamed('UNAVAILABLE', details))
  throw notRoomline(webUrl)
}

const notRoomline = (webUrl: string) =>
  new ChatError(
    failureNamed('NOT_ROOMLINE', {
      words: `There's no Roomline web app at ${webUrl}. Use its address, for example http://localhost:3000.`,
    }),
  )
