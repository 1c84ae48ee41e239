import type { Device } from './devices'
import { readDeviceCookie, readReplacedCookies } from './session-cookie'

/** Set by the web server on every request, whatever the client sent under this name. */
export const clientAddressHeader = 'x-roomline-client-address'

/** Where a request to sign in comes from. */
export function readDevice({ headers }: Request, publicUrl: string): Device {
  const cookie = headers.get('cookie')
  return {
    ip: headers.get(clientAddressHeader) ?? 'unknown',
    userAgent: headers.get('user-agent')?.slice(0, 256) ?? null,
    token: readDeviceCookie(cookie, publicUrl),
    replaces: readReplacedCookies(cookie),
  }
}
