import { compare } from '../comparison'
import type { Measurement } from '../measurement'
import type { ServerName } from '../server-names'

const atOnce = 64

/**
 * Connects a second, each from the first byte to the first answer: of Roomline with the cookie read, the session looked
 * up and `session.me` answered, of the others with the first word that they say (T6).
 */
export const connects: Measurement = {
  targets: ['T6'],
  contenders: ['roomline', 'ws', 'socketio'],
  measure: async ({ services, quick, withServer }, contender) => {
    const name = contender as ServerName
    const tokens = (await services.people(quick ? 1_000 : 4_000)).map(({ token }) => token)
    return withServer(name, async (server, load) => {
      const plan = { server: name, port: server.port, atOnce }
      // A node serves for weeks: the code that is compiled in its first second is not what a connect costs.
      await load.act('connect', { ...plan, tokens: quick ? tokens.slice(0, 500) : tokens })
      // They are gone for the server too, before anything is counted.
      await new Promise((resolve) => setTimeout(resolve, 300))
      const before = await server.act('cpuUs')
      const { perSecond, p50Ms, p99Ms, loadCpuUs } = await load.act('connect', { ...plan, tokens })
      const cpuPerConnectUs = ((await server.act('cpuUs')) - before) / tokens.length
      return [
        {
          target: 'T6',
          of: name,
          figures: { connectsPerSecond: perSecond, cpuPerConnectUs, loadCpuPerConnectUs: loadCpuUs / tokens.length, p50Ms, p99Ms },
        },
      ]
    })
  },
  rows: (readings) => [
    compare(readings, {
      ...{ target: 'T6', what: 'signed-in connects a second', figure: 'connectsPerSecond', unit: '' },
      ...{ peer: 'ws', goal: { atLeast: 0.5 } },
    }),
    compare(readings, { target: 'T6', what: 'signed-in connects, server CPU each', figure: 'cpuPerConnectUs', unit: 'µs', peer: 'ws' }),
  ],
}
