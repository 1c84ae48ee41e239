import { Failure } from '../../contract/failures'
import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { failureResponse } from './http-bodies'

type Act = (request: Request) => Promise<Response>

/** What every HTTP route goes through. */
export interface RouteGuards {
  /** Turns what an act throws into a response. */
  answering(act: Act): Act
  /** The same for an act that changes something. Refuses requests of other sites. */
  changing(act: Act): Act
}

export function createRouteGuards({ config, log }: { config: Pick<Config, 'allowedOrigins'>; log: Log }): RouteGuards {
  const answering = (act: Act) => (request: Request) => act(request).catch((error: unknown) => failureResponse(error, log))
  return {
    answering,
    // Otherwise a page of another site could sign people in or out without their knowledge.
    changing: (act) =>
      answering(async (request) => {
        const origin = request.headers.get('origin')
        if (origin !== null && !config.allowedOrigins.includes(origin)) throw new Failure('FOREIGN_ORIGIN')
        return act(request)
      }),
  }
}
