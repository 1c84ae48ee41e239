import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { expect, inject, it } from 'vitest'
import { postgresUid } from '../../src/launch/postgres-account'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { migrate } from '../../src/server/platform/migrations'
import { startRealtimeNode } from '../../src/server/realtime-node'
import { keepLog } from '../support/log-lines'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { createStockClient, failureOf, until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'

const run = promisify(execFile)

function disposable<Value extends { close(): Promise<void> }>(value: Value): Value & AsyncDisposable {
  return Object.assign(value, { [Symbol.asyncDispose]: value.close })
}

/** On the database server that the tests share, but in no test's database. */
async function asAdmin<Value>(act: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const url = new URL(inject('templateUrl'))
  url.pathname = '/postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    return await act(client)
  } finally {
    await client.end()
  }
}

const nameOf = (roomline: Roomline) => new URL(roomline.config.databaseUrl ?? '').pathname.slice(1)

/** Everybody's connections start anew, with the settings as they are now. */
const endConnections = (name: string) =>
  asAdmin((admin) => admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]))

async function startNode(roomline: Pick<Roomline, 'config'>) {
  const kept = keepLog()
  const node = await startRealtimeNode(roomline.config, kept.log)
  const base = `http://127.0.0.1:${node.port}`
  return {
    ...kept,
    base,
    url: `ws://127.0.0.1:${node.port}/trpc`,
    ready: async () => {
      const response = await fetch(`${base}/ready`)
      return { status: response.status, body: await response.json() }
    },
    [Symbol.asyncDispose]: node.close,
  }
}

const isReady = (node: Awaited<ReturnType<typeof startNode>>) => async () => (await node.ready()).status === 200

/** Somebody with a stock client who follows a room, and what they see of a database in trouble. */
async function startTalk(roomline: Roomline, node: Awaited<ReturnType<typeof startNode>>) {
  const person = await roomline.signUp()
  const client = createStockClient({ url: node.url, cookie: person.cookie })
  const followed = await client.follow('general', '0')
  const send = (text: string) => client.trpc.chat.send.mutate({ room: 'general', text })
  const first = await send('before')
  await followed.until(1)
  return { person, client, followed, send, first, [Symbol.asyncDispose]: client.close }
}

function expectTold(node: Awaited<ReturnType<typeof startNode>>, database: string, sqlstate?: string) {
  const lines = node.from('error')
  expect(lines).toEqual([expect.objectContaining({ level: 50, database, ...(sqlstate && { sqlstate }) })])
  expect(JSON.stringify(lines)).not.toContain('"stack"')
}

/** Once an operator has mended it, everything goes on by itself. */
async function expectMended(node: Awaited<ReturnType<typeof startNode>>, talk: Awaited<ReturnType<typeof startTalk>>, database: string) {
  await until(isReady(node))
  for (let index = 0; index < 30; index++) await talk.send(`after ${index}`)
  expect((await talk.followed.until(31)).at(-1)).toMatchObject({ text: 'after 29' })
  expect(talk.followed.errors).toEqual([])
  await until(() => node.lines.some((line) => line.level === 30 && line.before === database))
}

const unavailable = (database: string) => ({ status: 503, body: { status: 'unavailable', database, redis: 'ok' } })

it('a read-only database: calls are UNAVAILABLE, /ready says read-only, and it goes on when that is over', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  await using node = await startNode(roomline)
  await using talk = await startTalk(roomline, node)
  const name = nameOf(roomline)
  await asAdmin((admin) => admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`))
  await endConnections(name)
  await until(async () => (await node.ready()).body.database === 'read-only')
  expect(await node.ready()).toEqual(unavailable('read-only'))
  const calls = [
    () => talk.send('refused'),
    () => talk.client.trpc.chat.react.mutate({ room: 'general', seq: talk.first.seq, emoji: '👍' }),
    () => talk.client.trpc.chat.markRead.mutate({ room: 'general', seq: talk.first.seq }),
    () => talk.client.trpc.rooms.create.mutate({ name: 'Refused', kind: 'private' }),
    () => talk.client.trpc.users.update.mutate({ displayName: 'Refused' }),
    () => talk.client.trpc.session.revokeOthers.mutate(),
  ]
  for (const call of calls) expect([String(call), await failureOf(call())]).toEqual([String(call), 'UNAVAILABLE'])
  // What only reads is answered.
  expect(await talk.client.trpc.chat.history.query({ room: 'general', limit: 10 })).toMatchObject({ messages: [{ text: 'before' }] })
  for (const route of ['register', 'login'] as const) {
    const response = await roomline.web[route](postJson(`/api/${route}`, { username: talk.person.username, password }))
    expect([response.status, (await response.json()).error.code]).toEqual([503, 'UNAVAILABLE'])
  }
  expectTold(node, 'read-only', '25006')

  await asAdmin((admin) => admin.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`))
  await expectMended(node, talk, 'read-only')
})

it.each([
  ['table', 'ALTER TABLE messages RENAME TO moved', 'ALTER TABLE moved RENAME TO messages', '42P01'],
  ['column', 'ALTER TABLE rooms RENAME last_version TO moved', 'ALTER TABLE rooms RENAME moved TO last_version', '42703'],
  [
    'function',
    'ALTER FUNCTION store_sends(jsonb, boolean) RENAME TO moved',
    'ALTER FUNCTION moved(jsonb, boolean) RENAME TO store_sends',
    '42883',
  ],
])('a missing %s: calls are UNAVAILABLE, /ready says not migrated, and it goes on when it is there', async (_, away, back, sqlstate) => {
  await using roomline = await startRoomline({ nodes: 0 })
  await using node = await startNode(roomline)
  await using talk = await startTalk(roomline, node)
  await roomline.pool.query(away)
  for (let times = 0; times < 3; times++) expect(await failureOf(talk.send('refused'))).toBe('UNAVAILABLE')
  await until(async () => (await node.ready()).status === 503)
  expect(await node.ready()).toEqual(unavailable('not migrated'))
  expectTold(node, 'not migrated', sqlstate)
  await roomline.pool.query(back)
  await expectMended(node, talk, 'not migrated')
})

it('what only one call misses is logged once, and takes no node out of service', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  await using node = await startNode(roomline)
  await using talk = await startTalk(roomline, node)
  await roomline.pool.query('ALTER TABLE reactions RENAME TO moved')
  const react = () => talk.client.trpc.chat.react.mutate({ room: 'general', seq: talk.first.seq, emoji: '👍' })
  for (let times = 0; times < 5; times++) expect(await failureOf(react())).toBe('UNAVAILABLE')
  expect(await node.ready()).toMatchObject({ status: 200, body: { database: 'ok' } })
  expectTold(node, 'not migrated', '42P01')
  expect(node.from('error')[0]).toMatchObject({ error: 'relation "reactions" does not exist' })
  await roomline.pool.query('ALTER TABLE moved RENAME TO reactions')
  await react()
})

it('a database that nobody has migrated: a node starts on it, says so, and serves it once it is', async () => {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const url = new URL(inject('templateUrl'))
  url.pathname = `/${name}`
  await asAdmin((admin) => admin.query(`CREATE DATABASE ${name}`))
  await using roomline = await startRoomline({ nodes: 0 })
  await using node = await startNode({ ...roomline, config: { ...roomline.config, databaseUrl: url.href } })
  expect(await node.ready()).toEqual(unavailable('not migrated'))
  // What is missed first: a table, or the function that a look for changes calls.
  expect(node.from('error')).toEqual([
    expect.objectContaining({ database: 'not migrated', sqlstate: expect.stringMatching(/^(42P01|42883)$/) }),
  ])
  const token = await createSessionTokens(roomline.config.authSecrets).sign({
    userId: randomUUID(),
    sessionId: randomUUID(),
    expiresAt: new Date(Date.now() + 60_000),
  })
  const ask = () => fetch(`${node.base}/trpc/session.me`, { headers: { authorization: `Bearer ${token}` } })
  const answer = await ask()
  expect([answer.status, (await answer.json()).error.data.failure]).toEqual([503, 'UNAVAILABLE'])

  await migrate(url.href)
  await until(async () => (await node.ready()).status === 200)
  expect(await node.ready()).toMatchObject({ status: 200, body: { database: 'ok' } })
  expect((await ask()).status).toBe(401)
  const applied = new pg.Client({ connectionString: url.href })
  await applied.connect()
  try {
    // From a newer version, during a deploy.
    await applied.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ('newer', '', '29991231000000_newer', now(), 1)`,
    )
    expect((await node.ready()).status).toBe(200)
    await applied.query(`DELETE FROM _prisma_migrations WHERE migration_name <> '29991231000000_newer'`)
    // Reads within a moment get the same answer.
    await until(async () => (await node.ready()).status === 503)
    expect(await node.ready()).toEqual(unavailable('not migrated'))
  } finally {
    await applied.end()
  }
})

it('a full disk: calls are UNAVAILABLE, /ready says full, and it goes on when there is space', async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'roomline-full-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=64m,mode=0700,uid=${postgresUid()}`, 'tmpfs', folder])
  } catch (error) {
    await rm(folder, { recursive: true })
    return context.skip(`needs to mount a small file system: ${(error as Error).message}`)
  }
  const space = `space_${randomUUID().replaceAll('-', '')}`
  let name = ''
  try {
    await using roomline = await startRoomline({ nodes: 0 })
    name = nameOf(roomline)
    await asAdmin((admin) => admin.query(`CREATE TABLESPACE ${space} LOCATION '${folder}'`))
    await asAdmin((admin) => admin.query(`ALTER DATABASE ${name} SET TABLESPACE ${space}`))
    await using node = await startNode(roomline)
    await using talk = await startTalk(roomline, node)
    expect((await node.ready()).status).toBe(200)

    const filler = path.join(folder, 'filler')
    await writeFile(filler, Buffer.alloc(64 * 1024 * 1024)).catch((error: NodeJS.ErrnoException) => expect(error.code).toBe('ENOSPC'))
    // What fits into pages that are there already is still stored.
    const failures = new Set<string>()
    await until(async () => {
      const sent = await failureOf(talk.send(randomBytes(1_900).toString('hex'))).catch(() => null)
      if (sent) failures.add(sent)
      return sent !== null
    }, 60_000)
    expect([...failures]).toEqual(['UNAVAILABLE'])
    expect(await node.ready()).toEqual(unavailable('full'))
    expectTold(node, 'full', '53100')

    await rm(filler)
    await until(isReady(node))
    const sent = await talk.send('after')
    expect((await talk.followed.until(sent.seq)).at(-1)).toMatchObject({ text: 'after' })
    expect(talk.followed.errors).toEqual([])
    await until(() => node.lines.some((line) => line.level === 30 && line.before === 'full'))
  } finally {
    if (name) await asAdmin((admin) => admin.query(`DROP DATABASE ${name} WITH (FORCE)`))
    await asAdmin((admin) => admin.query(`DROP TABLESPACE IF EXISTS ${space}`))
    await run('umount', [folder])
    await rm(folder, { recursive: true })
  }
}, 120_000)

it('a database that is away when a node starts is waited for, and judged when it comes', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const name = nameOf(roomline)
  const target = new URL(roomline.config.databaseUrl ?? '')
  const port = Number(target.port)
  await using line = disposable(await startTcpProxy(() => port))
  line.setOnline(false)
  target.port = String(line.port)
  await using node = await startNode({ ...roomline, config: { ...roomline.config, databaseUrl: target.href } })
  expect((await fetch(`${node.base}/health`)).status).toBe(200)
  expect(await node.ready()).toEqual(unavailable('down'))
  expectTold(node, 'down')

  const setDurable = (setting: string) => asAdmin((admin) => admin.query(`ALTER DATABASE ${name} SET synchronous_commit = ${setting}`))
  const person = await roomline.signUp()
  await setDurable('off')
  line.setOnline(true)
  await until(async () => (await node.ready()).body.database === 'not durable')
  const ask = () => fetch(`${node.base}/trpc/session.me`, { headers: { authorization: `Bearer ${person.token}` } })
  expect((await ask()).status).toBe(503)
  await setDurable('on')
  await until(isReady(node))
  expect((await ask()).status).toBe(200)
})
