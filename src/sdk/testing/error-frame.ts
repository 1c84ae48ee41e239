import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { Failure, failures } from '../../contract/failures'

export type CallId = number | string | null

/** The frame in which a call's failure is sent, as the real server writes it. @param id null for the connection as a whole */
export function errorFrameOf(id: CallId, error: unknown, path?: string): string {
  // What is no failure is a fault of the test server. A test should show it, and the client should not try again.
  const { failure, detail, message } = error instanceof Failure ? error : new Failure('BAD_REQUEST', { words: String(error) })
  const { code } = failures[failure]
  const { fields, retryAfterMs } = detail
  return JSON.stringify({
    id,
    error: {
      message,
      code: TRPC_ERROR_CODES_BY_KEY[code],
      data: {
        code,
        httpStatus: getHTTPStatusCodeFromError({ code } as never),
        ...(path !== undefined && { path }),
        failure,
        ...(fields && { fields }),
        ...(retryAfterMs && { retryAfterMs }),
      },
    },
  })
}
