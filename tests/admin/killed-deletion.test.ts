import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomDeletionJob } from '../../src/server/admin/delete-room'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 0 })
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

async function makeRoomOf(messages: number, id: string): Promise<void> {
  await roomline.pool.query(`INSERT INTO rooms (id, kind, name, last_seq, last_version) VALUES ($1, 'public', $1, $2, $2)`, [id, messages])
  await roomline.pool.query(
    `INSERT INTO messages (room_id, seq, version, author_id, text)
     SELECT $1, n, n, u.id, 'one of many' FROM users u, generate_series(1, $2::int) n`,
    [id, messages],
  )
}

async function countMessages(room: string): Promise<number> {
  const { rows } = await roomline.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM messages WHERE room_id = $1', [room])
  return rows[0]?.count ?? 0
}

const exists = async (room: string) => (await roomline.pool.query('SELECT FROM rooms WHERE id = $1', [room])).rowCount === 1

/** Kills the operator's command with SIGKILL while it deletes the room. */
async function killWhileDeleting(room: string, messages: number): Promise<void> {
  const command = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'delete-room', room], {
    env: { ...process.env, DATABASE_URL: roomline.config.databaseUrl },
    stdio: 'ignore',
  })
  const exited = once(command, 'exit')
  await until(async () => (await countMessages(room)) < messages, 20_000)
  command.kill('SIGKILL')
  expect(await exited).toEqual([null, 'SIGKILL'])
  expect(await countMessages(room)).toBeGreaterThan(0)
  expect(await exists(room)).toBe(true)
}

describe('a deletion whose process is killed in the middle of a large room', () => {
  it('is finished by the next server that starts, without anybody asking', async () => {
    await makeRoomOf(100_000, 'killed')
    await killWhileDeleting('killed', 100_000)
    await using _node = await startRoomline({ database: roomline.config.databaseUrl ?? '' })
    await until(async () => !(await exists('killed')), 30_000)
    expect(await countMessages('killed')).toBe(0)
  })

  it('is finished within the hour although its job was given up', async () => {
    await makeRoomOf(20_000, 'given-up')
    await killWhileDeleting('given-up', 20_000)
    await roomline.pool.query('SELECT FROM graphile_worker.complete_jobs(ARRAY(SELECT id FROM graphile_worker.jobs))')
    const { run, schedule } = createRoomDeletionJob(roomline.pool)
    expect(schedule).toMatch(/^\d+ \* \* \* \*$/)
    // What the queue gives to a job that it adds by itself.
    await run({ _cron: { ts: new Date().toISOString() } }, new AbortController().signal)
    const { rows } = await roomline.pool.query('SELECT task_identifier AS job, key, attempts FROM graphile_worker.jobs')
    expect(rows).toEqual([{ job: 'delete room', key: 'delete room:given-up', attempts: 0 }])
    await run({ room: 'given-up' }, new AbortController().signal)
    expect([await exists('given-up'), await exists('general')]).toEqual([false, true])
  })
})
