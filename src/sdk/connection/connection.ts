import type { TRPCLink } from '@trpc/client'
import type { AppRouter } from '../../server/router'
import { createStore, type Store } from '../store'
import { createOpenCalls } from './call-link'
import { type ConnectLoop, type ConnectLoopOptions, firstAttempt, startConnectLoop } from './connect-loop'
import { type ConnectionStatus, endOf } from './status'

export interface ClientConnection {
  status: Store<ConnectionStatus>
  /** The id of the user the client belongs to, once it is known. It never changes. */
  userId: Promise<string>
  /** The links for tRPC's client. */
  links: TRPCLink<AppRouter>[]
  /** Connects again after `signed-out` or `refused`. */
  reopen(): void
  close(): Promise<void>
}

/** Connects at once, and again whenever the connection is lost, until it is closed or rejected for good. */
export function startConnection({
  callTimeoutMs,
  user,
  ...options
}: ConnectLoopOptions & { callTimeoutMs: number; user: string | undefined }): ClientConnection {
  const status = createStore<ConnectionStatus>({ state: 'connecting', ...firstAttempt })
  const calls = createOpenCalls({ clock: options.timings.clock, timeoutMs: callTimeoutMs, ended: () => endOf(status.get()) })
  let wasConnected = false
  let knownUserId = user
  let resolveUserId = (_: string) => {}
  const userId = new Promise<string>((resolve) => {
    resolveUserId = resolve
  })
  if (user !== undefined) resolveUserId(user)
  let loop = start()

  function start(): ConnectLoop {
    return startConnectLoop(options, {
      wasConnected: () => wasConnected,
      userId: () => knownUserId,
      onSignedIn: (id) => {
        knownUserId ??= id
        resolveUserId(knownUserId)
      },
      onStatus: (next) => {
        wasConnected ||= next.state === 'connected'
        status.set(next)
      },
      onEnd: (ended) => {
        // A status listener may reopen the client at once. Calls made after that must not be rejected.
        const reject = calls.takeAll()
        status.set(ended)
        const reason = endOf(ended)
        if (reason) reject(reason)
      },
    })
  }

  return {
    status,
    userId,
    links: [calls.link, (runtime) => (call) => loop.link(runtime)(call)],
    reopen: () => {
      const { state } = status.get()
      if (state !== 'signed-out' && state !== 'refused') return
      options.credentials.reset()
      loop = start()
      status.set({ state: 'connecting', ...firstAttempt })
    },
    close: async () => {
      loop.end({ state: 'closed' })
      if (status.get().state !== 'closed') status.set({ state: 'closed' })
      await loop.closed()
    },
  }
}
