import { nodeEnvironment } from '../tests/faults/bench'
import { type Child, startChild } from './child'
import type { ownUsage } from './own-usage'
import type { ServerName } from './server-names'
import type { Services } from './services'

/** A server to measure, in a process of its own. */
export type Server = Child<typeof ownUsage> & { name: ServerName }

const files: Record<ServerName, string> = {
  roomline: 'bench/measured-node.ts',
  ws: 'bench/peers/ws.ts',
  socketio: 'bench/peers/socketio.ts',
  trpc: 'bench/peers/trpc.ts',
}

export async function startServer(
  name: ServerName,
  services: Pick<Services, 'databaseUrl' | 'redisUrl' | 'secret'>,
  signal: AbortSignal,
): Promise<Server> {
  const { databaseUrl, redisUrl, secret } = services
  const environment: Record<string, string> =
    name === 'roomline' ? { ...nodeEnvironment(databaseUrl, redisUrl, secret), REALTIME_PORT: '0' } : { REDIS_URL: redisUrl }
  return { name, ...(await startChild<typeof ownUsage>(files[name], environment, signal)) }
}
