import { readConfig } from './platform/config'
import { createLog } from './platform/log'
import { runProcess } from './platform/process'
import { startRealtimeNode } from './realtime-node'

await runProcess(async () => {
  const config = readConfig(process.env)
  const log = createLog(config, 'realtime')
  const node = await startRealtimeNode(config, log)
  log.info({ host: config.host, port: node.port }, 'the realtime server is listening')
  return node.close
})
