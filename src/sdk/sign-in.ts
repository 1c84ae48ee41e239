import { isFailureName } from '../contract/failures'
import type { User } from '../contract/session'
import { ChatError, failureNamed } from './chat-error'

export interface SignedIn {
  user: User
  /** For `createChatClient`. Keep it like a password: whoever has it can act as this person. */
  token: string
  /** The address of the realtime server. */
  realtimeUrl: string
}

/**
 * Signs a program in with a username and password. Browsers do not need it: they post to `/api/login` and get a cookie.
 * @param webUrl the address of the web app, for example `http://localhost:3000`
 * @throws {ChatError} INVALID_CREDENTIALS, TOO_MANY_REQUESTS with `retryAfterMs`, DISCONNECTED when the server cannot be
 * reached, NOT_ROOMLINE when something else answers
 * @example
 * const { token, realtimeUrl } = await signIn('http://localhost:3000', { username: 'echo', password })
 * const client = createChatClient({ url: realtimeUrl, auth: token })
 */
export async function signIn(webUrl: string, credentials: { username: string; password: string }): Promise<SignedIn> {
  const response = await request(webUrl, '/api/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
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

const answerTimeoutMs = 20_000

async function request(webUrl: string, route: string, init: RequestInit): Promise<Response> {
  if (!URL.canParse(route, webUrl)) throw notRoomline(webUrl)
  const response = await fetch(new URL(route, webUrl), { ...init, signal: AbortSignal.timeout(answerTimeoutMs) }).catch(
    (cause: unknown) => {
      throw new ChatError(failureNamed('DISCONNECTED', { words: `Couldn't reach ${webUrl}.` }), { cause })
    },
  )
  if (response.ok) return response
  const body = (await response.json().catch(() => null)) as { error?: { code?: unknown; fields?: Record<string, string> } } | null
  const { code, fields } = body?.error ?? {}
  const seconds = Number(response.headers.get('retry-after'))
  const details = { ...(fields && { fields }), ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }) }
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
