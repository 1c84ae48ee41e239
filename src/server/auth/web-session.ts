import type { ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'

/**
 * What the web app's routes and pages get from the process around them. The web server opens it once and lays it down
 * here; Next bundles its routes apart from that process, so that a module variable would not be the same one.
 */
export interface WebSession {
  register(request: Request): Promise<Response>
  login(request: Request): Promise<Response>
  logout(request: Request): Promise<Response>
  refresh(request: Request): Promise<Response>
  session(request: Request): Promise<Response>
  /** Who is signed in, from a `Cookie` header. @throws {Failure} UNAVAILABLE: across bundles its `name` tells, not its class */
  findUser(cookieHeader: string | null): Promise<{ user: User; role: ServerRole; expiresAt: Date } | null>
  /** Where this page's browser finds the realtime server. @param host the request's `Host` */
  realtimeUrl(host: string | null): string
}

const place = Symbol.for('roomline.web-session')

export function provideWebSession(webSession: WebSession): void {
  Object.assign(globalThis, { [place]: webSession })
}

export function requireWebSession(): WebSession {
  const webSession = (globalThis as { [place]?: WebSession })[place]
  if (!webSession) throw new Error('The web app runs inside src/web-server/main.ts, not under `next start` by itself.')
  return webSession
}
