import type { RoomPresence } from './room-presence'
import type { TypingNeeds } from './typing'

/** What the procedures of `presence` need, and `chat.typing`. */
export interface PresenceNeeds extends TypingNeeds {
  presence: Pick<RoomPresence, 'watch'>
}
