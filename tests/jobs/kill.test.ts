import { expect, it } from 'vitest'
import { startProcess } from '../faults/processes'
import { startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { countRows, noteChanges, startWork } from './work'

/** Notes changes in a new Roomline, and kills a process with SIGKILL in the middle of what it does about them. */
async function killDuring(step: 'index' | 'push') {
  const roomline = await startRoomline({ nodes: 0 })
  const databaseUrl = roomline.config.databaseUrl ?? ''
  await roomline.pool.query('CREATE TABLE indexed (seq int)')
  await noteChanges(roomline, [1, 2, 3])
  const node = await startProcess('tests/jobs/worker-process.ts', { DATABASE_URL: databaseUrl, HANGS: step })
  await new Promise<void>((resolve) => {
    const listen = () =>
      node.onceMessage((message) => {
        if ((message as { began: string }).began === step) resolve()
        else listen()
      })
    listen()
  })
  node.kill()
  await node.exited
  return { roomline, databaseUrl, countIndexed: async () => (await roomline.pool.query('SELECT FROM indexed')).rowCount }
}

it('a process that is killed in the middle of after-commit work: another does it, and none of it is done twice', async () => {
  const { roomline, databaseUrl, countIndexed } = await killDuring('index')
  await using _roomline = roomline
  // All that it did went with its transaction.
  await until(async () => (await countRows(roomline, 'after_commit')) === 3)
  expect([await countIndexed(), await countRows(roomline, 'graphile_worker.jobs')]).toEqual([0, 0])
  await using next = await startProcess('tests/jobs/worker-process.ts', { DATABASE_URL: databaseUrl }).then((node) =>
    Object.assign(node, { [Symbol.asyncDispose]: async () => node.kill() }),
  )
  await until(async () => (await countRows(roomline, 'after_commit')) === 0)
  await until(async () => (await countRows(roomline, 'graphile_worker.jobs')) === 0)
  expect([await countIndexed(), next.pid > 0]).toEqual([3, true])
})

it('a process that is killed in the middle of a job: another node takes it when its time is over', async () => {
  const { roomline, databaseUrl, countIndexed } = await killDuring('push')
  await using _roomline = roomline
  expect([await countIndexed(), await countRows(roomline, 'graphile_worker.jobs')]).toEqual([3, 1])
  await using work = startWork(databaseUrl, { handlers: [{ name: 'push', run: async () => {} }], timing: { abandonedMs: 1_000 } })
  await until(() => work.outcomes.length > 0)
  expect(work.outcomes).toEqual(['push done'])
  await until(async () => (await countRows(roomline, 'graphile_worker.jobs')) === 0)
})
