import { Failure } from '../../contract/failures'
import { passkeySignInInput, secondStepInput } from '../../contract/sign-in'
import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { backTo, failureResponse, json, parseBody, readBody, seeOther, toFailure } from './http-bodies'
import { enteredPath, keepNext, withQuery } from './next-path'
import { signInWithPasskey } from './passkey-sign-in'
import { readDevice } from './read-device'
import type { RouteGuards } from './route-guards'
import { finishSecondStep, type SecondStepParts } from './second-step'
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
      const { body, isForm, next } = await readBody(request)
      try {
        const { code, ticket = readTicketCookie(request.headers.get('cookie'), config.publicUrl) } = parseBody(secondStepInput, body)
        if (!ticket) throw new Failure('SIGN_IN_EXPIRED')
        const started = await finishSecondStep(parts, { ticket, code }, readDevice(request, config.publicUrl))
        const cookies = [...signedInCookies(started, config.publicUrl), clearedTicketCookie(config.publicUrl)]
        return isForm ? seeOther(enteredPath(next, config.publicUrl), { cookies }) : json(200, { user: started.user }, { cookies })
      } catch (thrown) {
        const error = toFailure(thrown, log)
        if (!isForm || error.failure === 'INTERNAL') throw error
        const page = error.failure === 'SIGN_IN_EXPIRED' ? '/login' : '/login/code'
        return backTo(page, error, keepNext(next))
      }
    }),
  }
}

/** The password was right, and a code is needed too: the answer to a program, or the way to the form that asks for it. */
export function askForCode(
  failure: Failure,
  { isForm, next, publicUrl, log }: { isForm: boolean; next: string; publicUrl: string; log: Log },
): Response {
  const cookies = [ticketCookie(failure.detail.ticket ?? '', publicUrl)]
  return isForm ? seeOther(withQuery('/login/code', keepNext(next)), { cookies }) : failureResponse(failure, log, { cookies })
}
