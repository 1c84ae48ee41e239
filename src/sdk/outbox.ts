import type { Message } from '../contract/message'
import { type ChatFailure, isWorthAskingAgain, readFailure } from './chat-error'
import { backoffWithJitter } from './connection/reconnect'
import { type ConnectionStatus, endOf } from './connection/status'
import type { OutboxStorage, Unsent } from './outbox-storage'
import type { Store } from './store'
import { pause, untilNotConnecting } from './waits'

export interface Outbox {
  /** Keeps a message and sends it as soon as it goes. @returns its clientId */
  add(room: string, text: string, replyTo?: Unsent['replyTo']): string
  /** Sends a failed message once more, as the same message. */
  retry(clientId: string): void
  /** Gives up a message that failed. */
  discard(clientId: string): void
  /** Reports a room's unsent messages now, and each change to them later. @returns an unsubscribe function */
  follow(room: string, listener: OutboxListener): () => void
  /** Waits until nothing is pending. @returns false when time ran out or the client ended first */
  flush(timeoutMs: number): Promise<boolean>
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
 * will not pass makes it fail. What was kept from an earlier time goes first. When the client ends, what is pending is
 * shown as failed, but stays pending in the storage, for its author's next client.
 */
export function createOutbox({
  storage,
  send,
  status,
  lookEveryMs,
}: {
  storage: OutboxStorage
  send: (message: Unsent) => Promise<Message>
  status: Store<ConnectionStatus>
  /** How often to look for what another client has left in the same storage. */
  lookEveryMs: number
}): Outbox {
  const unsent = new Map<string, Unsent>()
  /** The clientIds of those that the storage is known to have. */
  const stored = new Set<string>()
  const listeners = new Map<string, Set<OutboxListener>>()
  const sendingRooms = new Set<string>()
  const flushing = new Set<() => void>()
  /** Aborted while the client has ended. */
  let ending = new AbortController()
  if (endOf(status.get())) ending.abort()
  let isLoaded = false
  const loaded = storage.load().then(
    (kept) => {
      // Written before what was added meanwhile.
      const added = [...unsent.values()]
      unsent.clear()
      for (const message of [...kept, ...added]) unsent.set(message.clientId, message)
      for (const message of kept) {
        stored.add(message.clientId)
        tell(message.room, ({ onUnsent }) => onUnsent(shown(message)))
      }
    },
    // A browser may refuse storage: then messages are kept for as long as the page is open.
    () => {},
  )
  void loaded.then(() => {
    isLoaded = true
    for (const look of flushing) look()
    sendEverything()
  })

  status.subscribe(() => {
    const reason = endOf(status.get())
    if (ending.signal.aborted === (reason !== null)) return
    if (reason) ending.abort()
    else ending = new AbortController()
    for (const message of unsent.values()) {
      if (message.state === 'pending') tell(message.room, ({ onUnsent }) => onUnsent(shown(message)))
    }
    for (const look of flushing) look()
    if (!reason) sendEverything()
  })
  lookForOthers()

  function shown(message: Unsent): Unsent {
    const reason = endOf(status.get())
    return message.state === 'pending' && reason ? { ...message, state: 'failed', reason } : message
  }

  function sendEverything() {
    for (const room of new Set([...unsent.values()].map((message) => message.room))) void sendAll(room)
  }

  function tell(room: string, act: (listener: OutboxListener) => void) {
    for (const listener of listeners.get(room) ?? []) act(listener)
  }

  function show(message: Unsent) {
    unsent.set(message.clientId, message)
    tell(message.room, ({ onUnsent }) => onUnsent(shown(message)))
    for (const look of flushing) look()
  }

  async function keep(message: Unsent): Promise<void> {
    show(message)
    stored.delete(message.clientId)
    await storage.put(message).then(
      () => stored.add(message.clientId),
      () => {},
    )
  }

  function forget(clientId: string) {
    unsent.delete(clientId)
    stored.delete(clientId)
    storage.remove(clientId).catch(() => {})
    for (const look of flushing) look()
  }

  const nextOf = (room: string) => [...unsent.values()].find((message) => message.room === room && message.state === 'pending')

  async function sendAll(room: string) {
    await loaded
    if (sendingRooms.has(room)) return
    sendingRooms.add(room)
    let attempt = 0
    for (let message = nextOf(room); message; message = nextOf(room)) {
      await untilNotConnecting(status)
      const { signal } = ending
      if (signal.aborted) break
      try {
        const sent = await send(message)
        attempt = 0
        tell(room, ({ onSent }) => onSent(sent))
        forget(message.clientId)
      } catch (error) {
        const reason = readFailure(error)
        // The client has ended: the message stays pending for when its author is back.
        if (signal.aborted) break
        if (isWorthAskingAgain(reason)) await pause(waitMs(reason, attempt++), signal)
        else await keep({ ...message, state: 'failed', reason })
      }
    }
    sendingRooms.delete(room)
    // The client may have ended and been reopened in the meantime.
    if (!ending.signal.aborted && nextOf(room)) void sendAll(room)
  }

  const waitMs = ({ retryAfterMs }: ChatFailure, attempt: number) => retryAfterMs ?? Math.min(backoffWithJitter(attempt), longestWaitMs)

  const isPending = () => [...unsent.values()].some(({ state }) => state === 'pending')

  /**
   * Another client of the same person may use the storage, in another tab. Messages that it left there are sent by this one; a
   * failed message that it sent, discarded or retried is no longer failed here. A difference must be seen twice before it
   * counts, because a write may be under way.
   */
  function lookForOthers() {
    let seen = new Set<string>()
    let missed = new Set<string>()
    let isLooking = false
    let timer: ReturnType<typeof setInterval> | undefined
    const startOrStop = () => {
      const isConnected = status.get().state === 'connected'
      if (isConnected === (timer !== undefined)) return
      clearInterval(timer)
      timer = isConnected ? setInterval(() => void look(), lookEveryMs) : undefined
      // In Node, this alone must not keep the process alive.
      if (typeof timer === 'object') (timer as { unref?(): void }).unref?.()
    }
    status.subscribe(startOrStop)
    startOrStop()

    async function look() {
      if (isLooking) return
      isLooking = true
      const kept = await storage.load().catch(() => null)
      isLooking = false
      if (kept) believe(kept)
    }

    function believe(kept: Unsent[]) {
      const byId = new Map(kept.map((message) => [message.clientId, message]))
      const unknown = kept.filter(({ clientId }) => !unsent.has(clientId))
      const missing = [...unsent.values()].filter(({ clientId, state }) => {
        const other = byId.get(clientId)
        return state === 'failed' && stored.has(clientId) && (!other || other.state === 'pending')
      })
      for (const message of unknown.filter(({ clientId }) => seen.has(clientId))) {
        stored.add(message.clientId)
        show(message)
        void sendAll(message.room)
      }
      for (const { clientId, room } of missing.filter(({ clientId }) => missed.has(clientId))) {
        const retried = byId.get(clientId)
        if (retried) {
          show(retried)
          void sendAll(room)
        } else {
          unsent.delete(clientId)
          stored.delete(clientId)
          tell(room, ({ onDiscarded }) => onDiscarded(clientId))
        }
      }
      seen = new Set(unknown.map(({ clientId }) => clientId))
      missed = new Set(missing.map(({ clientId }) => clientId))
    }
  }

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
      if (!failed || shown(failed).state !== 'failed') return
      forget(clientId)
      tell(failed.room, ({ onDiscarded }) => onDiscarded(clientId))
    },
    follow: (room, listener) => {
      const ofRoom = listeners.get(room) ?? new Set()
      listeners.set(room, ofRoom.add(listener))
      for (const message of unsent.values()) if (message.room === room) listener.onUnsent(shown(message))
      return () => {
        ofRoom.delete(listener)
        if (ofRoom.size === 0 && listeners.get(room) === ofRoom) listeners.delete(room)
      }
    },
    flush: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => done(false), timeoutMs)
        flushing.add(look)
        look()
        function look() {
          if (isLoaded && !isPending()) done(true)
          else if (ending.signal.aborted) done(false)
        }
        function done(isFlushed: boolean) {
          clearTimeout(timer)
          flushing.delete(look)
          resolve(isFlushed)
        }
      }),
  }
}
