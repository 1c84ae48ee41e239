import { expect, it } from 'vitest'
import { createLog } from '../../src/server/platform/log'
import { startRealtimeNode } from '../../src/server/realtime-node'
import { startRoomline } from '../support/roomline'

it('a node refuses to start on a database that acknowledges what a crash can lose', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const name = new URL(roomline.config.databaseUrl ?? '').pathname.slice(1)
  const log = createLog({ logLevel: 'silent' }, 'test')
  for (const setting of ['off', 'local', 'remote_write']) {
    await roomline.pool.query(`ALTER DATABASE ${name} SET synchronous_commit = ${setting}`)
    await expect(startRealtimeNode(roomline.config, log)).rejects.toThrow(`synchronous_commit = ${setting}`)
  }
  await roomline.pool.query(`ALTER DATABASE ${name} SET synchronous_commit = on`)
  const node = await startRealtimeNode(roomline.config, log)
  await node.close()
})
