import { type ChatFailure, readFailure } from './chat-error'
import { backoffWithJitter } from './reconnect'
import { waitFor } from './wait-for'

/**
 * Follows a stream for as long as the signal lasts: one that stops or fails is followed anew after a while, one that the
 * server ends for good is not. A lost connection is tRPC's to mend: it asks again by itself.
 * @param follow resolves when the stream was stopped, rejects when it ended; calls `onStarted` when the server has answered
 */
export async function keepFollowing({
  follow,
  onInterrupted = () => {},
  onEnded,
  signal,
}: {
  follow(onStarted: () => void): Promise<void>
  /** Before it is followed anew. */
  onInterrupted?(): void
  onEnded(reason: ChatFailure): void
  signal: AbortSignal
}): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    let waitMs = backoffWithJitter(attempt)
    try {
      await follow(() => {
        attempt = 0
      })
    } catch (error) {
      if (signal.aborted) return
      const reason = readFailure(error)
      if (!reason.retry) return onEnded(reason)
      waitMs = reason.retryAfterMs ?? waitMs
    }
    if (signal.aborted) return
    onInterrupted()
    await waitFor(waitMs, signal)
  }
}
