import { type ChatFailure, mayRetry, readFailure } from './chat-error'
import type { Clock } from './clock'
import { backoffWithJitter } from './connection/reconnect'
import { type ConnectionStatus, endOf } from './connection/status'
import type { Store } from './store'
import { pause, untilNotConnecting } from './waits'

export interface Following {
  /** Subscribes again after the server has ended the stream. */
  reopen(): void
  close(): void
}

interface FollowingOptions {
  clock: Clock
  status: Store<ConnectionStatus>
  /**
   * Subscribes, and calls `onStarted` when the server has answered. Resolves when the stream has stopped, rejects when it
   * has failed.
   * @param options `isReopened`: whether this is after `reopen`, when what was loaded before may be out of date
   */
  follow(options: { signal: AbortSignal; onStarted: () => void; isReopened: boolean }): Promise<void>
  /** Called before each subscription. */
  onInterrupted?(): void
  onEnded(reason: ChatFailure): void
}

/**
 * Keeps a subscription going until it is closed. When it stops or fails for now, it subscribes again after a pause; when
 * the server ends it for good, it does not. When the client ends, so does the subscription; when the client is reopened, it
 * starts again. After a lost connection tRPC itself subscribes again.
 */
export function startFollowing({ clock, status, follow, onInterrupted = () => {}, onEnded }: FollowingOptions): Following {
  let running: AbortController | null = null
  let endedBy: 'server' | 'client' | null = null

  function end(by: 'server' | 'client', reason: ChatFailure) {
    running?.abort()
    running = null
    endedBy = by
    onEnded(reason)
  }

  async function run(signal: AbortSignal, isReopened: boolean) {
    for (let attempt = 0; !signal.aborted; attempt++) {
      let pauseMs = backoffWithJitter(attempt)
      await untilNotConnecting(status)
      if (signal.aborted) return
      try {
        await follow({ signal, isReopened, onStarted: () => (attempt = 0) })
      } catch (error) {
        if (signal.aborted) return
        const reason = readFailure(error)
        if (!mayRetry(reason)) return end('server', reason)
        pauseMs = reason.retryAfterMs ?? pauseMs
      }
      if (signal.aborted) return
      onInterrupted()
      await pause(clock, pauseMs, signal)
    }
  }

  function start(isReopened: boolean) {
    onInterrupted()
    endedBy = null
    running = new AbortController()
    void run(running.signal, isReopened)
  }

  function checkStatus() {
    const reason = endOf(status.get())
    if (reason) {
      if (endedBy !== 'server') end('client', reason)
    } else if (endedBy === 'client') start(false)
  }

  const unsubscribe = status.subscribe(checkStatus)
  const reason = endOf(status.get())
  if (reason) end('client', reason)
  else start(false)

  return {
    reopen: () => {
      if (endedBy === 'server' && !endOf(status.get())) start(true)
    },
    close: () => {
      unsubscribe()
      running?.abort()
    },
  }
}
