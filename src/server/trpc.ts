import { initTRPC, TRPCError, type TRPCProcedureType } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { ZodError, type z } from 'zod'
import { Failure, type FailureName, failures } from '../contract/failures'
import { fieldsOf } from '../contract/fields'
import { findRefusal, findServerRefusal, limitOf } from '../contract/rights'
import { roomInput } from '../contract/room'
import type { Context } from './context'
import type { Limit } from './fairness/shared-limits'
import { isUnavailable } from './platform/database'
import type { Log } from './platform/log'

const t = initTRPC.context<Context>().create({ errorFormatter: ({ shape, error }) => toErrorShape(error, shape.data.path) })

/** A failure as clients get it: `data.failure` is its name, `data.fields` the input fields with their problems. */
export function toErrorShape(error: TRPCError, path?: string) {
  const { failure, fields, retryAfterMs, words } = describeError(error)
  return {
    message: words ?? (failures[failure].code === error.code ? failures[failure].words : error.message),
    code: TRPC_ERROR_CODES_BY_KEY[error.code],
    // No stack and no internal message, not even in development: clients must get the same everywhere.
    data: {
      code: error.code,
      httpStatus: getHTTPStatusCodeFromError(error),
      ...(path !== undefined && { path }),
      failure,
      ...(fields && { fields }),
      ...(retryAfterMs && { retryAfterMs }),
    },
  }
}

type CallId = number | string | null

/** The error frames that tRPC would send for these calls. A null id means that no context could be made. */
export function errorFrames(failure: Failure, ids: readonly CallId[]): string[] {
  const error = JSON.stringify(toErrorShape(toTRPCError(failure)))
  return ids.map((id) => `{"id":${JSON.stringify(id)},"error":${error}}`)
}

export const errorFrame = (failure: Failure): string => errorFrames(failure, [null]).join()

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** Gives errors that end a stream later the same names as errors of the call itself. */
function withStreamFailures<Value>(stream: AsyncIterable<Value>): AsyncIterable<Value> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = stream[Symbol.asyncIterator]()
      return {
        next: () =>
          iterator.next().catch((error: unknown) => {
            throw toTRPCError(error)
          }),
        return: async (value) => (await iterator.return?.(value)) ?? { done: true, value },
      }
    },
  }
}

export function toTRPCError(error: unknown): TRPCError {
  const cause = error instanceof TRPCError ? error.cause : error
  if (cause instanceof Failure) return new TRPCError({ code: failures[cause.failure].code, message: cause.message, cause })
  if (isUnavailable(cause)) return toTRPCError(new Failure('UNAVAILABLE', { cause }))
  return error instanceof TRPCError ? error : new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: failures.INTERNAL.words, cause })
}

/** Logs an error of a directly delivered stream, and returns its shape, as tRPC would for its own streams. */
export function describeStreamError(log: Log, error: unknown, path: string) {
  const trpcError = toTRPCError(error)
  reportError(log, trpcError, path, 'subscription')
  return toErrorShape(trpcError, path)
}

export function reportError(log: Log, error: Error & { code: string }, procedure: string | undefined, type: string) {
  // A client that sends broken or oversized frames is not a fault of the server.
  const cause = error.cause as { code?: unknown } | undefined
  const expected = error.code !== 'INTERNAL_SERVER_ERROR' || String(cause?.code).startsWith('WS_ERR_')
  log[expected ? 'debug' : 'error'](
    { procedure, type, code: error.code, ...(!expected && { err: error.cause ?? error }) },
    'a call was rejected',
  )
}

/** Whether a call was rejected for what an honest client never sends, or rarely. */
export const isJunk = ({ code, cause }: TRPCError): boolean =>
  code === 'PARSE_ERROR' || code === 'BAD_REQUEST' || (notUnderstood.includes(code) && !(cause instanceof Failure))

const notUnderstood: readonly string[] = ['NOT_FOUND', 'METHOD_NOT_SUPPORTED', 'UNPROCESSABLE_CONTENT', 'UNSUPPORTED_MEDIA_TYPE']

interface Description {
  failure: FailureName
  fields?: Record<string, string>
  retryAfterMs?: number
  words?: string
}

function describeError(error: TRPCError): Description {
  if (error.cause instanceof Failure) return { failure: error.cause.failure, ...error.cause.detail }
  if (error.message === tooManyCalls) return { failure: 'BAD_REQUEST', ...tooManyTogether(maxCallsTogether).detail }
  if (error.cause instanceof ZodError) return { failure: 'BAD_REQUEST', fields: fieldsOf(error.cause) }
  return { failure: byCode[error.code] ?? 'BAD_REQUEST' }
}

/** The limit of calls in one message. tRPC's client joins all calls of one turn, and after a reconnect all that wait. */
export const maxCallsTogether = 1_000

/** The adapter's message for each call when there are too many in one message. */
const tooManyCalls = 'Batch call exceeds maximum size'

export const tooManyTogether = (limit: number) =>
  new Failure('BAD_REQUEST', {
    fields: { batch: `must have at most ${limit} calls` },
    words: `Too many calls in one message. The limit is ${limit.toLocaleString('en')}.`,
  })

export { noInput } from '../contract/fields'

/** For errors that tRPC itself raises. */
const byCode: Partial<Record<TRPCError['code'], FailureName>> = {
  UNAUTHORIZED: 'UNAUTHORIZED',
  NOT_FOUND: 'NO_SUCH_PROCEDURE',
  METHOD_NOT_SUPPORTED: 'METHOD_NOT_ALLOWED',
  PAYLOAD_TOO_LARGE: 'TOO_BIG',
  INTERNAL_SERVER_ERROR: 'INTERNAL',
}

export const router = t.router

/**
 * Every procedure starts here. The caller is signed in, because there is no context without a session. A procedure without a
 * row in the table of rights is refused, the calls of a connection run a few at a time, and everything that an operation
 * throws becomes tRPC's error.
 */
export const signedInProcedure = t.procedure.use(async ({ ctx: { caller, parts }, type, path, next }) => {
  const { connection } = caller
  const refusal = findServerRefusal(path, caller.role)
  if (refusal) {
    noteRefusal(parts, caller, path)
    throw toTRPCError(new Failure(refusal))
  }
  const limit = limitOf(path)
  const call = async () => {
    const counted = limit && countCall(parts.limits[limit], type, caller.user.id)
    if (counted) await counted
    return next()
  }
  const result = await caller.turns.takeTurn(call).catch((error: unknown) => {
    throw toTRPCError(error)
  })
  if (!result.ok) {
    const error = toTRPCError(result.error)
    if (error.cause instanceof Failure && error.cause.failure === 'NOT_ALLOWED') noteRefusal(parts, caller, path)
    // A client gives up a rejected subscription, but repeats all its subscriptions when it reconnects.
    if (type === 'subscription' && error.code === failures.UNAVAILABLE.code) connection?.askToComeBack()
    throw error
  }
  return isAsyncIterable(result.data) ? { ...result, data: withStreamFailures(result.data) } : result
})

/** For the audit log: a role, on the server or in the room, that did not allow the call. */
const noteRefusal = (parts: Context['parts'], { user, ip }: Context['caller'], procedure: string) =>
  parts.refusedCalls.note({ userId: user.id, procedure, ip })

/**
 * Nothing that passes by itself may end a stock client's subscription: too many of them wait, and their connection is not
 * read meanwhile.
 */
const countCall = (limit: Limit, type: TRPCProcedureType, userId: string) =>
  type === 'subscription' ? limit.countInTime(userId) : limit.count(userId)

/**
 * A procedure for members of a room. It finds the room through the caller's membership, so that a procedure cannot hold a
 * room that its caller is not in.
 * @param schema an input schema with the room's id in `room`
 */
export function memberProcedure<Schema extends z.ZodType<{ room: string }, { room: string }>>(schema: Schema) {
  return signedInProcedure.input(schema).use(async ({ ctx, input, path, next }) => {
    const { room } = input as { room: string }
    const membership = await ctx.parts.rooms.requireMembership(room, ctx.caller.user.id)
    const refusal = findRefusal(path, { server: ctx.caller.role, room: membership.role, sees: true })
    if (refusal) throw new Failure(refusal)
    return next({ ctx: { membership } })
  })
}

export const inRoom = memberProcedure(roomInput)
