import { expect, it } from 'vitest'
import type { AfterCommitHandler } from '../../src/server/jobs/after-commit'
import { startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { countRows, keepChanges, noteChanges, range, startWork } from './work'

it('after-commit work: every message that is sent or changed is noted by the transaction that stores it', async () => {
  await using roomline = await startRoomline()
  // Dispatchers delete what they take: this keeps a copy.
  await roomline.pool.query(`
    CREATE TABLE noted (room_id text, seq int, version int, what text);
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO noted VALUES (NEW.room_id, NEW.seq, NEW.version, NEW.what); RETURN NEW; END $$;
    CREATE TRIGGER keep AFTER INSERT ON after_commit FOR EACH ROW EXECUTE FUNCTION keep()`)
  const { trpc } = roomline.connect(await roomline.signUp())
  const room = await trpc.rooms.create.mutate({ name: 'Noted', kind: 'private' })
  const first = await trpc.chat.send.mutate({ room: room.id, text: 'first', clientId: 'the first one' })
  await trpc.chat.send.mutate({ room: room.id, text: 'first', clientId: 'the first one' })
  const edited = await trpc.chat.edit.mutate({ room: room.id, seq: first.seq, text: 'edited' })
  const reacted = await trpc.chat.react.mutate({ room: room.id, seq: first.seq, emoji: '👍' })
  const unreacted = await trpc.chat.unreact.mutate({ room: room.id, seq: first.seq, emoji: '👍' })
  const removed = await trpc.chat.remove.mutate({ room: room.id, seq: first.seq })
  await trpc.rooms.update.mutate({ room: room.id, name: 'Renamed' })
  const { messages } = await trpc.chat.history.query({ room: room.id, limit: 10 })
  const line = messages.find(({ kind }) => kind === 'renamed')
  const { rows } = await roomline.pool.query('SELECT seq, version, what FROM noted WHERE room_id = $1 ORDER BY version', [room.id])
  expect(rows).toEqual([
    { seq: first.seq, version: first.version, what: 'stored' },
    { seq: first.seq, version: edited.version, what: 'edited' },
    { seq: first.seq, version: reacted.version, what: 'reacted' },
    { seq: first.seq, version: unreacted.version, what: 'reacted' },
    { seq: first.seq, version: removed.version, what: 'removed' },
    { seq: line?.seq, version: line?.version, what: 'stored' },
  ])
  // Nothing piles up.
  await until(async () => (await countRows(roomline, 'after_commit')) === 0)
})

it('after-commit work: each change reaches each handler that asks for it once, however many nodes take them', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const url = roomline.config.databaseUrl ?? ''
  const nodes = [keepChanges(), keepChanges(), keepChanges()]
  const removals = keepChanges(['removed'])
  await noteChanges(roomline, range(2_000))
  await noteChanges(roomline, [1, 2, 3], 'removed')
  await using _one = startWork(url, { afterCommit: [nodes[0]?.handler, removals.handler].filter((each) => each !== undefined) })
  await using _two = startWork(url, { afterCommit: [nodes[1]?.handler, removals.handler].filter((each) => each !== undefined) })
  await using _three = startWork(url, { afterCommit: [nodes[2]?.handler, removals.handler].filter((each) => each !== undefined) })
  for (let from = 2_001; from < 3_000; from += 100)
    await noteChanges(
      roomline,
      range(100).map((number) => from + number - 1),
    )
  await until(async () => (await countRows(roomline, 'after_commit')) === 0)
  const all = nodes.flatMap(({ seqs }) => seqs())
  expect(all.length).toBe(3_000)
  expect(new Set(all).size).toBe(3_000)
  expect(removals.seqs().sort()).toEqual([1, 2, 3])
  for (const { batches } of nodes) for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(500)
})

it('after-commit work: what a handler writes is stored with the taking of its changes, or not at all', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  await roomline.pool.query('CREATE TABLE indexed (seq int, tries int DEFAULT 1, PRIMARY KEY (seq))')
  let mayFail = true
  const index: AfterCommitHandler = {
    name: 'index',
    on: ['stored'],
    handle: async (changes, { query }) => {
      await query('INSERT INTO indexed (seq) SELECT * FROM unnest($1::int[])', [changes.map(({ seq }) => seq)])
      if (mayFail && changes.some(({ seq }) => seq === 7)) throw new Error('not this one')
    },
  }
  const other = keepChanges()
  await noteChanges(roomline, range(10))
  await using work = startWork(roomline.config.databaseUrl ?? '', { afterCommit: [index, other.handler] })
  // The one that cannot be indexed stops neither the other handler nor the others: each is tried alone.
  await until(() => work.outcomes.filter((outcome) => outcome === 'after-commit done').length === 9)
  expect(other.seqs()).toEqual(range(10))
  expect((await roomline.pool.query('SELECT seq FROM indexed ORDER BY seq')).rows.map(({ seq }) => seq)).toEqual([
    1, 2, 3, 4, 5, 6, 8, 9, 10,
  ])
  await until(async () => (await countRows(roomline, 'graphile_worker.jobs')) === 1)
  await until(() => work.outcomes.includes('after-commit retried'))
  expect(work.from('warn')).toContainEqual(expect.objectContaining({ handler: 'index', changes: 10 }))
  // After a pause it is tried again.
  mayFail = false
  await until(async () => (await countRows(roomline, 'graphile_worker.jobs')) === 0)
  expect((await roomline.pool.query('SELECT FROM indexed')).rowCount).toBe(10)
})

it('after-commit work: a row that becomes visible late is taken, though later ids are gone already', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const kept = keepChanges()
  await using _work = startWork(roomline.config.databaseUrl ?? '', { afterCommit: [kept.handler] })
  const slow = await roomline.pool.connect()
  await slow.query('BEGIN')
  await slow.query(`INSERT INTO after_commit (room_id, seq, version, what) VALUES ('general', 1, 1, 'stored')`)
  await noteChanges(roomline, [2])
  await until(() => kept.seqs().includes(2))
  await slow.query('COMMIT')
  slow.release()
  await until(() => kept.seqs().includes(1))
  expect(kept.seqs()).toEqual([2, 1])
})

it('after-commit work: jobs are added with the taking of the changes, the same key only once', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const ran: unknown[] = []
  const push: AfterCommitHandler = {
    name: 'push',
    on: ['stored'],
    handle: async (changes, { addJobs }) => addJobs(changes.map(({ room, seq }) => ({ job: 'push', key: room, payload: { seq } }))),
  }
  await noteChanges(roomline, range(100))
  await using work = startWork(roomline.config.databaseUrl ?? '', {
    afterCommit: [push],
    handlers: [{ name: 'push', run: async (payload) => void ran.push(payload) }],
  })
  await until(() => work.outcomes.length > 0)
  expect(work.outcomes).toEqual(['push done'])
  expect(ran).toEqual([{ seq: 100 }])
})

it('after-commit work: a node that closes does not wait until everything is done', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  await noteChanges(roomline, range(5_000))
  const batches: number[] = []
  const slow: AfterCommitHandler = {
    name: 'slow',
    on: ['stored'],
    handle: async (changes) => {
      batches.push(changes.length)
      await new Promise((resolve) => setTimeout(resolve, 100))
    },
  }
  const work = startWork(roomline.config.databaseUrl ?? '', { afterCommit: [slow] })
  await until(() => batches.length === 1)
  await work[Symbol.asyncDispose]()
  expect(batches).toEqual([500])
  expect(await countRows(roomline, 'after_commit')).toBe(4_500)
})

it('after-commit work: a job that cannot be added holds up neither its batch nor the other handlers', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const broken: AfterCommitHandler = {
    name: 'broken',
    on: ['stored'],
    handle: async (changes, { addJobs }) =>
      addJobs(changes.map(({ seq }) => ({ job: 'ring', key: seq === 7 ? 'x'.repeat(600) : `${seq}`, payload: {} }))),
  }
  const other = keepChanges()
  const rung: unknown[] = []
  await noteChanges(roomline, range(10))
  await using _work = startWork(roomline.config.databaseUrl ?? '', {
    afterCommit: [broken, other.handler],
    handlers: [{ name: 'ring', run: async () => void rung.push(1) }],
  })
  await until(() => rung.length === 9 && other.seqs().length === 10)
  expect(await countRows(roomline, 'after_commit')).toBe(0)
})

it('after-commit work: a change waits for a node that has its handler', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const url = roomline.config.databaseUrl ?? ''
  let mayFail = true
  const push: AfterCommitHandler = {
    name: 'push',
    on: ['stored'],
    handle: async () => {
      if (mayFail) throw new Error('not yet')
    },
  }
  await noteChanges(roomline, [1])
  {
    await using newer = startWork(url, { afterCommit: [push] })
    await until(() => newer.outcomes.includes('after-commit retried'))
  }
  mayFail = false
  // The node of the release before does not know this handler.
  await roomline.pool.query('SELECT FROM graphile_worker.reschedule_jobs(ARRAY(SELECT id FROM graphile_worker.jobs), run_at => now())')
  {
    await using older = startWork(url, { afterCommit: [] })
    await until(() => older.outcomes.includes('after-commit retried'))
    expect(older.outcomes).not.toContain('after-commit done')
  }
  await roomline.pool.query('SELECT FROM graphile_worker.reschedule_jobs(ARRAY(SELECT id FROM graphile_worker.jobs), run_at => now())')
  await using newer = startWork(url, { afterCommit: [push] })
  await until(() => newer.outcomes.includes('after-commit done'))
})
