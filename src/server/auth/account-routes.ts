import type { z } from 'zod'
import { auditInput } from '../../contract/admin'
import { Failure } from '../../contract/failures'
import { limits } from '../../contract/rules'
import { loginInput, logoutInput, registerInput, resetInput } from '../../contract/sign-in'
import { exportAuditLog } from '../admin/audit-entries'
import type { RefusedCalls } from '../admin/refused-calls'
import { readBearer } from '../platform/bearer'
import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { realtimeUrl } from '../platform/realtime-url'
import type { Device } from './devices'
import {
  backTo,
  imageResponse,
  isFormPost,
  json,
  noContent,
  noSuchImage,
  parseBody,
  readBody,
  readOptionalBody,
  seeOther,
  toFailure,
} from './http-bodies'
import { enteredPath, keepNext } from './next-path'
import type { Oidc } from './oidc'
import { createOidcRoutes } from './oidc-routes'
import { readDevice } from './read-device'
import { createRouteGuards } from './route-guards'
import { askForCode, createSecondFactorRoutes } from './second-factor-routes'
import { requireSecondStep, type SecondStepParts } from './second-step'
import { clearedSessionCookie, deviceCookie, namedSignOut, readSessionCookies, sessionCookie, signedInCookies } from './session-cookie'
import { findSession, isAnotherPersons, refreshSession, revokeSession, type StartedSession } from './sessions'
import { register, resetByLink, signInWithPassword } from './sign-in'
import type { WebSession } from './web-session'

export interface AccountRoutesParts extends SecondStepParts {
  config: Pick<Config, 'publicUrl' | 'allowedOrigins' | 'corsOrigins' | 'realtimeUrl' | 'realtimePort' | 'authSecrets'>
  /** Null when no issuer is configured. */
  oidc: Oidc | null
  refusedCalls: Pick<RefusedCalls, 'note'>
  log: Log
}

/** The HTTP routes for accounts, each a function from a request to its response. */
export function createWebSession(needs: AccountRoutesParts): WebSession {
  const { config, log } = needs
  const parts: AccountRoutesParts = { ...needs, requireSecondFactor: (signIn) => requireSecondStep(needs, signIn) }
  const guards = createRouteGuards(parts)
  const { answering, changing, changingFromOutside } = guards

  const entering = <Input>(
    page: '/login' | '/register',
    schema: z.ZodType<Input>,
    status: 200 | 201,
    enter: (input: Input, device: Device) => Promise<StartedSession>,
  ) =>
    changing(async (request) => {
      const { body, isForm, next } = await readBody(request)
      try {
        const signedIn = await enter(parseBody(schema, body), readDevice(request, config.publicUrl))
        const cookies = signedInCookies(signedIn, config.publicUrl)
        return isForm ? seeOther(enteredPath(next, config.publicUrl), { cookies }) : json(status, { user: signedIn.user }, { cookies })
      } catch (thrown) {
        const error = toFailure(thrown, log)
        if (error.detail.ticket) return askForCode(error, { isForm, next, publicUrl: config.publicUrl, log })
        if (!isForm || error.failure === 'INTERNAL') throw error
        const typed = (name: string, max: number) => String((body as Record<string, unknown> | null)?.[name] ?? '').slice(0, max)
        const kept = ['invite', 'setup'].flatMap((name) =>
          typed(name, limits.inviteToken) ? [[name, typed(name, limits.inviteToken)]] : [],
        )
        return backTo(page, error, { username: typed('username', 64), ...Object.fromEntries(kept), ...keepNext(next) })
      }
    })

  return {
    register: entering('/register', registerInput, 201, (input, device) => register(parts, input, device)),
    login: entering('/login', loginInput, 200, (input, device) => signInWithPassword(parts, input, device)),

    ...createSecondFactorRoutes(parts, guards),

    logout: changingFromOutside(async (request) => {
      const { user } = parseBody(logoutInput, await readOptionalBody(request))
      const tokens = tokensOf(request, config.publicUrl)
      if (user !== undefined && (await isAnotherPersons(parts, tokens, user))) {
        // Their session is over already, but they asked this browser to forget them.
        if (isFormPost(request)) return seeOther('/', { cookies: [namedSignOut(user)] })
        throw new Failure('ANOTHER_USER')
      }
      const { ip } = readDevice(request, config.publicUrl)
      for (const token of tokens) await revokeSession(parts, token, 'logout', { kind: 'account.signedOut', ip })
      const cookies = [clearedSessionCookie(config.publicUrl), ...(user === undefined ? [] : [namedSignOut(user)])]
      return isFormPost(request) ? seeOther('/login', { cookies }) : noContent({ cookies })
    }),

    refresh: changing(async (request) => {
      const renewed = await firstOf(tokensOf(request, config.publicUrl), (token) => refreshSession(parts, token))
      if (!renewed) throw new Failure('UNAUTHORIZED')
      const { user, expiresAt } = renewed
      const cookies = [sessionCookie(renewed.token, expiresAt, config.publicUrl)]
      return json(200, { user, expiresAt: expiresAt.toISOString() }, { cookies })
    }),

    session: answering(async (request) => {
      const session = await firstOf(tokensOf(request, config.publicUrl), (token) => findSession(parts, token))
      if (!session) throw new Failure('UNAUTHORIZED')
      const { user, expiresAt } = session
      return json(200, { user, expiresAt: expiresAt.toISOString(), realtimeUrl: realtimeUrl(config, request.headers.get('host')) })
    }),

    auditLog: answering(async (request) => {
      const requireAdmin = async () => {
        const session = await firstOf(tokensOf(request, config.publicUrl), (token) => findSession(parts, token))
        if (!session) throw new Failure('UNAUTHORIZED')
        if (session.role === 'admin') return
        const { ip } = readDevice(request, config.publicUrl)
        parts.refusedCalls.note({ userId: session.user.id, procedure: 'GET /api/admin/audit.jsonl', ip })
        throw new Failure('NOT_ALLOWED')
      }
      await requireAdmin()
      const { searchParams } = new URL(request.url)
      const { cursor: _, ...filter } = parseBody(auditInput, Object.fromEntries(searchParams)) ?? {}
      return new Response(toStream(exportAuditLog(parts.pool, filter, requireAdmin)), {
        headers: {
          'cache-control': 'no-store',
          'content-type': 'application/jsonl',
          'content-disposition': 'attachment; filename="audit.jsonl"',
        },
      })
    }),

    reset: changing(async (request) => {
      const { body, isForm } = await readBody(request)
      try {
        const deviceToken = await resetByLink(parts, parseBody(resetInput, body), readDevice(request, config.publicUrl))
        const cookies = [deviceCookie(deviceToken, config.publicUrl)]
        return isForm ? seeOther('/login?notice=reset', { cookies }) : noContent({ cookies })
      } catch (thrown) {
        const error = toFailure(thrown, log)
        if (!isForm || error.failure === 'INTERNAL') throw error
        return backTo(`/reset/${encodeURIComponent(String((body as Record<string, unknown>).token ?? ''))}`, error)
      }
    }),

    logo: answering(async (request) => {
      const logo = await parts.administration.findLogo(new URL(request.url).pathname.split('/').at(-1) ?? '')
      return logo ? imageResponse(logo) : noSuchImage()
    }),

    settings: () =>
      parts.administration.settings().catch((error: unknown) => {
        throw toFailure(error, log)
      }),

    oidc: createOidcRoutes({ ...parts, publicUrl: config.publicUrl, authSecrets: config.authSecrets }, (request) =>
      readDevice(request, config.publicUrl),
    ),
    issuerName: parts.oidc?.issuerName ?? null,

    findUser: (cookieHeader) =>
      firstOf(readSessionCookies(cookieHeader, config.publicUrl), (token) => findSession(parts, token)).catch((error: unknown) => {
        throw toFailure(error, log)
      }),

    realtimeUrl: (host) => realtimeUrl(config, host),
    passkeyDomain: parts.security.passkeys.domain,
  }
}

/** Reads on only as the client reads: the whole may be larger than the memory. */
function toStream(texts: AsyncGenerator<string, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await texts.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: async () => {
      await texts.return()
    },
  })
}

const tokensOf = ({ headers }: Request, publicUrl: string) => readTokens(headers.get('authorization'), headers.get('cookie'), publicUrl)

/** Every token in a request, the most likely first. All are tried, so that a broken one does not hide a good one. */
export function readTokens(authorization: string | null | undefined, cookie: string | null | undefined, publicUrl: string): string[] {
  const bearer = readBearer(authorization)
  return [...(bearer ? [bearer] : []), ...readSessionCookies(cookie, publicUrl)]
}

async function firstOf<Value>(tokens: string[], find: (token: string) => Promise<Value | null>): Promise<Value | null> {
  for (const token of tokens) {
    const found = await find(token)
    if (found) return found
  }
  return null
}
