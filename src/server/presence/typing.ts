import type { NewsBus, RoomNews } from '../bus/news-bus'
import type { CallContext } from '../caller'

/** Somebody who writes says so now and then; of that, so much is passed on in each room. */
const everyMs = 1_000

export interface TypingLimits {
  /** Whether this may be passed on. */
  mayTell(room: string, userId: string): boolean
}

export interface TypingNeeds {
  bus: Pick<NewsBus<RoomNews>, 'publish'>
  typingLimits: TypingLimits
}

export function createTypingLimits(now: () => number = () => performance.now()): TypingLimits {
  /** When each was last passed on, the oldest first. */
  const told = new Map<string, number>()
  return {
    mayTell: (room, userId) => {
      for (const [key, at] of told) {
        if (now() - at < everyMs) break
        told.delete(key)
      }
      const key = `${userId} ${room}`
      if (told.has(key)) return false
      told.set(key, now())
      return true
    },
  }
}

/** Tells the room that the caller is writing. Nothing is kept, and nobody waits for it. */
export function announceTyping({ parts, caller }: CallContext<TypingNeeds>, room: string): { room: string } {
  const { id: userId, username } = caller.user
  if (parts.typingLimits.mayTell(room, userId)) parts.bus.publish(room, { type: 'typing', userId, username })
  return { room }
}
