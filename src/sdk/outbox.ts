import type { Message } from '../contract/message'
import { ChatError, type ChatFailure, failureNamed, mayRetry, readFailure } from './chat-error'
import { type Clock, unrefTimer } from './clock'
import { backoffWithJitter } from './connection/reconnect'
import { type ConnectionStatus, endOf } from './connection/status'
import type { OutboxStorage, Unsent } from './outbox-storage'
import { createStore, type Store } from './store'
import { pause, untilNotConnecting } from './waits'

/** A message on its way to the server. */
export interface Sending {
  /** Under which the message is sent, as often as it takes. */
  clientId: string
  /**
   * Resolves with the message when the server has acknowledged it. Rejects with a `ChatError` when the server has rejected it,
   * when it was discarded, or when the connection has ended before. You may leave it unawaited.
   */
  done: Promise<Message>
}

export interface Outbox {
  /** Stores a message and sends it as soon as possible. A clientId that is on its way already is not sent once more; one that failed is tried again. */
  add(room: string, text: string, options?: { replyTo?: Unsent['replyTo']; clientId?: string }): Sending
  /** Sends a failed message again, as the same message. */
  retry(clientId: string): void
  /** Removes a failed message. */
  discard(clientId: string): void
  /** Reports a room's unsent messages now, and each change to them later. @returns an unsubscribe function */
  follow(room: string, listener: OutboxListener): () => void
  /** The unsent messages of all rooms. */
  all: Store<readonly Unsent[]>
  /** Waits until no message is pending. @returns false if time ran out or the client ended first */
  flush(timeoutMs: number): Promise<boolean>
}

export interface OutboxListener {
  /** A message is pending or has failed. */
  onUnsent(message: Unsent): void
  /** A message was removed. */
  onDiscarded(clientId: string): void
  /** The server has acknowledged a message. */
  onSent(message: Message): void
}

const maxRetryMs = 5_000

/**
 * Sends the messages of each room one after the other, in the order they were written; those that an earlier client left in
 * the storage go first. A message is sent again under the same clientId until the server has acknowledged it, which the
 * server takes for the same message. It fails only when it is rejected for good. When the client ends, pending messages are
 * shown as failed but stay pending in the storage, for the next client of their author.
 */
export function startOutbox({
  storage,
  send,
  status,
  clock,
  checkIntervalMs,
}: {
  storage: OutboxStorage
  send: (message: Unsent) => Promise<Message>
  status: Store<ConnectionStatus>
  clock: Clock
  /** How often to check the storage for messages that another client has left there. */
  checkIntervalMs: number
}): Outbox {
  const unsent = new Map<string, Unsent>()
  /** The clientIds of the messages that are known to be in the storage. */
  const stored = new Set<string>()
  const listeners = new Map<string, Set<OutboxListener>>()
  const sendingRooms = new Set<string>()
  const sendings = new Map<string, Sending & { resolve(message: Message): void; reject(reason: ChatFailure): void }>()
  /** Each checks whether a call of `flush` can return. */
  const flushChecks = new Set<() => void>()
  const all = createStore<readonly Unsent[]>([])
  flushChecks.add(() => all.set([...unsent.values()].map(shown)))
  /** Aborted while the client has ended. */
  let ended = new AbortController()
  if (endOf(status.get())) ended.abort()
  let isLoaded = false
  const loaded = storage.load().then(
    (kept) => {
      // They were written before those that were added while loading.
      const added = [...unsent.values()]
      unsent.clear()
      for (const message of [...kept, ...added]) unsent.set(message.clientId, message)
      for (const message of kept) {
        stored.add(message.clientId)
        notify(message.room, ({ onUnsent }) => onUnsent(shown(message)))
      }
    },
    // A browser may refuse storage. Then messages are kept while the page is open.
    () => {},
  )
  void loaded.then(() => {
    isLoaded = true
    for (const check of flushChecks) check()
    sendEverything()
  })

  status.subscribe(() => {
    const reason = endOf(status.get())
    if (ended.signal.aborted === (reason !== null)) return
    if (reason) ended.abort()
    else ended = new AbortController()
    if (reason) for (const { reject } of sendings.values()) reject(reason)
    for (const message of unsent.values()) {
      if (message.state === 'pending') notify(message.room, ({ onUnsent }) => onUnsent(shown(message)))
    }
    for (const check of flushChecks) check()
    if (!reason) sendEverything()
  })
  watchStorage()

  function shown(message: Unsent): Unsent {
    const reason = endOf(status.get())
    return message.state === 'pending' && reason ? { ...message, state: 'failed', reason } : message
  }

  function sendEverything() {
    for (const room of new Set([...unsent.values()].map((message) => message.room))) void sendAll(room)
  }

  function notify(room: string, act: (listener: OutboxListener) => void) {
    for (const listener of listeners.get(room) ?? []) act(listener)
  }

  function show(message: Unsent) {
    unsent.set(message.clientId, message)
    notify(message.room, ({ onUnsent }) => onUnsent(shown(message)))
    for (const check of flushChecks) check()
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
    for (const check of flushChecks) check()
  }

  const nextOf = (room: string) => [...unsent.values()].find((message) => message.room === room && message.state === 'pending')

  async function sendAll(room: string) {
    await loaded
    if (sendingRooms.has(room)) return
    sendingRooms.add(room)
    let attempt = 0
    for (let message = nextOf(room); message; message = nextOf(room)) {
      await untilNotConnecting(status)
      const { signal } = ended
      if (signal.aborted) break
      try {
        const sent = await send(message)
        attempt = 0
        notify(room, ({ onSent }) => onSent(sent))
        sendings.get(message.clientId)?.resolve(sent)
        forget(message.clientId)
      } catch (error) {
        const reason = readFailure(error)
        // The client has ended: the message stays pending for its author's next client.
        if (signal.aborted) break
        if (mayRetry(reason)) await pause(clock, waitMs(reason, attempt++), signal)
        else {
          await keep({ ...message, state: 'failed', reason })
          sendings.get(message.clientId)?.reject(reason)
        }
      }
    }
    sendingRooms.delete(room)
    // The client may have ended and been reopened meanwhile.
    if (!ended.signal.aborted && nextOf(room)) void sendAll(room)
  }

  function startSending(clientId: string): Sending & { reject(reason: ChatFailure): void } {
    const known = sendings.get(clientId)
    if (known) return known
    let settle = { resolve: (_: Message) => {}, reject: (_: unknown) => {} }
    const done = new Promise<Message>((resolve, reject) => {
      settle = { resolve, reject }
    })
    done.catch(() => {}).finally(() => sendings.delete(clientId))
    const sending = { clientId, done, resolve: settle.resolve, reject: (reason: ChatFailure) => settle.reject(new ChatError(reason)) }
    sendings.set(clientId, sending)
    return sending
  }

  const waitMs = ({ retryAfterMs }: ChatFailure, attempt: number) => retryAfterMs ?? Math.min(backoffWithJitter(attempt), maxRetryMs)

  function retry(clientId: string) {
    const failed = unsent.get(clientId)
    if (failed?.state !== 'failed') return
    const { reason: _, ...message } = failed
    void keep({ ...message, state: 'pending' }).then(() => sendAll(failed.room))
  }

  const isPending = () => [...unsent.values()].some(({ state }) => state === 'pending')

  /**
   * Checks the storage for changes by another client of the same person, for example in another tab. It sends messages that
   * the other has left there, and no longer shows a failed message that the other has sent, discarded or retried. It acts
   * only on a difference that it has seen twice, because a write may be under way.
   */
  function watchStorage() {
    let seen = new Set<string>()
    let missed = new Set<string>()
    let isChecking = false
    let timer: unknown
    const startOrStop = () => {
      const isConnected = status.get().state === 'connected'
      if (isConnected === (timer !== undefined)) return
      clock.clear(timer)
      timer = isConnected ? clock.setInterval(() => void check(), checkIntervalMs) : undefined
      unrefTimer(timer)
    }
    status.subscribe(startOrStop)
    startOrStop()

    async function check() {
      if (isChecking) return
      isChecking = true
      const kept = await storage.load().catch(() => null)
      isChecking = false
      if (kept) reconcile(kept)
    }

    function reconcile(kept: Unsent[]) {
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
          notify(room, ({ onDiscarded }) => onDiscarded(clientId))
        }
      }
      seen = new Set(unknown.map(({ clientId }) => clientId))
      missed = new Set(missing.map(({ clientId }) => clientId))
    }
  }

  return {
    add: (room, text, { replyTo, clientId = crypto.randomUUID() } = {}) => {
      const isKnown = unsent.has(clientId)
      const { done, reject } = startSending(clientId)
      const reason = endOf(status.get())
      if (reason) reject(reason)
      if (isKnown) {
        retry(clientId)
        return { clientId, done }
      }
      const time = new Date(clock.now()).toISOString()
      const message = { state: 'pending' as const, room, clientId, text, time, ...(replyTo && { replyTo }) }
      void keep(message).then(() => sendAll(room))
      return { clientId, done }
    },
    retry,
    discard: (clientId) => {
      const failed = unsent.get(clientId)
      if (!failed || shown(failed).state !== 'failed') return
      forget(clientId)
      sendings.get(clientId)?.reject(failureNamed('ABORTED', { words: 'The message was discarded.' }))
      notify(failed.room, ({ onDiscarded }) => onDiscarded(clientId))
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
    all,
    flush: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = clock.setTimeout(() => done(false), timeoutMs)
        flushChecks.add(check)
        check()
        function check() {
          if (isLoaded && !isPending()) done(true)
          else if (ended.signal.aborted) done(false)
        }
        function done(isFlushed: boolean) {
          clock.clear(timer)
          flushChecks.delete(check)
          resolve(isFlushed)
        }
      }),
  }
}
