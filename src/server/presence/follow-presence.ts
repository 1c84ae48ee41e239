import type { PresenceEvent } from '../../contract/presence'
import type { PresenceWatch } from './watched-room'

/**
 * What a watch tells, as fast as its client reads: whoever is slow gets less, and what is newest.
 * @throws {Failure} MEMBERSHIP_ENDED
 */
export async function* followPresence(
  watch: PresenceWatch,
  untilReadable: () => Promise<void> | undefined,
  ended: () => void,
): AsyncGenerator<PresenceEvent> {
  try {
    for (;;) {
      await watch.ready()
      await untilReadable()
      const event = watch.take()
      if (event === null) return
      yield event
    }
  } finally {
    ended()
  }
}
