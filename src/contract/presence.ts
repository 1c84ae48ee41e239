import * as z from 'zod'
import type { User } from './session'

/**
 * - `here`: connected
 * - `away`: connected, but idle on every connection
 * - `offline`: not connected
 */
export type PresenceState = 'here' | 'away' | 'offline'

export interface PersonPresence {
  username: string
  state: PresenceState
  /** When somebody who is offline was last connected, ISO 8601. Null when it is unknown or hidden. */
  lastSeen: string | null
}

/**
 * The events of `presence.onChange`: first `now`, then `changed` with what is different. They are made to be looked at, not
 * to be logged: several changes are sent as one, short-lived ones are left out, and in a large room not everybody is named.
 */
export type PresenceEvent = PresenceNews & {
  /** How far people have read, who have read further since the last event; never in a large room. */
  reads?: ReadMark[]
}

/** How far somebody has read a room. */
export interface ReadMark {
  username: string
  readSeq: number
}

type PresenceNews =
  | {
      type: 'now'
      /** False while the server does not know who is here. Then nobody is shown as offline. */
      known: boolean
      /** How many members are here or away. */
      count: number
      /** The members who are here or away, in a small room also those offline; at most `limits.presenceNamed`. */
      people: PersonPresence[]
      /** Usernames. Valid until the next event. */
      typing: string[]
    }
  | { type: 'changed'; known: boolean; count: number; people: PersonPresence[]; typing: string[] }

/** The answer of `chat.readers`. */
export interface Readers {
  readers: { user: User; readSeq: number }[]
}

export const presenceUpdateInput = z.strictObject({
  /** Whether the person is idle on this connection. */
  away: z.boolean(),
})
