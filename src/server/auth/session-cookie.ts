import { signedOutCookie } from '../../contract/rules'
import type { StartedSession } from './sessions'

const sessionName = 'X-Token'
const deviceName = 'X-Device'
const ticketName = 'X-Sign-In'
/** Browsers accept a cookie whose name has this prefix only over https, from this host and for all of it. */
const hostOnly = '__Host-'

/** As long as the server accepts it. */
const ticketMaxAgeSeconds = 5 * 60

/** The longest that browsers keep a cookie. */
const deviceMaxAgeSeconds = 400 * 24 * 60 * 60

/** How many tokens of one request are tried. */
const maxTokens = 6

/**
 * The session tokens in a `Cookie` header. Over https only those under the name that nobody but this host can set; otherwise
 * under either name. There can be several of one name, of which any may be the good one.
 */
export function readSessionCookies(header: string | null | undefined, publicUrl: string): string[] {
  return readCookies(header, namesOf(sessionName, publicUrl)).slice(0, maxTokens)
}

/** Those that a new session replaces: under either name. */
export function readReplacedCookies(header: string | null | undefined): string[] {
  return readCookies(header, [hostOnly + sessionName, sessionName]).slice(0, maxTokens)
}

/**
 * The token of the device. Like the session's, it may only come from this host: a guesser who could plant a token would make
 * their own device a known one.
 */
export function readDeviceCookie(header: string | null | undefined, publicUrl: string): string | null {
  return readCookies(header, namesOf(deviceName, publicUrl))[0] ?? null
}

const isSecure = (publicUrl: string) => publicUrl.startsWith('https:')

const namesOf = (name: string, publicUrl: string) => (isSecure(publicUrl) ? [hostOnly + name] : [name, hostOnly + name])

/** The ticket of somebody who has given their password and still has to enter a code. */
export function readTicketCookie(header: string | null | undefined, publicUrl: string): string | null {
  return readCookies(header, namesOf(ticketName, publicUrl))[0] ?? null
}

/** `Set-Cookie` for a ticket, for forms that are posted without JavaScript. */
export const ticketCookie = (ticket: string, publicUrl: string): string => serialize(publicUrl, ticketName, ticket, ticketMaxAgeSeconds)

export const clearedTicketCookie = (publicUrl: string): string => serialize(publicUrl, ticketName, '', 0)

/** The values of these cookies, by the order of their names. */
function readCookies(header: string | null | undefined, names: readonly string[]): string[] {
  const pairs = (header ?? '').split(';').map((pair) => {
    const at = pair.indexOf('=')
    return { name: pair.slice(0, Math.max(at, 0)).trim(), value: pair.slice(at + 1).trim() }
  })
  return [...new Set(names.flatMap((name) => pairs.filter((pair) => pair.name === name).map(({ value }) => value)))]
}

/** The cookies of somebody who has just signed in: the session's, then the device's. */
export function signedInCookies({ token, expiresAt, deviceToken }: StartedSession, publicUrl: string): string[] {
  return [sessionCookie(token, expiresAt, publicUrl), deviceCookie(deviceToken, publicUrl)]
}

/** `Set-Cookie` for a device. */
export const deviceCookie = (deviceToken: string, publicUrl: string): string =>
  serialize(publicUrl, deviceName, deviceToken, deviceMaxAgeSeconds)

/** `Set-Cookie` for a session. */
export function sessionCookie(token: string, expiresAt: Date, publicUrl: string): string {
  const maxAgeSeconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000))
  return serialize(publicUrl, sessionName, token, maxAgeSeconds)
}

/** `Set-Cookie` that removes the session's cookie. */
export function clearedSessionCookie(publicUrl: string): string {
  return serialize(publicUrl, sessionName, '', 0)
}

/** `Set-Cookie` that tells the next page who has signed out. Its script reads it. @param user an id */
export const namedSignOut = (user: string): string => `${signedOutCookie}=${user}; Path=/; Max-Age=${deviceMaxAgeSeconds}; SameSite=Lax`

function serialize(publicUrl: string, name: string, value: string, maxAgeSeconds: number): string {
  const secure = isSecure(publicUrl)
  const attributes = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return `${secure ? hostOnly : ''}${name}=${value}; ${attributes}`
}
