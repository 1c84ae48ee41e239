import { TRPCClientError } from '@trpc/client'
import { closeCodes, type FailureFields, type FailureName, failures, isFailureName, mayComeBack } from '../contract/failures'

/** Failures on the client's side of the connection. The server's are in `contract/failures`. */
const clientFailures = {
  /** The connection was lost before the answer. The server may or may not have carried out the call. */
  DISCONNECTED: { retry: true, words: 'The connection was lost.' },
  /** The answer did not come in time. The server may or may not have carried out the call. */
  TIMED_OUT: { retry: true, words: "The server didn't answer in time." },
  /** This client was closed. */
  CLOSED: { retry: false, words: 'This chat client is closed.' },
  /** The caller cancelled the call. */
  ABORTED: { retry: false, words: 'The call was cancelled.' },
  /** What answers at this address is not Roomline. */
  NOT_ROOMLINE: { retry: false, words: "There's no Roomline server at this address." },
  /** Not one of Roomline's failures. `words` is the message of the error. */
  UNKNOWN: { retry: false, words: 'Something unexpected went wrong.' },
} as const

export type ChatFailureName = FailureName | keyof typeof clientFailures

/** Why a call was rejected, a subscription ended or a connection failed. Programs should read `name`, never `words`. */
export interface ChatFailure {
  name: ChatFailureName
  /** For a person to read. */
  words: string
  /** Whether the same call may succeed later without anyone changing anything. */
  retry: boolean
  /** How long the server asks to wait before trying again, in milliseconds. */
  retryAfterMs?: number
  /** What is wrong with each field of the input, by its path. */
  fields?: FailureFields
  /** With SECOND_FACTOR_REQUIRED: what `finishSignIn` takes beside the code. Keep it like a password. */
  ticket?: string
}

/** An error with its failure. `signIn` throws it. */
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

export function failureNamed(name: ChatFailureName, { words, retry, retryAfterMs, fields, ticket }: Details = {}): ChatFailure {
  const known = isFailureName(name) ? failures[name] : clientFailures[name]
  return {
    name,
    words: words ?? known.words,
    retry: retry ?? known.retry,
    ...(retryAfterMs && { retryAfterMs }),
    ...(fields && { fields }),
    ...(ticket && { ticket }),
  }
}

/**
 * The failure in an error: of a call, of a subscription's `onError`, of `signIn`, or any other. An error that is not
 * Roomline's is `UNKNOWN`, and not to be retried blindly.
 * @example
 * try {
 *   await client.rooms.join.mutate({ room: 'general' })
 * } catch (error) {
 *   const { name, words } = readFailure(error)
 *   if (name !== 'ROOM_NOT_FOUND') showError(words)
 * }
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

/** Whether to try again. After UNAUTHORIZED too: the client as a whole gets a new session, or ends. */
export const mayRetry = ({ name, retry }: ChatFailure): boolean => retry || name === 'UNAUTHORIZED'

/** The failure in the `data` of an error from the server. */
export function failureOfData(data: unknown, message?: string): ChatFailure {
  const { failure, fields, retryAfterMs } = (data ?? {}) as { failure?: unknown; fields?: FailureFields; retryAfterMs?: number }
  // The server's message may name the limit that was exceeded; the table's words are general.
  const details = { ...(fields && { fields }), ...(retryAfterMs && { retryAfterMs }), ...(message && { words: message }) }
  return failureNamed(isFailureName(failure) ? failure : 'UNKNOWN', details)
}

/** The failure that the close code of a socket stands for. */
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

/** Makes a failure on the client's side the kind of error that all calls of tRPC throw. */
export function toClientError(failure: ChatFailure): TRPCClientError<never> {
  return TRPCClientError.from(new ChatError(failure))
}

function isChatFailure(value: unknown): value is ChatFailure {
  if (typeof value !== 'object' || value === null) return false
  const { name, words, retry } = value as Record<string, unknown>
  return (
    (isFailureName(name) || (typeof name === 'string' && Object.hasOwn(clientFailures, name))) &&
    typeof words === 'string' &&
    typeof retry === 'boolean'
  )
}
