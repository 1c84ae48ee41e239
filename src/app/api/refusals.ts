import { type FailureName, failures } from '../../contract/failures'

/** The answer to a method that a route does not support. */
export const methodNotAllowed = (allow: string) => refusal(405, 'METHOD_NOT_ALLOWED', { allow })

/** The answer to an unknown address. */
export const noSuchRoute = () => refusal(404, 'NO_SUCH_PROCEDURE')

function refusal(status: number, name: FailureName, headers: Record<string, string> = {}): Response {
  const body = { error: { code: name, message: failures[name].words } }
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } })
}
