import type { PresenceEvent } from '../../contract/presence'
import type { PresenceSubscription } from './room-watch'

/**
 * The events of a presence subscription, as fast as its client reads them. A slow client gets fewer events, always the newest.
 * @throws {Failure} MEMBERSHIP_ENDED
 */
export async function* followPresence(
  subscription: PresenceSubscription,
  untilReadable: () => Promise<void> | undefined,
  onEnd: () => void,
): AsyncGenerator<PresenceEvent> {
  try {
    for (;;) {
      await subscription.ready()
      await untilReadable()
      const event = subscription.take()
      if (event === null) return
      yield event
    }
  } finally {
    onEnd()
  }
}
