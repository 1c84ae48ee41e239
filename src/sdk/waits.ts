import { ChatError } from './chat-error'
import type { Clock } from './clock'
import type { ConnectionStatus } from './connection/status'
import type { RoomState } from './room-window'
import type { Store } from './store'

/** Resolves after this many milliseconds, or when the signal aborts. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = clock.setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clock.clear(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** Resolves when the client is connected or has ended. */
export function untilNotConnecting(status: Store<ConnectionStatus>): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = status.subscribe(check)
    check()
    function check() {
      if (status.get().state === 'connecting') return
      unsubscribe()
      resolve()
    }
  })
}

/** Resolves when a room is loaded: from then on every change of it arrives. @throws {ChatError} when it has ended */
export function untilLoaded(room: Store<RoomState>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const unsubscribe = room.subscribe(check)
    signal.addEventListener('abort', stop, { once: true })
    check()
    function check() {
      const now = room.get()
      if (now.state === 'loading') return
      stop()
      if (now.state === 'ended') reject(new ChatError(now.reason))
    }
    function stop() {
      unsubscribe()
      signal.removeEventListener('abort', stop)
      resolve()
    }
  })
}
