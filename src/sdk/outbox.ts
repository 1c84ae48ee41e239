import type { Message } from '../contract/message'
import { readFailure } from './chat-error'
import { backoffWithJitter } from './reconnect'
import { waitFor } from './room'
import type { Unsent } from './room-timeline'

type Pending = Extract<Unsent, { state: 'pending' }>

/**
 * Sends one room's messages in the order they were written, one after the other. A send without an answer is sent again
 * under the same clientId, which the server takes for the same message; only a rejection that will not pass makes it fail.
 */
export function createOutbox(room: {
  send(message: Pending): Promise<Message>
  onSent(message: Message): void
  onFailed(message: Unsent): void
  signal: AbortSignal
}): { add(message: Pending): void } {
  const waiting: Pending[] = []
  let sending = false

  async function sendAll() {
    sending = true
    for (let attempt = 0; waiting[0] && !room.signal.aborted; ) {
      const message = waiting[0]
      try {
        room.onSent(await room.send(message))
      } catch (error) {
        const reason = readFailure(error)
        if (room.signal.aborted) break
        if (reason.retry) {
          await waitFor(reason.retryAfterMs ?? backoffWithJitter(attempt++), room.signal)
          continue
        }
        room.onFailed({ ...message, state: 'failed', reason })
      }
      waiting.shift()
      attempt = 0
    }
    sending = false
  }

  return {
    add: (message) => {
      waiting.push(message)
      if (!sending) void sendAll()
    },
  }
}
