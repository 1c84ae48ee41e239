import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { failureResponse } from './http-bodies'
import { refuseOrigin } from './own-origin'

type Act = (request: Request) => Promise<Response>

/** What every HTTP route goes through. */
export interface RouteGuards {
  /** Turns what an act throws into a response. */
  answering(act: Act): Act
  /** The same for an act that changes something. Refuses requests of other sites. */
  changing(act: Act): Act
}

export function createRouteGuards({ config, log }: { config: Pick<Config, 'allowedOrigins' | 'publicUrl'>; log: Log }): RouteGuards {
  const answering = (act: Act) => (request: Request) => act(request).catch((error: unknown) => failureResponse(error, log))
  return {
    answering,
    changing: (act) => answering(async (request) => refuseOrigin(request, config, log) ?? act(request)),
  }
}
