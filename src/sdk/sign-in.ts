import type { User } from '../contract/session'

export interface SignedIn {
  user: User
  /** For `createChatClient`. Whoever has it is this person: keep it as you keep a password. */
  token: string
  /** Where the realtime server is. */
  realtimeUrl: string
}

/**
 * Signs a program in with a person's or a bot's username and password. Browsers do not need it: they post to
 * `/api/login` and have the cookie.
 * @param webUrl the web app's address, as `http://localhost:3000`
 * @throws Error with the server's words when it refuses
 */
export async function signIn(webUrl: string, credentials: { username: string; password: string }): Promise<SignedIn> {
  const response = await fetch(new URL('/api/login', webUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  })
  const body: unknown = await response.json().catch(() => null)
  if (!response.ok) throw new Error(readMessage(body) ?? `Signing in failed with status ${response.status}`)
  const token = response.headers
    .getSetCookie()
    .map((cookie) => /^(?:__Host-)?X-Token=([^;]+)/.exec(cookie)?.[1])
    .find((value) => value !== undefined)
  if (!token) throw new Error('Signing in gave no session: is this the address of a Roomline web app?')
  const session = await fetch(new URL('/api/session', webUrl), { headers: { authorization: `Bearer ${token}` } })
  const { user, realtimeUrl } = (await session.json()) as { user: User; realtimeUrl: string }
  return { user, token, realtimeUrl }
}

function readMessage(body: unknown): string | undefined {
  const error = typeof body === 'object' && body && 'error' in body ? body.error : undefined
  return typeof error === 'object' && error && 'message' in error ? String(error.message) : undefined
}
