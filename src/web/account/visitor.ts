import type { ServerRole } from '../../sdk'

/** What the chat needs to know of the person who looks at it. Plain values: they cross from the server to the browser. */
export interface Visitor {
  /** Their user id. The page belongs to them, even if the browser's cookie is someone else's by now. */
  id: string
  username: string
  displayName: string
  /** What they may do on the whole server. */
  role: ServerRole
  /** ISO 8601. */
  expiresAt: string
  realtimeUrl: string
}
