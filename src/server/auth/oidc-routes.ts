import { createHash } from 'node:crypto'
import { EncryptJWT, jwtDecrypt } from 'jose'
import { z } from 'zod'
import { Failure } from '../../contract/failures'
import { toOwnPath } from '../../contract/rules'
import type { Log } from '../platform/log'
import type { Device } from './devices'
import { seeOther, toFailure } from './http-bodies'
import type { Oidc } from './oidc'
import { findOrCreateOutsidePerson } from './outside-people'
import { signedInCookies } from './session-cookie'
import { startSession } from './sessions'
import { requireSignInTry, type SignInParts } from './sign-in'

interface OidcRoutesParts extends SignInParts {
  /** Null when no issuer is configured. */
  oidc: Oidc | null
  /** Newest first. */
  authSecrets: readonly string[]
  publicUrl: string
  log: Log
}

/** How long somebody has for signing in at the issuer. */
const patienceMinutes = 10

const cookieName = (publicUrl: string) => `${publicUrl.startsWith('https:') ? '__Host-' : ''}X-Issuer`

function cookieOf(publicUrl: string, value: string): string {
  const maxAgeSeconds = value === '' ? 0 : patienceMinutes * 60
  // Lax: the issuer's page leads back here.
  return `${cookieName(publicUrl)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${publicUrl.startsWith('https:') ? '; Secure' : ''}`
}

function readCookie(header: string | null, publicUrl: string): string | undefined {
  const start = `${cookieName(publicUrl)}=`
  return header
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(start))
    ?.slice(start.length)
}

const begunSchema = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), next: z.string() })

/**
 * `GET /api/oidc/start` sends the browser to the issuer, and `GET /api/oidc/callback` is where the issuer sends it back to. Both
 * are opened by people, so what goes wrong is said on the sign-in page.
 * @param readDevice where a request comes from
 */
export function createOidcRoutes(parts: OidcRoutesParts, readDevice: (request: Request) => Device) {
  const { oidc, log, publicUrl } = parts
  const keys = parts.authSecrets.map((secret) => createHash('sha256').update(`roomline sign-in with an issuer ${secret}`).digest())

  const answering = (act: (request: Request, oidc: Oidc) => Promise<Response>) => async (request: Request) => {
    if (!oidc) return new Response(null, { status: 404 })
    try {
      return await act(request, oidc)
    } catch (thrown) {
      const { failure } = toFailure(thrown, log)
      return seeOther(`/login?${new URLSearchParams({ error: failure })}`, { cookies: [cookieOf(publicUrl, '')] })
    }
  }

  async function openCookie(request: Request): Promise<z.output<typeof begunSchema>> {
    const cookie = readCookie(request.headers.get('cookie'), publicUrl)
    for (const key of keys) {
      const opened = cookie && (await jwtDecrypt(cookie, key, { requiredClaims: ['exp'] }).catch(() => null))
      if (opened) return begunSchema.parse(opened.payload)
    }
    throw new Failure('OUTSIDE_SIGN_IN_FAILED')
  }

  return {
    start: answering(async (request, { begin }) => {
      await requireSignInTry(parts, readDevice(request))
      const wanted = new URL(request.url).searchParams.get('next') ?? '/'
      const { url, ...begun } = await begin()
      const sealed = await new EncryptJWT({ ...begun, next: toOwnPath(wanted) })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(`${patienceMinutes}m`)
        .encrypt(keys[0] as Uint8Array)
      return seeOther(url.href, { cookies: [cookieOf(publicUrl, sealed)] })
    }),

    callback: answering(async (request, { finish }) => {
      const device = readDevice(request)
      const { next, ...begun } = await openCookie(request)
      await requireSignInTry(parts, device)
      const person = await finish(new URL(request.url).search, begun)
      const user = await findOrCreateOutsidePerson(parts, person, device.ip)
      const signedIn = await startSession(parts, { user, proof: { kind: 'oidc', issuer: person.issuer } }, device).catch((error) => {
        // Its words are about a password.
        throw error instanceof Failure && error.failure === 'INVALID_CREDENTIALS' ? new Failure('OUTSIDE_SIGN_IN_FAILED') : error
      })
      return seeOther(next, { cookies: [...signedInCookies(signedIn, publicUrl), cookieOf(publicUrl, '')] })
    }),
  }
}
