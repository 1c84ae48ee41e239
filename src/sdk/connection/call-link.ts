import type { TRPCClientError, TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { AppRouter } from '../../server/router'
import { type ChatFailure, failureNamed, toClientError } from '../chat-error'

/** The calls and subscriptions that are under way. */
export interface OpenCalls {
  /** Put this before the link that talks to the server. It ends calls that take too long, or that outlive the client. */
  link: TRPCLink<AppRouter>
  /** @returns a function that rejects every call that is under way now */
  underWay(): (reason: ChatFailure) => void
}

/**
 * @param timeoutMs how long a query or a mutation may take
 * @param ended why calls are rejected at once; null while they are not
 */
export function createOpenCalls({ timeoutMs, ended }: { timeoutMs: number; ended: () => ChatFailure | null }): OpenCalls {
  const open = new Set<(reason: ChatFailure) => void>()
  const link: TRPCLink<AppRouter> =
    () =>
    ({ op, next }) =>
      observable((observer) => {
        const reject = (reason: ChatFailure) => observer.error(toClientError(reason) as TRPCClientError<AppRouter>)
        const reason = ended()
        if (reason) return reject(reason)
        open.add(reject)
        const timer = op.type === 'subscription' ? undefined : setTimeout(() => reject(failureNamed('TIMED_OUT')), timeoutMs)
        const answer = next(op).subscribe(observer)
        return () => {
          clearTimeout(timer)
          open.delete(reject)
          answer.unsubscribe()
        }
      })
  return {
    link,
    underWay: () => {
      const calls = [...open]
      return (reason) => {
        for (const reject of calls) reject(reason)
      }
    },
  }
}
