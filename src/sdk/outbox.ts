import type { Message } from '../contract/message'
import { type ChatFailure, readFailure } from './chat-error'
import type { OutboxStorage, Unsent } from './outbox-storage'
import { backoffWithJitter } from './reconnect'
import { waitFor } from './wait-for'

export interface Outbox {
  /** Keeps a message and sends it as soon as it goes. @returns its clientId */
  add(room: string, text: string, replyTo?: Unsent['replyTo']): string
  /** Sends a failed message once more, as the same message. */
  retry(clientId: string): void
  /** Gives up a message that failed. */
  discard(clientId: string): void
  /** What is unsent of a room now, and from now on each change to it. @returns its off */
  follow(room: string, listener: OutboxListener): () => void
}

export interface OutboxListener {
  /** A message is pending or has failed. */
  onUnsent(message: Unsent): void
  /** A message is given up. */
  onDiscarded(clientId: string): void
  /** The server has acknowledged a message. */
  onSent(message: Message): void
}

/** Longer than this nobody waits for a connection that may be back already. */
const longestWaitMs = 5_000

/**
 * Sends each room's messages in the order they were written, one after the other. A send without an answer is sent again
 * under the same clientId, which the server takes for the same message, until it is acknowledged; only a rejection that
 * will not pass makes it fail. What was kept from an earlier time goes first.
 */
export function createOutbox({
  storage,
  send,
  signal,
}: {
  storage: OutboxStorage
  send: (message: Unsent) => Promise<Message>
  signal: AbortSignal
}): Outbox {
  const unsent = new Map<string, Unsent>()
  const listeners = new Map<string, Set<OutboxListener>>()
  const sendingRooms = new Set<string>()
  const loaded = storage.load().then(
    (kept) => {
      // Written before what was added meanwhile.
      const added = [...unsent.values()]
      unsent.clear()
      for (const message of [...kept, ...added]) unsent.set(message.clientId, message)
      for (const message of kept) tell(message.room, ({ onUnsent }) => onUnsent(message))
    },
    // A browser may refuse storage: then messages are kept for as long as the page is open.
    () => {},
  )
  void loaded.then(() => {
    for (const room of new Set([...unsent.values()].map((message) => message.room))) void sendAll(room)
  })

  function tell(room: string, act: (listener: OutboxListener) => void) {
    for (const listener of listeners.get(room) ?? []) act(listener)
  }

  function keep(message: Unsent): Promise<void> {
    unsent.set(message.clientId, message)
    tell(message.room, ({ onUnsent }) => onUnsent(message))
    return storage.put(message).catch(() => {})
  }

  function forget(clientId: string) {
    unsent.delete(clientId)
    storage.remove(clientId).catch(() => {})
  }

  const nextOf = (room: string) => [...unsent.values()].find((message) => message.room === room && message.state === 'pending')

  async function sendAll(room: string) {
    await loaded
    if (sendingRooms.has(room)) return
    sendingRooms.add(room)
    let attempt = 0
    for (let message = nextOf(room); message && !signal.aborted; message = nextOf(room)) {
      try {
        const sent = await send(message)
        attempt = 0
        tell(room, ({ onSent }) => onSent(sent))
        forget(message.clientId)
      } catch (error) {
        const reason = readFailure(error)
        // Signed out: it stays, for when its author is back.
        if (signal.aborted || reason.name === 'UNAUTHORIZED') break
        if (reason.retry) await waitFor(waitMs(reason, attempt++), signal)
        else await keep({ ...message, state: 'failed', reason })
      }
    }
    sendingRooms.delete(room)
  }

  const waitMs = ({ retryAfterMs }: ChatFailure, attempt: number) => retryAfterMs ?? Math.min(backoffWithJitter(attempt), longestWaitMs)

  return {
    add: (room, text, replyTo) => {
      const message = {
        ...{ state: 'pending' as const, room, clientId: crypto.randomUUID(), text, time: new Date().toISOString() },
        ...(replyTo && { replyTo }),
      }
      void keep(message).then(() => sendAll(room))
      return message.clientId
    },
    retry: (clientId) => {
      const failed = unsent.get(clientId)
      if (failed?.state !== 'failed') return
      const { reason: _, ...message } = failed
      void keep({ ...message, state: 'pending' }).then(() => sendAll(failed.room))
    },
    discard: (clientId) => {
      const failed = unsent.get(clientId)
      if (failed?.state !== 'failed') return
      forget(clientId)
      tell(failed.room, ({ onDiscarded }) => onDiscarded(clientId))
    },
    follow: (room, listener) => {
      const ofRoom = listeners.get(room) ?? new Set()
      listeners.set(room, ofRoom.add(listener))
      for (const message of unsent.values()) if (message.room === room) listener.onUnsent(message)
      return () => {
        ofRoom.delete(listener)
        if (ofRoom.size === 0 && listeners.get(room) === ofRoom) listeners.delete(room)
      }
    },
  }
}
