import { expect, it } from 'vitest'
import { isUnavailable, openDatabase } from '../../src/server/platform/database'
import { createLog } from '../../src/server/platform/log'
import { startRealtimeNode } from '../../src/server/realtime-node'
import { startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

it('a node: refuses to start when the database acknowledges commits that a crash can lose', async () => {
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

it('isUnavailable: true when Postgres ends during a query, through pg and through Prisma', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  await using database = disposable(openDatabase(roomline.config.databaseUrl ?? '', { onError: () => {} }))
  const asking = {
    pg: () => database.pool.query('SELECT pg_sleep(20)'),
    'Prisma, raw': () => database.prisma.$queryRaw`SELECT 1 FROM (SELECT pg_sleep(20)) slow`,
    'Prisma, a model': () =>
      database.prisma.$transaction([database.prisma.user.findMany(), database.prisma.$queryRaw`SELECT pg_sleep(20)::text`]),
  }
  for (const [library, ask] of Object.entries(asking)) {
    const answer = ask().then(
      () => null,
      (error: unknown) => error,
    )
    await until(async () => {
      const { rowCount } = await roomline.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()`,
      )
      return rowCount === 1
    })
    expect([library, isUnavailable(await answer)]).toEqual([library, true])
  }
})

it('isUnavailable: judges an error of Prisma by the code that Postgres gave', () => {
  const crash = { kind: 'postgres', originalCode: '57P02', originalMessage: 'terminating connection because of crash' }
  expect(isUnavailable({ code: 'P2039', message: 'Database error.', meta: { driverAdapterError: { cause: crash } } })).toBe(true)
  expect(
    isUnavailable({
      code: 'P2039',
      message: 'Database error.',
      meta: { driverAdapterError: { cause: { ...crash, originalCode: '42601' } } },
    }),
  ).toBe(false)
})

function disposable<Value extends { close(): Promise<void> }>(value: Value): Value & AsyncDisposable {
  return Object.assign(value, { [Symbol.asyncDispose]: value.close })
}
