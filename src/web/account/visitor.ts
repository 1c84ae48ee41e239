import type { ServerRole } from '../../sdk'

/** The signed-in user, as the page needs them. Plain values, because they are passed from the server to the browser. */
export interface Visitor {
  /** Their user id. The page stays theirs even if the browser's cookie is someone else's by now. */
  id: string
  username: string
  displayName: string
  role: ServerRole
  /** When the session ends, in ISO 8601. */
  expiresAt: string
  realtimeUrl: string
}
