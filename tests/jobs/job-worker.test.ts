import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { addJobs, type JobHandler } from '../../src/server/jobs/job-worker'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'
import { countRows, startWork } from './work'

const add = ({ pool }: Roomline, job: string, ...keys: string[]) =>
  addJobs(
    pool,
    keys.map((key) => ({ job, key, payload: { key } })),
  )

it('a job that fails is tried again after a pause, and counted', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const ranAt: number[] = []
  const handler: JobHandler = {
    name: 'fails once',
    run: async () => {
      ranAt.push(performance.now())
      if (ranAt.length === 1) throw new Error('not yet')
    },
  }
  await add(roomline, handler.name, 'a')
  await using work = startWork(roomline.config.databaseUrl ?? '', { handlers: [handler] })
  await until(() => work.outcomes.length === 2)
  expect(work.outcomes).toEqual(['fails once retried', 'fails once done'])
  expect((ranAt[1] ?? 0) - (ranAt[0] ?? 0)).toBeGreaterThan(2_000)
  expect(work.from('warn')).toEqual([expect.objectContaining({ job: 'fails once', tries: 1 })])
  await until(async () => (await countRows(roomline, 'graphile_worker.jobs')) === 0)
})

it('a job that fails too often is given up, logged as an error, and kept', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  await add(roomline, 'fails', 'a')
  await roomline.pool.query('UPDATE graphile_worker._private_jobs SET attempts = max_attempts - 1')
  const handler: JobHandler = { name: 'fails', run: () => Promise.reject(new Error('never')) }
  await using work = startWork(roomline.config.databaseUrl ?? '', { handlers: [handler] })
  await until(() => work.outcomes.length === 1)
  expect(work.outcomes).toEqual(['fails given up'])
  expect(work.from('error')).toEqual([expect.objectContaining({ job: 'fails' })])
  expect(await countRows(roomline, 'graphile_worker.jobs')).toBe(1)
})

it('a job that takes too long is aborted and tried again, even if it does not listen', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  let signal: AbortSignal | undefined
  const handler: JobHandler = {
    name: 'hangs',
    run: (_, given) => {
      signal = given
      return new Promise(() => {})
    },
  }
  await add(roomline, handler.name, 'a')
  await using work = startWork(roomline.config.databaseUrl ?? '', { handlers: [handler], timing: { limitMs: 100 } })
  await until(() => work.outcomes.length === 1)
  expect([work.outcomes[0], signal?.aborted]).toEqual(['hangs retried', true])
})

it('jobs that wait for servers of strangers hold up no others', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const slow: JobHandler = { name: 'slow', waitsForOutside: true, run: () => new Promise(() => {}) }
  await add(roomline, slow.name, ...Array.from({ length: 10 }, (_, number) => `${number}`))
  await using work = startWork(roomline.config.databaseUrl ?? '', { handlers: [slow, { name: 'quick', run: async () => {} }] })
  await until(async () => {
    const { rows } = await roomline.pool.query('SELECT FROM graphile_worker.jobs WHERE locked_at IS NOT NULL')
    return rows.length === 4
  })
  await add(roomline, 'quick', 'a')
  await until(() => work.outcomes.includes('quick done'))
})

it('a job that is done leaves nothing in memory', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const signals: WeakRef<AbortSignal>[] = []
  const handler: JobHandler = { name: 'ends', run: async (_, signal) => void signals.push(new WeakRef(signal)) }
  await add(roomline, handler.name, 'a', 'b', 'c', 'd', 'e')
  await using work = startWork(roomline.config.databaseUrl ?? '', { handlers: [handler] })
  await until(() => work.outcomes.length === 5)
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  await until(() => {
    collectGarbage()
    return signals.every((signal) => signal.deref() === undefined)
  })
})

it('a job that runs while its node closes is given back, and another node does it', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const url = roomline.config.databaseUrl ?? ''
  let begun = 0
  const first: JobHandler = {
    name: 'moves',
    run: async () => {
      begun++
      await new Promise(() => {})
    },
  }
  await add(roomline, 'moves', 'a')
  const closing = startWork(url, { handlers: [first] })
  await until(() => begun === 1)
  const startedAt = performance.now()
  await closing[Symbol.asyncDispose]()
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  await using work = startWork(url, { handlers: [{ name: 'moves', run: async () => {} }] })
  await until(() => work.outcomes.includes('moves done'))
  expect(begun).toBe(1)
})

it('jobs go on when Postgres comes back, those too whose end could not be written, and nothing ends the process', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const real = new URL(roomline.config.databaseUrl ?? '')
  const proxy = await startTcpProxy(() => Number(real.port))
  await using _proxy = { [Symbol.asyncDispose]: proxy.close }
  const url = new URL(real)
  url.host = `127.0.0.1:${proxy.port}`
  let finish: (() => void) | undefined
  const ran: string[] = []
  const handler: JobHandler = {
    name: 'survives',
    run: async (payload) => {
      const { key } = payload as { key: string }
      if (key === 'a' && !finish)
        await new Promise<void>((resolve) => {
          finish = resolve
        })
      ran.push(key)
    },
  }
  await add(roomline, handler.name, 'a')
  await using work = startWork(url.href, { handlers: [handler], timing: { abandonedMs: 1_000 } })
  await until(() => finish !== undefined)
  proxy.setOnline(false)
  finish?.()
  await until(() => ran.length === 1)
  await add(roomline, handler.name, 'b')
  await until(() => work.from('warn').length > 0)
  proxy.setOnline(true)
  await until(async () => (await countRows(roomline, 'graphile_worker.jobs')) === 0, 20_000)
  expect(ran.filter((key) => key === 'b')).toEqual(['b'])
  // At least once: that it was done could not be written.
  expect(ran.filter((key) => key === 'a').length).toBeGreaterThanOrEqual(1)
})

it('a job on a schedule runs once, however many nodes there are, and after a time when none was running', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const url = roomline.config.databaseUrl ?? ''
  let ran = 0
  const handler: JobHandler = { name: 'hourly', schedule: '17 * * * *', run: async () => void ran++ }
  await roomline.pool.query(
    `INSERT INTO graphile_worker._private_known_crontabs (identifier, known_since, last_execution)
     VALUES ('hourly', now() - interval '2 hours', now() - interval '61 minutes')`,
  )
  await using one = startWork(url, { handlers: [handler] })
  await using two = startWork(url, { handlers: [handler] })
  await until(() => one.outcomes.length + two.outcomes.length > 0)
  await until(async () => (await countRows(roomline, 'graphile_worker.jobs')) === 0)
  expect(ran).toBe(1)
})

it('metrics show what waits, since when, and how jobs ended', async () => {
  await using roomline = await startRoomline()
  const metrics = async () => (await fetch(`${roomline.urls[0]?.replace('ws', 'http').replace('/trpc', '')}/metrics`)).text()
  await until(async () => (await metrics()).includes('roomline_jobs_waiting 0'))
  const text = await metrics()
  for (const name of ['roomline_after_commit_waiting', 'roomline_after_commit_oldest_seconds', 'roomline_jobs_given_up'])
    expect(text).toMatch(new RegExp(`^${name} [0-9.]+$`, 'm'))
  expect(text).toContain('roomline_jobs_total')
})

it('what waits is counted, with the age of the oldest', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  await roomline.pool.query(
    `INSERT INTO after_commit (room_id, seq, version, what, at) SELECT 'general', seq, seq, 'stored', now() - interval '1 minute'
     FROM generate_series(1, 3) seq`,
  )
  await add(roomline, 'nobody does this', 'a', 'b')
  const held = await roomline.pool.connect()
  await held.query('BEGIN')
  await held.query('SELECT FROM after_commit FOR UPDATE')
  await using work = startWork(roomline.config.databaseUrl ?? '', {})
  await until(() => work.counts.length > 0)
  await held.query('COMMIT')
  held.release()
  expect(work.counts[0]).toMatchObject({ changes: 3, jobs: 2, givenUpJobs: 0 })
  expect(work.counts[0]?.oldestChangeSeconds).toBeGreaterThan(59)
})
