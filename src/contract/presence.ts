import { z } from 'zod'

/**
 * - `here`: has a connection
 * - `away`: has connections, and on none of them anybody has done anything for a while
 * - `offline`
 */
export type PresenceState = 'here' | 'away' | 'offline'

export interface PersonPresence {
  username: string
  state: PresenceState
  /** Of who is offline: since when, ISO 8601. Null when it is not known or when they hide it. */
  lastSeen: string | null
}

/**
 * What `presence.onChange` tells: first `now`, then what changes. It is news for the eye: several changes come as one,
 * some never do, and of a crowd only so many people are named.
 */
export type PresenceEvent =
  | {
      type: 'now'
      /** False when this server cannot tell who is here: nobody is offline then, but unknown. */
      known: boolean
      /** How many members are here or away. */
      count: number
      /** Those who are here or away, and of a small room those who are not; at most `limits.presenceNamed`. */
      people: PersonPresence[]
      /** Usernames. It is so until the next event says otherwise. */
      typing: string[]
    }
  | { type: 'changed'; known: boolean; count: number; people: PersonPresence[]; typing: string[] }

export const presenceUpdateInput = z.strictObject({
  /** Whether nobody has done anything on this connection for a while. */
  away: z.boolean(),
})
