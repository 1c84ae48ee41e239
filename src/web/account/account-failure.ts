import { type FailureFields, failures, isFailureName } from '../../contract/failures'

/** Why an account route refused, in words for a person: about one field of the form, or about all of it. */
export interface AccountFailure {
  field: string | null
  words: string
}

const labels: Record<string, string> = { username: 'Username', password: 'Password', displayName: 'Display name' }

/** From the address that a route sends a plain form back to. */
export function readQueryFailure(query: { error?: string; field?: string; why?: string }): AccountFailure | null {
  if (!query.error) return null
  return describe(query.error, query.field && query.why ? { [query.field]: query.why } : {})
}

/** From the JSON that a route answers a script. */
export async function readResponseFailure(response: Response): Promise<AccountFailure> {
  const body: { error?: { code?: string; fields?: FailureFields } } = await response.json().catch(() => ({}))
  const failure = describe(body.error?.code ?? 'INTERNAL', body.error?.fields ?? {})
  const seconds = Number(response.headers.get('retry-after'))
  return seconds > 0 ? { ...failure, words: `That was too often: wait ${inWords(seconds)}, then try again.` } : failure
}

function describe(code: string, fields: FailureFields): AccountFailure {
  const words = failures[isFailureName(code) ? code : 'INTERNAL'].words
  if (code === 'USERNAME_TAKEN') return { field: 'username', words }
  if (code === 'INVALID_CREDENTIALS') return { field: 'password', words }
  const [field, why] = Object.entries(fields)[0] ?? []
  const label = labels[field ?? '']
  return field && label ? { field, words: `${label} ${why}.` } : { field: null, words }
}

function inWords(seconds: number): string {
  if (seconds < 90) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`
  return `${Math.ceil(seconds / 60)} minutes`
}
