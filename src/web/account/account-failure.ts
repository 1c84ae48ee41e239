import { type FailureFields, failures, isFailureName } from '../../contract/failures'
import { tooManyAttempts } from '../ui/times'

/** Why an account route rejected a form, in words to show. */
export interface AccountFailure {
  /** Its name in the table of failures. */
  code: string
  /** What is wrong with each field, as a sentence; empty if no field is wrong. */
  fields: Record<string, string>
  words: string
}

const labels: Record<string, string> = { username: 'Username', password: 'Password', displayName: 'Display name' }

/** Signing in worked, but the browser did not keep the cookie: it only does over https, where the server is set up for that. */
export const cookieRefused: AccountFailure = {
  code: 'UNAUTHORIZED',
  fields: {},
  words: "That was right, but your browser didn't keep you signed in. Open this site with https:// instead of http://.",
}

/** Reads the failure from the address that a route redirects a plain form to. @param query `wait` is in seconds */
export function readQueryFailure(query: { error?: string; field?: string; why?: string; wait?: string }): AccountFailure | null {
  if (!query.error) return null
  const failure = describe(query.error, query.field && query.why ? { [query.field]: query.why } : {})
  const seconds = Number(query.wait)
  return seconds > 0 && seconds < 86_400 ? { ...failure, words: tooManyAttempts(Math.ceil(seconds)) } : failure
}

/** Reads the failure from a route's JSON answer. */
export async function readResponseFailure(response: Response): Promise<AccountFailure> {
  const body: { error?: { code?: string; fields?: FailureFields } } = await response.json().catch(() => ({}))
  const failure = describe(body.error?.code ?? 'INTERNAL', body.error?.fields ?? {})
  const seconds = Number(response.headers.get('retry-after'))
  return seconds > 0 ? { ...failure, words: tooManyAttempts(seconds) } : failure
}

function describe(code: string, reasons: FailureFields): AccountFailure {
  const words = failures[isFailureName(code) ? code : 'INTERNAL'].words
  if (code === 'USERNAME_TAKEN') return { code, fields: { username: words }, words }
  if (code === 'INVALID_CREDENTIALS') return { code, fields: { password: words }, words }
  if (code === 'WRONG_CODE') return { code, fields: { code: words }, words }
  const fields: Record<string, string> = {}
  for (const [field, why] of Object.entries(reasons)) {
    if (Object.hasOwn(labels, field)) fields[field] = `${labels[field]} ${why}.`
  }
  return { code, fields, words }
}
