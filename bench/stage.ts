import { startChild } from './child'
import type { LoadActs } from './load/main'
import type { Stage } from './measurement'
import { type Server, startServer } from './servers'

/** Each measurement gets processes of its own, so that none inherits another's memory. */
export function createStage(parts: Pick<Stage, 'services' | 'quick' | 'signal' | 'say' | 'wants'>): Stage {
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
        if (!server) throw new Error('there is no server')
        return act(server, load)
      }),
  }
}
