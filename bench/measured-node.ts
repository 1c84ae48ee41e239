import { readConfig } from '../src/server/platform/config'
import { createLog } from '../src/server/platform/log'
import { startRealtimeNode } from '../src/server/realtime-node'
import { serveActs } from './acts'
import { ownUsage } from './own-usage'

/** A realtime node as in production, with sessions, Postgres, Redis, heartbeats and metrics. */
const config = readConfig(process.env)
const node = await startRealtimeNode(config, createLog(config, 'measured'))
serveActs(ownUsage, node.port)
