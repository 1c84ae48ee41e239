import { startChild } from './child'
import type { LoadActs } from './load/main'
import type { Stage } from './measurement'
import { type Server, startServer } from './servers'

/** Starts new processes for each measurement, so that none inherits another's memory. */
export function createStage(parts: Pick<Stage, 'services' | 'quick' | 'signal' | 'log' | 'wants'>): Stage {
  const withServers: Stage['withServers'] = async (name, count, act) => {
    const started: { close(): Promise<void> }[] = []
    try {
      const servers: Server[] = []
      for (let left = count; left > 0; left--) {
        const server = await startServer(name, parts.services, parts.signal)
        started.push(server)
        servers.push(server)
      }
      const load = await startChild<LoadActs>('bench/load/main.ts', {}, parts.signal)
      started.push(load)
      return await act(servers, load)
    } finally {
      for (const { close } of started.reverse()) await close()
    }
  }
  return {
    ...parts,
    withServers,
    withServer: (name, act) =>
      withServers(name, 1, ([server], load) => {
        if (!server) throw new Error('no server was started')
        return act(server, load)
      }),
  }
}
