import type { ServerSettings } from '../../contract/admin'
import type { FirstPage } from '../../contract/message'
import type { Room } from '../../contract/room'
import type { ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'

/** What the web app's routes and pages use of the process around them. */
export interface WebSession {
  register(request: Request): Promise<Response>
  login(request: Request): Promise<Response>
  /** What a browser needs to sign somebody in with a passkey. */
  passkeyOptions(request: Request): Promise<Response>
  passkeyLogin(request: Request): Promise<Response>
  /** The second step, with a code. */
  secondFactor(request: Request): Promise<Response>
  logout(request: Request): Promise<Response>
  refresh(request: Request): Promise<Response>
  session(request: Request): Promise<Response>
  /** Signing in with another issuer. 404 when none is configured. */
  oidc: { start(request: Request): Promise<Response>; callback(request: Request): Promise<Response> }
  /** What the button for that says; null when none is configured. */
  issuerName: string | null
  reset(request: Request): Promise<Response>
  logo(request: Request): Promise<Response>
  /** The whole audit log, for admins, as lines of JSON. */
  auditLog(request: Request): Promise<Response>
  /** The signed-in person, from a `Cookie` header. @throws {Failure} UNAVAILABLE: check its `name`, as the class differs between bundles */
  findUser(cookieHeader: string | null): Promise<{ user: User; role: ServerRole; expiresAt: Date } | null>
  /** The server's name, logo and registration mode, for everybody. @throws {Failure} UNAVAILABLE */
  settings(): Promise<ServerSettings>
  /** The URL of the realtime server for this page's browser. @param host the request's `Host` */
  realtimeUrl(host: string | null): string
  /** The domain that passkeys belong to; null where they cannot work. */
  passkeyDomain: string | null
}

/**
 * With what the page of a room uses. The web server creates it once and stores it on `globalThis`: Next bundles its routes
 * separately, so they would not share a module variable.
 */
export interface WebPages extends WebSession {
  /** A program writes in a room, by the address of a hook. */
  postByHook(request: Request): Promise<Response>
  /**
   * What the page of a room begins with, read with the rights of this person; null when they are not in the room, or when it
   * cannot be read now.
   * @param around the seq of a message; null for the newest ones
   */
  openRoom(user: User, room: string, around: number | null): Promise<{ room: Room; first: FirstPage } | null>
}

const place = Symbol.for('roomline.web-session')

export function provideWebSession(webSession: WebPages): void {
  Object.assign(globalThis, { [place]: webSession })
}

export function requireWebSession(): WebPages {
  const webSession = (globalThis as { [place]?: WebPages })[place]
  if (!webSession) throw new Error('The web app runs inside src/web-server/main.ts, not under `next start` by itself.')
  return webSession
}
