import { compare } from '../comparison'
import type { Measurement } from '../measurement'
import type { ServerName } from '../server-names'

const parallel = 64

/**
 * T6: connects per second, each from the first byte to the first answer. Roomline reads the cookie, looks up the session and
 * answers `session.me`; the others just answer.
 */
export const connects: Measurement = {
  targets: ['T6'],
  contenders: ['roomline', 'ws', 'socketio'],
  measure: async ({ services, quick, withServer }, contender) => {
    const name = contender as ServerName
    const tokens = (await services.people(quick ? 1_000 : 4_000)).map(({ token }) => token)
    return withServer(name, async (server, load) => {
      const plan = { server: name, port: server.port, parallel }
      // Warm up: a node runs for weeks, so its first second, when code is still being compiled, does not count.
      await load.act('connect', { ...plan, tokens: quick ? tokens.slice(0, 500) : tokens })
      // Lets the server notice that these clients are gone before anything is counted.
      await new Promise((resolve) => setTimeout(resolve, 300))
      const before = await server.act('cpuUs')
      const { perSecond, p50Ms, p99Ms, loadCpuUs } = await load.act('connect', { ...plan, tokens })
      const cpuPerConnectUs = ((await server.act('cpuUs')) - before) / tokens.length
      return [
        {
          target: 'T6',
          contender: name,
          figures: { connectsPerSecond: perSecond, cpuPerConnectUs, loadCpuPerConnectUs: loadCpuUs / tokens.length, p50Ms, p99Ms },
        },
      ]
    })
  },
  rows: (readings) => [
    compare(readings, {
      ...{ target: 'T6', what: 'authenticated connects per second', figure: 'connectsPerSecond', unit: '' },
      ...{ peer: 'ws', goal: { atLeast: 0.5 } },
    }),
    compare(readings, { target: 'T6', what: 'server CPU per authenticated connect', figure: 'cpuPerConnectUs', unit: 'µs', peer: 'ws' }),
  ],
}
