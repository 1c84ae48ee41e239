import * as z from 'zod'
import { auditInput } from './admin'
import { auditEntryShape } from './answers/admin'
import { messageShape } from './answers/message'
import { passkeyRequestShape } from './answers/security'
import { userShape } from './answers/session'
import { timeShape } from './answers/shapes'
import { hookMessageInput } from './bots'
import { type FailureName, failures } from './failures'
import { loginInput, logoutInput, passkeySignInInput, registerInput, resetInput, secondStepInput } from './sign-in'

/** An HTTP route of the web app as other programs see it. */
export interface RouteContract {
  method: 'GET' | 'POST'
  path: string
  about: string
  /** Whether it needs a session. */
  isForSignedIn?: true
  query?: z.ZodObject
  /** What the part of the path in braces means. */
  pathParameter?: { name: string; about: string }
  body?: z.ZodType
  /** Whether a plain HTML form may post it too, and the statuses with which that is answered. */
  takesForms?: true
  answers: Partial<Record<number, RouteAnswer>>
}

export interface RouteAnswer {
  about: string
  /** The body as JSON. */
  schema?: z.ZodType
  /** The type of a body that is no JSON. */
  contentType?: string
  /** Whether it sets the session's cookie, or clears it. */
  setsCookie?: true
  /** Headers with their meaning. */
  headers?: Record<string, string>
}

export const routeErrorShape = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(failures) as [FailureName, ...FailureName[]]),
      message: z.string().describe('For people.'),
      fields: z.record(z.string(), z.string()).optional().describe('What is wrong with each field of the input.'),
      ticket: z.string().optional().describe('With SECOND_FACTOR_REQUIRED: for the second step.'),
    }),
  })
  .meta({ id: 'Error' })

const userAnswer = z.object({ user: userShape })

const renewedShape = z.object({ user: userShape, expiresAt: timeShape })

const databaseStates = ['ok', 'down', 'refused', 'read-only', 'full', 'overloaded', 'not migrated', 'damaged', 'not durable'] as const

const readinessShape = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable', 'draining']),
    database: z.enum(databaseStates),
    redis: z.enum(['ok', 'down']),
  })
  .meta({ id: 'Readiness' })

const failed = (about: string): RouteAnswer => ({ about, schema: routeErrorShape })
const signedIn: RouteAnswer = { about: 'Signed in.', schema: userAnswer, setsCookie: true }
const invalid = failed('The input is not valid: `fields` says why.')
const foreign = failed('The request came from a page of another site.')
const later: RouteAnswer = { ...failed('Too often.'), headers: { 'Retry-After': 'How long to wait, in seconds.' } }
const away = failed('The server cannot answer now. Try again in a moment.')
const seeOther: RouteAnswer = { about: 'The answer to a plain HTML form: where it goes on.', headers: { Location: 'A path on this site.' } }
const notSignedIn = failed('There is no session, or it has ended.')

export const routeContracts: readonly RouteContract[] = [
  {
    method: 'POST',
    path: '/api/register',
    about: 'Makes an account and signs it in.',
    body: registerInput,
    takesForms: true,
    answers: {
      201: signedIn,
      303: seeOther,
      400: invalid,
      403: failed('An invitation is needed, or accounts cannot be made here, or the request came from a page of another site.'),
      404: failed('The invitation is invalid or has expired.'),
      409: failed('USERNAME_TAKEN, NAME_TAKEN.'),
      429: later,
      503: away,
    },
  },
  {
    method: 'POST',
    path: '/api/login',
    about: 'Signs in with a username and a password.',
    body: loginInput,
    takesForms: true,
    answers: {
      200: signedIn,
      303: seeOther,
      400: invalid,
      401: failed('INVALID_CREDENTIALS, or SECOND_FACTOR_REQUIRED with a `ticket` for the second step.'),
      403: foreign,
      429: later,
      503: away,
    },
  },
  {
    method: 'POST',
    path: '/api/login/second-factor',
    about: 'The second step, with a code of an authenticator app or a recovery code.',
    body: secondStepInput,
    takesForms: true,
    answers: {
      200: signedIn,
      303: seeOther,
      400: invalid,
      401: failed('WRONG_CODE, SIGN_IN_EXPIRED.'),
      403: foreign,
      429: later,
      503: away,
    },
  },
  {
    method: 'POST',
    path: '/api/login/passkey/options',
    about: 'What a browser needs to sign somebody in with a passkey.',
    answers: {
      200: { about: 'For `PublicKeyCredential.parseRequestOptionsFromJSON`.', schema: passkeyRequestShape },
      403: failed('PASSKEYS_UNAVAILABLE, or the request came from a page of another site.'),
      429: later,
    },
  },
  {
    method: 'POST',
    path: '/api/login/passkey',
    about: 'Signs in with a passkey.',
    body: passkeySignInInput,
    answers: { 200: signedIn, 400: invalid, 401: failed('INVALID_PASSKEY.'), 403: foreign, 429: later, 503: away },
  },
  {
    method: 'POST',
    path: '/api/logout',
    about: 'Ends the session everywhere. Also when nobody is signed in.',
    body: logoutInput.optional(),
    takesForms: true,
    answers: {
      204: { about: 'Signed out.', setsCookie: true },
      303: seeOther,
      400: invalid,
      403: failed('ANOTHER_USER: the cookie belongs to somebody else than `user`; or the request came from a page of another site.'),
      503: away,
    },
  },
  {
    method: 'POST',
    path: '/api/refresh',
    about: 'Renews the session.',
    isForSignedIn: true,
    answers: { 200: { about: 'Renewed.', schema: renewedShape, setsCookie: true }, 401: notSignedIn, 403: foreign, 503: away },
  },
  {
    method: 'GET',
    path: '/api/session',
    about: 'Who is signed in, until when, and where the realtime server is.',
    isForSignedIn: true,
    answers: {
      200: { about: 'Signed in.', schema: renewedShape.extend({ realtimeUrl: z.string() }) },
      401: notSignedIn,
      429: later,
      503: away,
    },
  },
  {
    method: 'POST',
    path: '/api/reset',
    about: 'Sets a password with the one-time link of an admin, and ends all sessions of that person.',
    body: resetInput,
    takesForms: true,
    answers: {
      204: { about: 'Done.' },
      303: seeOther,
      400: invalid,
      403: foreign,
      404: failed('RESET_LINK_NOT_FOUND.'),
      429: later,
      503: away,
    },
  },
  {
    method: 'GET',
    path: '/api/oidc/start',
    about: 'Sends a browser to the service that signs people in.',
    query: z.object({ next: z.string().optional().describe('The path to go to afterwards.') }),
    answers: { 303: { ...seeOther, about: 'To that service, or back to the sign-in page.' }, 404: { about: 'No service is configured.' } },
  },
  {
    method: 'GET',
    path: '/api/oidc/callback',
    about: 'Where that service sends the browser back to.',
    query: z.object({ code: z.string().optional(), state: z.string().optional(), error: z.string().optional() }),
    answers: { 303: { ...seeOther, setsCookie: true }, 404: { about: 'No service is configured.' } },
  },
  {
    method: 'POST',
    path: '/api/hooks/{token}',
    about: 'Writes in the room of an incoming hook, as its bot. The same header Idempotency-Key gives the same message.',
    pathParameter: { name: 'token', about: 'From the address that `hooks.create` has shown.' },
    body: hookMessageInput,
    answers: {
      201: { about: 'The message.', schema: messageShape },
      400: invalid,
      403: failed('The room is archived, or the bot may not write in it; or the request came from a page of another site.'),
      404: failed('HOOK_NOT_FOUND.'),
      409: failed('CLIENT_ID_REUSED: another text was sent with this Idempotency-Key.'),
      413: failed('TOO_BIG.'),
      429: later,
      503: away,
    },
  },
  {
    method: 'GET',
    path: '/api/logo/{hash}',
    about: "The server's logo.",
    pathParameter: { name: 'hash', about: 'As in the `logo` of the settings. It changes with the image.' },
    answers: { 200: { about: 'The image.', contentType: 'image/*' }, 404: { about: 'There is no such image.' } },
  },
  {
    method: 'GET',
    path: '/api/admin/audit.jsonl',
    about: 'The whole audit log, oldest first, for admins: one AuditEntry on each line.',
    isForSignedIn: true,
    query: z.object({ actor: auditInput.unwrap().shape.actor, kind: auditInput.unwrap().shape.kind }),
    answers: {
      200: { about: 'The lines.', schema: auditEntryShape, contentType: 'application/jsonl' },
      400: invalid,
      401: notSignedIn,
      403: failed('Only admins may read it.'),
      429: later,
      503: away,
    },
  },
  {
    method: 'GET',
    path: '/api/health',
    about: 'Whether the process answers.',
    answers: { 200: { about: 'It does.', schema: z.object({ status: z.literal('ok') }) } },
  },
  {
    method: 'GET',
    path: '/api/ready',
    about: 'Whether it can do its work.',
    answers: {
      200: { about: 'It can. `degraded`: without Redis.', schema: readinessShape },
      503: { about: 'It cannot, or it is shutting down.', schema: readinessShape },
    },
  },
  {
    method: 'GET',
    path: '/api/metrics',
    about: "Metrics in Prometheus' format: from loopback, or with METRICS_TOKEN as bearer token.",
    answers: { 200: { about: 'The metrics.', contentType: 'text/plain' }, 403: failed('From elsewhere, without the token.') },
  },
  {
    method: 'GET',
    path: '/api/openapi.json',
    about: 'This description.',
    answers: { 200: { about: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
  },
  {
    method: 'GET',
    path: '/api/schemas.json',
    about: 'The JSON Schema of the input and the answer of every procedure of the realtime server.',
    answers: { 200: { about: 'The schemas.', schema: z.record(z.string(), z.unknown()) } },
  },
]
