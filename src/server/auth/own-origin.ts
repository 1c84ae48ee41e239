import { Failure } from '../../contract/failures'
import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { isFormPost, seeOther } from './http-bodies'

const warnEveryMs = 10 * 60_000
let warnedAt = Number.NEGATIVE_INFINITY

/**
 * Otherwise a page of another site could sign people in or out without their knowledge.
 * @returns the answer to a form that can only fail: its page says why
 * @throws {Failure} FOREIGN_ORIGIN, INSECURE_ORIGIN
 */
export function refuseOrigin(request: Request, { publicUrl, allowedOrigins }: OriginRules, log: Log): Response | null {
  const origin = request.headers.get('origin')
  if (origin === null || allowedOrigins.includes(origin)) return null
  if (!isOwnOverHttp(origin, request.headers.get('host'), publicUrl)) throw new Failure('FOREIGN_ORIGIN')
  if (performance.now() - warnedAt > warnEveryMs) {
    warnedAt = performance.now()
    log.warn({ origin, publicUrl }, 'somebody opened the web app over http: with an https PUBLIC_URL, browsers keep no session there')
  }
  const page = /\/(login|register)$/.exec(new URL(request.url).pathname)?.[0]
  if (page && isFormPost(request)) return seeOther(`${page}?error=INSECURE_ORIGIN`)
  throw new Failure('INSECURE_ORIGIN', {
    words: `This page was opened over http, but signing in only works over https: open ${publicUrl}.`,
  })
}

type OriginRules = Pick<Config, 'publicUrl' | 'allowedOrigins'>

/** A browser accepts the session's cookie over https only. Signing in would seem to succeed, and lead back to the form. */
function isOwnOverHttp(origin: string, host: string | null, publicUrl: string): boolean {
  if (!publicUrl.startsWith('https:') || !origin.startsWith('http:') || !URL.canParse(origin)) return false
  const opened = new URL(origin)
  return opened.host === host || opened.hostname === new URL(publicUrl).hostname
}
