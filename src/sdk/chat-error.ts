import { TRPCClientError } from '@trpc/client'
import { closeCodes, type FailureFields, type FailureName, failures, isFailureName, mayComeBack } from '../contract/failures'

/** What can go wrong on the client's side of the connection, beside what the server's own table names. */
const ownFailures = {
  /** The connection was lost before the answer: whether the call was carried out is not known. */
  DISCONNECTED: { retry: true, words: 'The connection was lost.' },
  /** No answer came in time: whether the call was carried out is not known. */
  TIMED_OUT: { retry: true, words: 'The server did not answer in time.' },
  /** This client was closed. */
  CLOSED: { retry: false, words: 'This chat client is closed.' },
  /** The caller cancelled the call. */
  ABORTED: { retry: false, words: 'This was cancelled.' },
  /** Whatever answers at this address, it is not Roomline. */
  NOT_ROOMLINE: { retry: false, words: 'There is no Roomline server at this address.' },
  /** Not one of Roomline's failures: the error's own message is in `words`. */
  UNKNOWN: { retry: false, words: 'Something unexpected went wrong.' },
} as const

export type ChatFailureName = FailureName | keyof typeof ownFailures

/** Why a call was rejected, a subscription ended or a connection failed. Programs read `name`, never `words`. */
export interface ChatFailure {
  name: ChatFailureName
  /** For a person to read. */
  words: string
  /** Whether the same call may succeed later without anybody changing anything. */
  retry: boolean
  /** How many milliseconds to wait before trying again, when the server says so. */
  retryAfterMs?: number
  /** What is wrong with which field of the input. */
  fields?: FailureFields
}

/** An error with a failure in it, as `signIn` throws it. */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  constructor(
    readonly failure: ChatFailure,
    options?: ErrorOptions,
  ) {
    super(failure.words, options)
  }

  /** The failure's name. */
  get code(): ChatFailureName {
    return this.failure.name
  }
}

type Details = Partial<Omit<ChatFailure, 'name'>>

export function failureNamed(name: ChatFailureName, { words, retry, retryAfterMs, fields }: Details = {}): ChatFailure {
  const known = isFailureName(name) ? failures[name] : ownFailures[name]
  return {
    name,
    words: words ?? known.words,
    retry: retry ?? known.retry,
    ...(retryAfterMs && { retryAfterMs }),
    ...(fields && { fields }),
  }
}

/**
 * Reads the failure out of whatever was thrown: by a call, a subscription's `onError`, `signIn`, or anything else. What
 * is not Roomline's is `UNKNOWN`, and must not be tried again blindly.
 */
export function readFailure(error: unknown): ChatFailure {
  if (error instanceof ChatError) return error.failure
  if (isChatFailure(error)) return error
  if (error instanceof TRPCClientError) {
    if (typeof error.data === 'object' && error.data !== null) return failureOfData(error.data, error.message)
    if (error.cause !== undefined && error.cause !== error) return readFailure(error.cause)
  }
  const { name, message, failure } = (typeof error === 'object' && error ? error : {}) as Record<string, unknown>
  if (isChatFailure(failure)) return failure
  if (name === 'TRPCWebSocketClosedError') return failureNamed('DISCONNECTED')
  if (name === 'AbortError') return failureNamed('ABORTED')
  if (name === 'TimeoutError') return failureNamed('TIMED_OUT')
  return failureNamed('UNKNOWN', typeof message === 'string' && message !== '' ? { words: message } : {})
}

/** Whether to ask again: the failure may pass, or the session is over, and that is for the whole client to say and to mend. */
export const isWorthAskingAgain = ({ name, retry }: ChatFailure): boolean => retry || name === 'UNAUTHORIZED'

/** Reads the `data` of an error that the server sent. */
export function failureOfData(data: unknown, message?: string): ChatFailure {
  const { failure, fields, retryAfterMs } = (data ?? {}) as { failure?: unknown; fields?: FailureFields; retryAfterMs?: number }
  // The server's own words may name a limit that was passed, where the table's are general.
  const details = { ...(fields && { fields }), ...(retryAfterMs && { retryAfterMs }), ...(message && { words: message }) }
  return failureNamed(isFailureName(failure) ? failure : 'UNKNOWN', details)
}

/** What a closed socket says about its calls and its session. */
export function failureOfClose(code: number): ChatFailure {
  switch (code) {
    case closeCodes.notSignedIn.code:
      return failureNamed('UNAUTHORIZED')
    case closeCodes.anotherUser.code:
      return failureNamed('ANOTHER_USER')
    case closeCodes.tooManyConnections.code:
      return failureNamed('TOO_MANY_CONNECTIONS')
    case closeCodes.restarting.code:
      return failureNamed('UNAVAILABLE')
    case closeCodes.abuse.code:
      return failureNamed('UNKNOWN', { words: 'The server closed the connection because this client sent too much.' })
    case 1009:
      return failureNamed('TOO_BIG')
    default:
      if (mayComeBack(code)) return failureNamed('DISCONNECTED')
      return failureNamed('UNKNOWN', { words: `The server closed the connection for good (code ${code}).` })
  }
}

/** What a call throws that failed on this side of the connection: an error of tRPC's, as all its calls throw. */
export function toClientError(failure: ChatFailure): TRPCClientError<never> {
  return TRPCClientError.from(new ChatError(failure))
}

function isChatFailure(value: unknown): value is ChatFailure {
  if (typeof value !== 'object' || value === null) return false
  const { name, words, retry } = value as Record<string, unknown>
  return (
    (isFailureName(name) || (typeof name === 'string' && Object.hasOwn(ownFailures, name))) &&
    typeof words === 'string' &&
    typeof retry === 'boolean'
  )
}
