import { createTRPCClient, httpLink } from '@trpc/client'
import { isFailureName } from '../../contract/failures'
import type { AppRouter } from '../../server/router'
import { ChatError, failureNamed } from '../chat-error'

/** The calls that need no connection, over plain HTTP. @param token of the person or bot that makes the calls */
export function createPlainCalls(url: string, token: string, timeoutMs: number) {
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url,
        headers: { authorization: `Bearer ${token}` },
        fetch: (input, init) => fetchJson(input as string, init as RequestInit, timeoutMs),
      }),
    ],
  })
}

/** @throws {ChatError} DISCONNECTED, TIMED_OUT, UNAVAILABLE or NOT_ROOMLINE when there is no answer of Roomline's */
async function fetchJson(url: string, init: RequestInit, timeoutMs: number): Promise<Response> {
  const signal = AbortSignal.timeout(timeoutMs)
  const fail = (cause: unknown): never => {
    throw new ChatError(failureNamed(signal.aborted ? 'TIMED_OUT' : 'DISCONNECTED'), { cause })
  }
  // The token must not follow a redirect to somewhere else.
  const response = await fetch(url, { ...init, signal, cache: 'no-store', redirect: 'manual' }).catch(fail)
  const text = await response.text().catch(fail)
  const { result, error } = parse(text)
  // A refusal that is not of a call, for example while the server restarts.
  if (isFailureName(error?.code)) throw new ChatError(failureNamed(error.code))
  if (result !== undefined || error?.data !== undefined) return new Response(text, { status: response.status })
  // A proxy answers like this while the server behind it is down.
  const isBusy = response.status >= 500 || response.status === 429
  throw new ChatError(failureNamed(isBusy ? 'UNAVAILABLE' : 'NOT_ROOMLINE'))
}

interface Answer {
  result?: unknown
  error?: { code?: unknown; data?: unknown }
}

function parse(text: string): Answer {
  try {
    return (JSON.parse(text) ?? {}) as Answer
  } catch {
    return {}
  }
}
