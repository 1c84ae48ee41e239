import { TRPCClientError } from '@trpc/client'
import { type FailureFields, type FailureName, failures, isFailureName } from '../contract/failures'

/** Why a call was rejected or a subscription ended, read from the server's failure table and never from message text. */
export interface ChatFailure {
  /** `DISCONNECTED` when no answer came: whether the call was carried out is not known. */
  name: FailureName | 'DISCONNECTED'
  /** For a person to read. */
  words: string
  /** Whether the same call may succeed later without anybody changing anything. */
  retry: boolean
  retryAfterMs?: number
  /** What is wrong with which field of the input. */
  fields?: FailureFields
}

/** Reads the failure out of whatever a call of the SDK threw. */
export function readFailure(error: unknown): ChatFailure {
  const data: unknown = error instanceof TRPCClientError ? error.data : undefined
  if (typeof data !== 'object' || data === null) return { name: 'DISCONNECTED', words: 'The connection was lost.', retry: true }
  const { failure, fields, retryAfterMs } = data as { failure?: unknown; fields?: FailureFields; retryAfterMs?: number }
  const name = isFailureName(failure) ? failure : 'INTERNAL'
  const { words, retry } = failures[name]
  return { name, words, retry, ...(fields && { fields }), ...(retryAfterMs && { retryAfterMs }) }
}
