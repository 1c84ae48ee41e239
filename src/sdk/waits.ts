import type { ConnectionStatus } from './connection/status'
import type { Store } from './store'

/** Resolves after this many milliseconds, or when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
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
