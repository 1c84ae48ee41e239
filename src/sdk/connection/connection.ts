import type { TRPCLink } from '@trpc/client'
import type { AppRouter } from '../../server/router'
import { createStore, type Store } from '../store'
import { createOpenCalls } from './call-link'
import { firstAttempt, type Life, type LifeOptions, startLife } from './life'
import { type ConnectionStatus, endOf } from './status'

export interface Connection {
  status: Store<ConnectionStatus>
  /** The id of the user whose client it is, for good: resolves when that is known. */
  person: Promise<string>
  /** What tRPC's client sends its calls through. */
  links: TRPCLink<AppRouter>[]
  /** Tries again after `signed-out` or `refused`. */
  reopen(): void
  close(): Promise<void>
}

/** Connects at once, and reconnects whenever the connection is lost, until it is closed or refused for good. */
export function startConnection({
  callTimeoutMs,
  user,
  ...options
}: LifeOptions & { callTimeoutMs: number; user: string | undefined }): Connection {
  const status = createStore<ConnectionStatus>({ state: 'connecting', ...firstAttempt })
  const calls = createOpenCalls({ timeoutMs: callTimeoutMs, ended: () => endOf(status.get()) })
  let wasConnected = false
  let known = user
  let tellPerson = (_: string) => {}
  const person = new Promise<string>((resolve) => {
    tellPerson = resolve
  })
  if (user !== undefined) tellPerson(user)
  let life = begin()

  function begin(): Life {
    return startLife(options, {
      wasConnected: () => wasConnected,
      person: () => known,
      onPerson: (id) => {
        known ??= id
        tellPerson(known)
      },
      show: (next) => {
        wasConnected ||= next.state === 'connected'
        status.set(next)
      },
      onEnd: (ended) => {
        // A status listener may reopen the client at once: calls made after that must not be rejected.
        const reject = calls.underWay()
        status.set(ended)
        const reason = endOf(ended)
        if (reason) reject(reason)
      },
    })
  }

  return {
    status,
    person,
    links: [calls.link, (runtime) => (call) => life.link(runtime)(call)],
    reopen: () => {
      const { state } = status.get()
      if (state !== 'signed-out' && state !== 'refused') return
      options.credentials.reset()
      life = begin()
      status.set({ state: 'connecting', ...firstAttempt })
    },
    close: async () => {
      life.end({ state: 'closed' })
      if (status.get().state !== 'closed') status.set({ state: 'closed' })
      await life.left()
    },
  }
}
