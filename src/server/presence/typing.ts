import type { NewsBus, RoomNews } from '../bus/news-bus'
import type { CallContext } from '../caller'

/** In each room, a person's typing signals are passed on at most this often. */
const minIntervalMs = 1_000

export interface TypingLimits {
  /** Whether a signal may be passed on now. If so, it counts. */
  allow(room: string, userId: string): boolean
}

export interface TypingNeeds {
  bus: Pick<NewsBus<RoomNews>, 'publish'>
  typingLimits: TypingLimits
}

export function createTypingLimits(now: () => number = () => performance.now()): TypingLimits {
  /** When each signal was last passed on, the oldest first. */
  const lastSent = new Map<string, number>()
  return {
    allow: (room, userId) => {
      for (const [key, at] of lastSent) {
        if (now() - at < minIntervalMs) break
        lastSent.delete(key)
      }
      const key = `${userId} ${room}`
      if (lastSent.has(key)) return false
      lastSent.set(key, now())
      return true
    },
  }
}

/** Tells the room that the caller is typing. Nothing is stored. */
export function announceTyping({ parts, caller }: CallContext<TypingNeeds>, room: string): { room: string } {
  const { id: userId, username } = caller.user
  if (parts.typingLimits.allow(room, userId)) parts.bus.publish(room, { type: 'typing', userId, username })
  return { room }
}
