import { Failure } from '../../contract/failures'
import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { failureResponse, json, parseBody, readBody, seeOther, toFailure } from './http-bodies'
import { passkeySignInInput, signInWithPasskey } from './passkey-sign-in'
import { readDevice } from './read-device'
import type { RouteGuards } from './route-guards'
import { finishSignIn, type SecondStepParts, secondStepInput } from './second-step'
import { clearedTicketCookie, readTicketCookie, signedInCookies, ticketCookie } from './session-cookie'
import type { WebSession } from './web-session'

interface SecondFactorRoutesParts extends SecondStepParts {
  config: Pick<Config, 'publicUrl'>
  log: Log
}

/** The HTTP routes for signing in with a passkey, and for the second step after the password. */
export function createSecondFactorRoutes(
  parts: SecondFactorRoutesParts,
  { changing }: RouteGuards,
): Pick<WebSession, 'passkeyOptions' | 'passkeyLogin' | 'secondFactor'> {
  const { config, log } = parts
  return {
    passkeyOptions: changing(async () => json(200, await parts.security.passkeys.askToSignIn())),

    passkeyLogin: changing(async (request) => {
      const { body } = await readBody(request)
      const started = await signInWithPasskey(parts, parseBody(passkeySignInInput, body), readDevice(request, config.publicUrl))
      return json(200, { user: started.user }, { cookies: signedInCookies(started, config.publicUrl) })
    }),

    secondFactor: changing(async (request) => {
      const { body, isForm } = await readBody(request)
      try {
        const { code, ticket = readTicketCookie(request.headers.get('cookie'), config.publicUrl) } = parseBody(secondStepInput, body)
        if (!ticket) throw new Failure('SIGN_IN_EXPIRED')
        const started = await finishSignIn(parts, { ticket, code }, readDevice(request, config.publicUrl))
        const cookies = [...signedInCookies(started, config.publicUrl), clearedTicketCookie(config.publicUrl)]
        return isForm ? seeOther('/', { cookies }) : json(200, { user: started.user }, { cookies })
      } catch (thrown) {
        const error = toFailure(thrown, log)
        if (!isForm || error.failure === 'INTERNAL') throw error
        const page = error.failure === 'SIGN_IN_EXPIRED' ? '/login' : '/login/code'
        return seeOther(`${page}?${new URLSearchParams({ error: error.failure })}`)
      }
    }),
  }
}

/** The password was right, and a code is needed too: the answer to a program, or the way to the form that asks for it. */
export function askForCode(failure: Failure, { isForm, publicUrl, log }: { isForm: boolean; publicUrl: string; log: Log }): Response {
  const cookies = [ticketCookie(failure.detail.ticket ?? '', publicUrl)]
  return isForm ? seeOther('/login/code', { cookies }) : failureResponse(failure, log, { cookies })
}
