/**
 * Every reason why a call is rejected, a subscription ends or a sign-in fails. The server throws them, the SDK decides by
 * them whether to try again, and the web app shows them.
 *
 * - `code`: tRPC's error code
 * - `retry`: whether the same call may succeed later without anyone changing anything
 * - `words`: what a person reads
 */
export const failures = {
  BAD_REQUEST: { code: 'BAD_REQUEST', retry: false, words: "This request isn't valid." },
  CURSOR_AHEAD: { code: 'BAD_REQUEST', retry: false, words: 'This room was restored to an earlier state. Reload it.' },
  UNAUTHORIZED: { code: 'UNAUTHORIZED', retry: false, words: "You're not signed in, or your session has ended." },
  ANOTHER_USER: { code: 'FORBIDDEN', retry: false, words: 'Someone else is now signed in here. Reload the page.' },
  CLIENT_OUTDATED: {
    code: 'BAD_REQUEST',
    retry: false,
    words: 'This server no longer understands this version of the app or SDK. Reload the page, or update @roomline/sdk.',
  },
  INVALID_CREDENTIALS: { code: 'UNAUTHORIZED', retry: false, words: 'Wrong username or password.' },
  OUTSIDE_SIGN_IN_FAILED: {
    code: 'UNAUTHORIZED',
    retry: false,
    words: "You couldn't be signed in. Try again, and ask an admin if that doesn't help.",
  },
  SECOND_FACTOR_REQUIRED: { code: 'UNAUTHORIZED', retry: false, words: 'Enter the code from your authenticator app.' },
  WRONG_CODE: { code: 'UNAUTHORIZED', retry: false, words: 'That code is wrong, or it was used before.' },
  SIGN_IN_EXPIRED: { code: 'UNAUTHORIZED', retry: false, words: 'This sign-in has expired. Enter your password again.' },
  INVALID_PASSKEY: { code: 'UNAUTHORIZED', retry: false, words: "That passkey doesn't work here. Try another one, or use your password." },
  FOREIGN_ORIGIN: { code: 'FORBIDDEN', retry: false, words: 'This request came from another site.' },
  INSECURE_ORIGIN: {
    code: 'FORBIDDEN',
    retry: false,
    words: 'This page was opened over http, but signing in only works over https. Open it with https:// at the beginning.',
  },
  NOT_A_MEMBER: { code: 'FORBIDDEN', retry: false, words: 'Join this room first.' },
  MEMBERSHIP_ENDED: { code: 'FORBIDDEN', retry: false, words: "You're no longer in this room." },
  NOT_ALLOWED: { code: 'FORBIDDEN', retry: false, words: "You don't have permission to do this." },
  MUTED: { code: 'FORBIDDEN', retry: false, words: "You're muted in this room. You can read, but not write." },
  POSTING_RESTRICTED: { code: 'FORBIDDEN', retry: false, words: 'Only moderators can write in this room.' },
  DIRECT_ROOM: { code: 'FORBIDDEN', retry: false, words: "You can't do this in a direct room." },
  USER_BANNED: { code: 'FORBIDDEN', retry: false, words: 'This person is banned from the room. Unban them first.' },
  WRONG_PASSWORD: { code: 'FORBIDDEN', retry: false, words: "That's not your password." },
  CONFIRMATION_REQUIRED: { code: 'FORBIDDEN', retry: false, words: "Confirm that it's you first." },
  NO_PASSWORD: {
    code: 'FORBIDDEN',
    retry: false,
    words: 'You have no password here, because you sign in elsewhere. Ask an admin for a link to set one.',
  },
  PASSKEYS_UNAVAILABLE: { code: 'FORBIDDEN', retry: false, words: 'Passkeys need a server with a domain name and https.' },
  ROOM_ARCHIVED: { code: 'FORBIDDEN', retry: false, words: 'This room is archived. You can read it, but not write in it.' },
  LAST_OWNER: { code: 'FORBIDDEN', retry: false, words: 'A room needs an owner. Make someone else an owner first.' },
  LAST_ADMIN: { code: 'FORBIDDEN', retry: false, words: 'The server needs an admin. Make someone else an admin first.' },
  OWN_ACCOUNT: { code: 'FORBIDDEN', retry: false, words: "You can't do this to your own account." },
  SETUP_NEEDED: {
    code: 'FORBIDDEN',
    retry: false,
    words: 'The first account is created with the setup link that the server printed when it started.',
  },
  INVITATION_NEEDED: { code: 'FORBIDDEN', retry: false, words: 'You need an invitation to create an account here.' },
  REGISTRATION_CLOSED: { code: 'FORBIDDEN', retry: false, words: "New accounts can't be created here. Ask an admin." },
  ROOM_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: "This room doesn't exist, or you don't have access to it." },
  MESSAGE_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: "This message doesn't exist, or it was removed." },
  MEMBER_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: "This person isn't in the room." },
  INVITE_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: 'This invitation is invalid or has expired.' },
  RESET_LINK_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: 'This link is invalid or has expired. Ask an admin for a new one.' },
  SESSION_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: "This session doesn't exist, or it has ended." },
  PASSKEY_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: "This passkey doesn't exist, or it was removed." },
  USER_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: "There's no one with that username." },
  BOT_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: "There's no bot with that username, or it isn't yours." },
  HOOK_NOT_FOUND: { code: 'NOT_FOUND', retry: false, words: "This hook doesn't exist, or it was removed." },
  NO_SUCH_PROCEDURE: { code: 'NOT_FOUND', retry: false, words: "The server doesn't know this call." },
  METHOD_NOT_ALLOWED: { code: 'METHOD_NOT_SUPPORTED', retry: false, words: "This address doesn't support that HTTP method." },
  USERNAME_TAKEN: { code: 'CONFLICT', retry: false, words: 'That username is taken, or looks too much like another one.' },
  NAME_TAKEN: { code: 'CONFLICT', retry: false, words: 'Someone here already has that name, or one that looks like it.' },
  ROOM_NAME_TAKEN: { code: 'CONFLICT', retry: false, words: "There's already a room with that name, or one that looks like it." },
  CLIENT_ID_REUSED: { code: 'CONFLICT', retry: false, words: 'Another message was already sent with this clientId.' },
  PASSKEY_TAKEN: { code: 'CONFLICT', retry: false, words: 'This passkey is in use already.' },
  TOO_MANY_PASSKEYS: { code: 'CONFLICT', retry: false, words: "You can't have more passkeys. Remove one first." },
  TOO_MANY_BOTS: { code: 'CONFLICT', retry: false, words: "You can't have more bots. Remove one first." },
  TOO_MANY_HOOKS: { code: 'CONFLICT', retry: false, words: "This room can't have more hooks. Remove one first." },
  TWO_STEP_ON: { code: 'CONFLICT', retry: false, words: 'Two-step sign-in is on already.' },
  TWO_STEP_OFF: { code: 'CONFLICT', retry: false, words: 'Two-step sign-in is off.' },
  TOO_BIG: { code: 'PAYLOAD_TOO_LARGE', retry: false, words: "That's too big." },
  TOO_MANY_CONNECTIONS: { code: 'TOO_MANY_REQUESTS', retry: true, words: 'You have too many connections open. Close some, or wait.' },
  TOO_MANY_SUBSCRIPTIONS: { code: 'TOO_MANY_REQUESTS', retry: false, words: 'There are too many subscriptions on this connection.' },
  SLOW_MODE: { code: 'TOO_MANY_REQUESTS', retry: false, words: 'This room is in slow mode. Wait a little before you write again.' },
  TOO_MANY_REACTIONS: { code: 'CONFLICT', retry: false, words: "This message can't have any more different emoji." },
  TOO_MANY_PINS: { code: 'CONFLICT', retry: false, words: "This room can't have any more pinned messages. Unpin one first." },
  TOO_MANY_REQUESTS: { code: 'TOO_MANY_REQUESTS', retry: true, words: "You're doing that too often. Wait a moment, then try again." },
  UNAVAILABLE: {
    code: 'SERVICE_UNAVAILABLE',
    retry: true,
    words: "The server can't do this right now. Nothing is lost: try again in a moment.",
  },
  ISSUER_AWAY: {
    code: 'SERVICE_UNAVAILABLE',
    retry: true,
    words: "The service that signs you in can't be reached right now. Try again in a moment.",
  },
  INTERNAL: { code: 'INTERNAL_SERVER_ERROR', retry: true, words: 'Something went wrong on the server.' },
} as const

export type FailureName = keyof typeof failures
export type FailureCode = (typeof failures)[FailureName]['code']

/** What is wrong with each field of the input, by its path, for example `{ text: 'must not be empty' }`. */
export type FailureFields = Record<string, string>

/** What the server's operations throw. The `message` is for people; programs read `name`. */
export class Failure extends Error {
  constructor(
    readonly failure: FailureName,
    /** `words` replace those of the table, for example to name the limit that was exceeded. */
    readonly detail: { fields?: FailureFields; retryAfterMs?: number; ticket?: string; words?: string; cause?: unknown } = {},
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

/**
 * The version of the realtime protocol that the SDK says when it connects, and the oldest one that a server understands.
 * Raise `current` with a change that an older client does not expect, and `oldest` when the server stops serving those.
 */
export const protocol = { current: 2, oldest: 2 } as const

/** The frame with which tRPC's server asks a client to move to a new socket. */
export const reconnectNotice = '{"id":null,"method":"reconnect"}'

/** Also messages that are too big and protocol errors: sent again, the same frames would close the next socket too. */
const finalCodes: readonly number[] = [
  ...[1002, 1003, 1007, 1009],
  ...Object.values(closeCodes).flatMap(({ code, comeBack }) => (comeBack ? [] : [code])),
]

/** Whether a client whose socket was closed with this code should connect again. */
export function mayComeBack(code: number | undefined): boolean {
  return code === undefined || !finalCodes.includes(code)
}
