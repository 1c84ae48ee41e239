/**
 * Every way a call can be rejected, a subscription can end or a sign-in can fail: one table for the server that throws,
 * the SDK that decides whether to try again, and the page that tells a person.
 *
 * `code` is tRPC's error code. `retry` says whether the same call may succeed later without anybody changing anything.
 * `words` are what a person reads.
 */
export const failures = {
  BAD_REQUEST: { code: 'BAD_REQUEST', retry: false, words: 'Something in this request is not right.' },
  CURSOR_AHEAD: { code: 'BAD_REQUEST', retry: false, words: 'This room has not got that far: reload it.' },
  UNAUTHORIZED: { code: 'UNAUTHORIZED', retry: false, words: 'You are not signed in, or no longer.' },
  ANOTHER_USER: { code: 'FORBIDDEN', retry: false, words: 'Someone else is signed in here now. Reload the page.' },
  INVALID_CREDENTIALS: { code: 'UNAUTHORIZED', retry: false, words: 'The username or the password is wrong.' },
  FOREIGN_ORIGIN: { code: 'FORBIDDEN', retry: false, words: 'This request came from another site.' },
  NOT_A_MEMBER: { code: 'FORBIDDEN', retry: false, words: 'Join this room first.' },
  MEMBERSHIP_ENDED: { code: 'FORBIDDEN', retry: false, words: 'You are no longer in this room.' },
  NOT_ALLOWED: { code: 'FORBIDDEN', retry: false, words: 'Your role does not allow this.' },
  MUTED: { code: 'FORBIDDEN', retry: false, words: 'You are muted in this room for now: you can read, but not write.' },
  POSTING_RESTRICTED: { code: 'FORBIDDEN', retry: false, words: 'Only moderators write in this room.' },
  DIRECT_ROOM: { code: 'FORBIDDEN', retry: false, words: 'A direct room always has the same people.' },
  USER_BANNED: { code: 'FORBIDDEN', retry: false, words: 'This person is banned from the room: lift the ban first.' },
  WRONG_PASSWORD: { code: 'FORBIDDEN', retry: false, words: 'That is not your password.' },
  ROOM_ARCHIVED: { code: 'FORBIDDEN', retry: false, words: 'This room is archived: it can be read, but not written to.' },
  LAST_OWNER: { code: 'FORBIDDEN', retry: false, words: 'A room with people in it keeps an owner: make somebody else an owner first.' },
  ROOM_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: 'There is no such room, or you may not see it.' },
  MESSAGE_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: 'There is no such message, or it was removed.' },
  MEMBER_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: 'Nobody of that name is in this room.' },
  INVITE_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: 'This invitation does not work, or no longer.' },
  SESSION_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: 'You have no such session, or no longer.' },
  USER_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: 'There is nobody of that name.' },
  NO_SUCH_PROCEDURE: { code: 'NOT_FOUND', retry: false, words: 'The server does not know this call.' },
  METHOD_NOT_ALLOWED: { code: 'METHOD_NOT_SUPPORTED', retry: false, words: 'This address does not answer that method.' },
  USERNAME_TAKEN: { code: 'CONFLICT', retry: false, words: 'Somebody has that username already.' },
  ROOM_NAME_TAKEN: { code: 'CONFLICT', retry: false, words: 'A room of that name exists already.' },
  CLIENT_ID_REUSED: { code: 'CONFLICT', retry: false, words: 'Another message was sent under this clientId.' },
  TOO_BIG: { code: 'PAYLOAD_TOO_LARGE', retry: false, words: 'That is too big.' },
  TOO_MANY_CONNECTIONS: { code: 'TOO_MANY_REQUESTS', retry: true, words: 'Too many connections are open: close some, or wait.' },
  TOO_MANY_SUBSCRIPTIONS: { code: 'TOO_MANY_REQUESTS', retry: false, words: 'Too many subscriptions on one connection.' },
  SLOW_MODE: { code: 'TOO_MANY_REQUESTS', retry: false, words: 'This room is in slow mode: wait a little before you write again.' },
  TOO_MANY_REACTIONS: { code: 'CONFLICT', retry: false, words: 'This message has as many different reactions as it can have.' },
  TOO_MANY_REQUESTS: { code: 'TOO_MANY_REQUESTS', retry: true, words: 'That was too often: wait a moment.' },
  UNAVAILABLE: { code: 'SERVICE_UNAVAILABLE', retry: true, words: 'The server cannot do this right now. Nothing is lost: try again.' },
  INTERNAL: { code: 'INTERNAL_SERVER_ERROR', retry: true, words: 'Something went wrong on the server.' },
} as const

export type FailureName = keyof typeof failures
export type FailureCode = (typeof failures)[FailureName]['code']

/** Which field is wrong and why, by its path in the input. */
export type FailureFields = Record<string, string>

/** What operations throw. Its message is for people; programs read `name`. */
export class Failure extends Error {
  constructor(
    readonly failure: FailureName,
    /** `words` are more exact ones than the table's, with a limit that was passed. */
    readonly detail: { fields?: FailureFields; retryAfterMs?: number; words?: string; cause?: unknown } = {},
  ) {
    super(detail.words ?? failures[failure].words, { cause: detail.cause })
    this.name = failure
  }
}

export function isFailureName(name: unknown): name is FailureName {
  return typeof name === 'string' && Object.hasOwn(failures, name)
}

/** Why the server closes a socket, and whether the client should come back. */
export const closeCodes = {
  abuse: { code: 1008, comeBack: false },
  restarting: { code: 1012, comeBack: true },
  notSignedIn: { code: 4401, comeBack: false },
  anotherUser: { code: 4403, comeBack: false },
  tooSlow: { code: 4408, comeBack: true },
  tooManyConnections: { code: 4429, comeBack: true },
} as const

/** Too big and the protocol errors: the same frames would end another socket the same way. */
const finalCodes: readonly number[] = [
  ...[1002, 1003, 1007, 1009],
  ...Object.values(closeCodes).flatMap(({ code, comeBack }) => (comeBack ? [] : [code])),
]

/** Whether a client whose socket was closed with this code should open another. */
export function mayComeBack(code: number | undefined): boolean {
  return code === undefined || !finalCodes.includes(code)
}
