import { readConfig } from '../../src/server/platform/config'
import { createLog } from '../../src/server/platform/log'
import { startRealtimeNode } from '../../src/server/realtime-node'

/** What a node holds after a garbage collection. */
export interface Measures {
  heapBytes: number
  /** All that it has computed so far, in milliseconds. */
  cpuMs: number
  handles: number
  connections: number
  followers: number
  rooms: number
}

/** A realtime node that reports over IPC what it holds. Run it with --expose-gc. */
process.on('disconnect', () => process.exit(1))
const config = readConfig(process.env)
const node = await startRealtimeNode(config, createLog(config, 'measured'))

process.on('message', () => {
  // A second time for what only the first collection released.
  globalThis.gc?.()
  setImmediate(() => {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const measures: Measures = {
      cpuMs: (user + system) / 1_000,
      heapBytes: process.memoryUsage().heapUsed,
      handles: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && name !== 'Immediate').length,
      ...node.count(),
    }
    process.send?.({ measures })
  })
})
process.send?.({ ready: true, port: node.port })
