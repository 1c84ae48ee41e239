import { type ChatFailure, isWorthAskingAgain, readFailure } from './chat-error'
import { backoffWithJitter } from './connection/reconnect'
import { type ConnectionStatus, endOf } from './connection/status'
import type { Store } from './store'
import { pause, untilNotConnecting } from './waits'

export interface Following {
  /** Follows again after the server has ended it. */
  reopen(): void
  close(): void
}

interface FollowingOptions {
  status: Store<ConnectionStatus>
  /**
   * Subscribes. Resolves when the stream was stopped, rejects when it ended; calls `onStarted` when the server has answered.
   * @param isReopened whether this is after `reopen`, when what was loaded before may be out of date
   */
  follow(options: { signal: AbortSignal; onStarted: () => void; isReopened: boolean }): Promise<void>
  /** Before it is followed again. */
  onInterrupted?(): void
  onEnded(reason: ChatFailure): void
}

/**
 * Follows a stream until it is closed: one that stops or fails is followed again after a while, one that the server ends
 * for good is not. When the client ends, so does the stream, and it comes back with the client. A lost connection is
 * tRPC's to mend: it asks again by itself.
 */
export function startFollowing({ status, follow, onInterrupted = () => {}, onEnded }: FollowingOptions): Following {
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
        if (!isWorthAskingAgain(reason)) return end('server', reason)
        pauseMs = reason.retryAfterMs ?? pauseMs
      }
      if (signal.aborted) return
      onInterrupted()
      await pause(pauseMs, signal)
    }
  }

  function start(isReopened: boolean) {
    onInterrupted()
    endedBy = null
    running = new AbortController()
    void run(running.signal, isReopened)
  }

  function look() {
    const reason = endOf(status.get())
    if (reason) {
      if (endedBy !== 'server') end('client', reason)
    } else if (endedBy === 'client') start(false)
  }

  const unsubscribe = status.subscribe(look)
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
