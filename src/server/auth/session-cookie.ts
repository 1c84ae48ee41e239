import type { StartedSession } from './sessions'

const sessionName = 'X-Token'
const deviceName = 'X-Device'
const ticketName = 'X-Sign-In'
/** Browsers accept a cookie whose name has this prefix only over https, from this host and for all of it. */
const hostOnly = '__Host-'

/** The longest that browsers keep a cookie. */
/** As long as the server accepts it. */
const ticketMaxAgeSeconds = 5 * 60

const deviceMaxAgeSeconds = 400 * 24 * 60 * 60

/** The tokens in a `Cookie` header, under either name. The one that only https can set comes first. */
export function readSessionCookies(header: string | null | undefined): string[] {
  const values = readCookies(header)
  return [values.get(hostOnly + sessionName), values.get(sessionName)].filter((value) => value !== undefined)
}

/** The token of the device. It is no secret of the session: all it does is to set this device apart from a guesser's. */
export function readDeviceCookie(header: string | null | undefined): string | null {
  const values = readCookies(header)
  return values.get(hostOnly + deviceName) ?? values.get(deviceName) ?? null
}

/** The ticket of somebody who has given their password and still has to enter a code. */
export function readTicketCookie(header: string | null | undefined): string | null {
  const values = readCookies(header)
  return values.get(hostOnly + ticketName) ?? values.get(ticketName) ?? null
}

/** `Set-Cookie` for a ticket, for forms that are posted without JavaScript. */
export const ticketCookie = (ticket: string, publicUrl: string): string => serialize(publicUrl, ticketName, ticket, ticketMaxAgeSeconds)

export const clearedTicketCookie = (publicUrl: string): string => serialize(publicUrl, ticketName, '', 0)

function readCookies(header: string | null | undefined): Map<string, string> {
  const values = new Map<string, string>()
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at < 1) continue
    const name = pair.slice(0, at).trim()
    if (!values.has(name)) values.set(name, pair.slice(at + 1).trim())
  }
  return values
}

/** The cookies of somebody who has just signed in: the session's, then the device's. */
export function signedInCookies({ token, expiresAt, deviceToken }: StartedSession, publicUrl: string): string[] {
  return [sessionCookie(token, expiresAt, publicUrl), serialize(publicUrl, deviceName, deviceToken, deviceMaxAgeSeconds)]
}

/** `Set-Cookie` for a session. */
export function sessionCookie(token: string, expiresAt: Date, publicUrl: string): string {
  const maxAgeSeconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000))
  return serialize(publicUrl, sessionName, token, maxAgeSeconds)
}

/** `Set-Cookie` that removes the session's cookie. */
export function clearedSessionCookie(publicUrl: string): string {
  return serialize(publicUrl, sessionName, '', 0)
}

function serialize(publicUrl: string, name: string, value: string, maxAgeSeconds: number): string {
  const secure = publicUrl.startsWith('https:')
  const attributes = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return `${secure ? hostOnly : ''}${name}=${value}; ${attributes}`
}
