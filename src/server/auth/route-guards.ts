import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { failureResponse } from './http-bodies'
import { refuseOrigin } from './own-origin'

interface Needs {
  config: Pick<Config, 'allowedOrigins' | 'corsOrigins' | 'publicUrl'>
  log: Log
}

type Act = (request: Request) => Promise<Response>

/** What every HTTP route goes through. */
export interface RouteGuards {
  /** Turns what an act throws into a response. */
  answering(act: Act): Act
  /** The same for an act that changes something. Refuses requests of other sites. */
  changing(act: Act): Act
  /** The same, but pages of CORS_ORIGINS may do it too, with a token of their own. No cookie changes for them. */
  changingFromOutside(act: Act): Act
}

export function createRouteGuards({ config, log }: Needs): RouteGuards {
  const answering = (act: Act) => (request: Request) => act(request).catch((error: unknown) => failureResponse(error, log))
  const changing = (act: Act) => answering(async (request) => refuseOrigin(request, config, log) ?? act(request))
  return {
    answering,
    changing,
    changingFromOutside: (act) => {
      const fromOutside = answering(async (request) => {
        const response = await act(request)
        response.headers.delete('set-cookie')
        return response
      })
      const fromOurs = changing(act)
      return (request) => (config.corsOrigins.includes(request.headers.get('origin') ?? '') ? fromOutside(request) : fromOurs(request))
    },
  }
}
