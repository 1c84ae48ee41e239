import type { TRPCClientError, TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { AppRouter } from '../../server/router'
import { type ChatFailure, failureNamed, toClientError } from '../chat-error'
import type { Clock } from '../clock'

/** The calls and subscriptions in progress. */
export interface OpenCalls {
  /** Belongs before the link to the server. It rejects calls that take too long, and all calls while the client has ended. */
  link: TRPCLink<AppRouter>
  /** Takes the calls that are in progress now. @returns a function that rejects them */
  takeAll(): (reason: ChatFailure) => void
}

/** @param options `timeoutMs`: how long a query or mutation may take; `ended`: why the client has ended, null while it has not */
export function createOpenCalls({
  clock,
  timeoutMs,
  ended,
}: {
  clock: Clock
  timeoutMs: number
  ended: () => ChatFailure | null
}): OpenCalls {
  const open = new Set<(reason: ChatFailure) => void>()
  const link: TRPCLink<AppRouter> =
    () =>
    ({ op, next }) =>
      observable((observer) => {
        const reject = (reason: ChatFailure) => observer.error(toClientError(reason) as TRPCClientError<AppRouter>)
        const reason = ended()
        if (reason) return reject(reason)
        open.add(reject)
        const timer = op.type === 'subscription' ? undefined : clock.setTimeout(() => reject(failureNamed('TIMED_OUT')), timeoutMs)
        const answer = next(op).subscribe(observer)
        return () => {
          clock.clear(timer)
          open.delete(reject)
          answer.unsubscribe()
        }
      })
  return {
    link,
    takeAll: () => {
      const calls = [...open]
      return (reason) => {
        for (const reject of calls) reject(reason)
      }
    },
  }
}
