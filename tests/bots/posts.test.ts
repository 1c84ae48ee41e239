import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasVisibleCharacter } from '../../src/contract/visible-text'
import { migrate } from '../../src/server/platform/migrations'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
let owner: ConnectedPerson
let reader: ConnectedPerson
/** An application with a role that may do nothing but post, and use its own table. */
let app: pg.Client
let other: pg.Client

const role = `app_${process.pid}`

beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  admin = await connectPerson(roomline, { name: 'root-admin' })
  owner = await connectPerson(roomline, { name: 'owner' })
  reader = await connectPerson(roomline, { name: 'reader', node: 1 })
  await owner.trpc.bots.create.mutate({ username: 'shop', displayName: 'The shop' })
  const { pool } = roomline
  await pool.query(`DROP ROLE IF EXISTS ${role}`)
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'app'`)
  await pool.query(`GRANT USAGE ON SCHEMA roomline TO ${role}`)
  await pool.query(`GRANT EXECUTE ON FUNCTION roomline.post TO ${role}`)
  await pool.query(
    `CREATE SCHEMA shop AUTHORIZATION ${role}; CREATE TABLE shop.orders (id int PRIMARY KEY); GRANT ALL ON shop.orders TO ${role}`,
  )
  ;[app, other] = [await connectAs(role), await connectAs(role)]
})
afterAll(async () => {
  await Promise.all([app.end(), other.end()])
  await roomline.pool.query(`DROP SCHEMA shop CASCADE; DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await roomline[Symbol.asyncDispose]()
})

async function connectAs(name: string): Promise<pg.Client> {
  const url = new URL(roomline.config.databaseUrl ?? '')
  url.username = name
  url.password = 'app'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  return client
}

async function post(client: pg.Client, room: string, text: unknown, key: unknown, bot = 'shop'): Promise<boolean> {
  const { rows } = await client.query<{ posted: boolean }>('SELECT roomline.post($1, $2, $3, $4) AS posted', [room, bot, text, key])
  return rows[0]?.posted ?? false
}

const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    ({ code, detail }: { code: string; detail: string }) => `${code} ${detail}`,
  )

async function roomWithBot(kind: 'public' | 'private' = 'private'): Promise<string> {
  const room = await makeRoom(kind, owner, reader)
  await owner.trpc.rooms.invite.mutate({ room, username: 'shop' })
  return room
}

const textsOf = async (room: string) =>
  (await owner.trpc.chat.history.query({ room })).messages.filter(({ kind }) => kind === 'text').map(({ text }) => text)

describe('roomline.post', () => {
  it('in a transaction: the message arrives live after the commit, within a moment, and not before', async () => {
    const room = await roomWithBot()
    const followed = await reader.follow(room)
    await app.query('BEGIN')
    await app.query('INSERT INTO shop.orders VALUES (1)')
    expect(await post(app, room, '  Order 1 is on its way\n\n', 'order 1')).toBe(true)
    // Others write there meanwhile: the open transaction holds nothing of the room.
    await owner.trpc.chat.send.mutate({ room, text: 'nothing yet' })
    expect((await followed.until(1)).map(({ text }) => text)).toEqual(['nothing yet'])
    await app.query('COMMIT')
    const committedAt = performance.now()
    const [, message] = await followed.until(2)
    expect(performance.now() - committedAt).toBeLessThan(2_000)
    expect(message).toMatchObject({ text: '  Order 1 is on its way', kind: 'text', author: { username: 'shop', displayName: 'The shop' } })
    await until(async () => (await roomline.pool.query('SELECT FROM posts')).rowCount === 0)
  })

  it('rolled back: nothing is left of it', async () => {
    const room = await roomWithBot()
    await app.query('BEGIN')
    await post(app, room, 'never said', 'rolled back')
    await app.query('ROLLBACK')
    expect((await roomline.pool.query('SELECT FROM posts')).rowCount).toBe(0)
    expect(await post(app, room, 'said after all', 'rolled back')).toBe(true)
    await until(async () => (await textsOf(room)).length > 0)
    expect(await textsOf(room)).toEqual(['said after all'])
  })

  it('the same key: posts once, in any number of transactions, at the same time and later', async () => {
    const room = await roomWithBot()
    await app.query('BEGIN')
    expect(await post(app, room, 'only once', 'the key')).toBe(true)
    const waiting = post(other, room, 'only once', 'the key')
    await app.query('COMMIT')
    expect(await waiting).toBe(false)
    await until(async () => (await textsOf(room)).length > 0)
    expect(await post(app, room, 'only once\n', 'the key')).toBe(false)
    expect(await refusalOf(post(app, room, 'another text', 'the key'))).toBe('RL409 CLIENT_ID_REUSED')
    expect(await post(app, room, 'with another key', 'another key')).toBe(true)
    await until(async () => (await textsOf(room)).length > 1)
    expect(await textsOf(room)).toEqual(['only once', 'with another key'])
  })

  it('many in one transaction: keep their order', async () => {
    const room = await roomWithBot()
    const texts = Array.from({ length: 250 }, (_, index) => `line ${index}`)
    await app.query('BEGIN')
    for (const text of texts) await post(app, room, text, text)
    await app.query('COMMIT')
    const followed = await reader.follow(room, '0')
    const messages = (await followed.until(texts.length + 1)).filter(({ kind }) => kind === 'text')
    expect(messages.map(({ text }) => text)).toEqual(texts)
  })

  it('rights: the bot must be a member that may write, and the key and text must be valid', async () => {
    const room = await roomWithBot('public')
    const stranger = await makeRoom('private', reader)
    const open = await makeRoom('public', reader)
    const calls: [string, unknown, unknown, string?][] = [
      [stranger, 'x', 'k'],
      ['no-such-room', 'x', 'k'],
      [open, 'x', 'k'],
      [room, 'x', 'k', 'owner'],
      [room, ' \n ', 'k'],
      [room, null, 'k'],
      [room, 'x'.repeat(4_001), 'k'],
      [room, 'x', ''],
      [room, 'x', null],
    ]
    const refusals: string[] = []
    for (const [where, text, key, bot] of calls) refusals.push(await refusalOf(post(app, where, text, key, bot)))
    expect(refusals).toEqual([
      'RL404 ROOM_NOT_FOUND',
      'RL404 ROOM_NOT_FOUND',
      'RL403 NOT_A_MEMBER',
      'RL404 BOT_NOT_FOUND',
      ...Array.from({ length: 5 }, () => 'RL400 BAD_REQUEST'),
    ])
    await owner.trpc.rooms.mute.mutate({ room, username: 'shop' })
    expect(await refusalOf(post(app, room, 'x', 'k'))).toBe('RL403 MUTED')
    await owner.trpc.rooms.unmute.mutate({ room, username: 'shop' })
    await owner.trpc.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    expect(await refusalOf(post(app, room, 'x', 'k'))).toBe('RL403 POSTING_RESTRICTED')
    await owner.trpc.rooms.archive.mutate({ room })
    expect(await refusalOf(post(app, room, 'x', 'k'))).toBe('RL403 ROOM_ARCHIVED')
  })

  it('the application’s role: may do nothing else, and temporary tables of its own change nothing', async () => {
    const denied = (sql: string) => refusalOf(app.query(sql)).then((words) => words.slice(0, 5))
    expect(await denied('SELECT * FROM messages')).toBe('42501')
    expect(await denied('SELECT * FROM bots')).toBe('42501')
    expect(await denied('INSERT INTO posts (room_id) VALUES (1)')).toBe('42501')
    const room = await roomWithBot()
    await app.query('CREATE TEMP TABLE posts (LIKE shop.orders); CREATE TEMP TABLE memberships (LIKE shop.orders)')
    expect(await post(app, room, 'past the decoys', 'decoy')).toBe(true)
    await app.query('DROP TABLE pg_temp.posts, pg_temp.memberships')
    await until(async () => (await textsOf(room)).includes('past the decoys'))
    const stranger = await connectAs(role)
    await roomline.pool.query(`REVOKE EXECUTE ON FUNCTION roomline.post FROM ${role}`)
    expect(await refusalOf(post(stranger, room, 'x', 'k')).then((words) => words.slice(0, 5))).toBe('42501')
    await roomline.pool.query(`GRANT EXECUTE ON FUNCTION roomline.post TO ${role}`)
    await stranger.end()
  })

  it('functions of the application’s own: never run with the rights of the function’s owner', async () => {
    const room = await roomWithBot()
    // As it is in databases that come from Postgres 14.
    await roomline.pool.query(`GRANT CREATE ON SCHEMA public TO ${role}`)
    await app.query('BEGIN')
    await app.query(`CREATE FUNCTION public.convert_to(text, text) RETURNS bytea LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$`)
    const outcome = await post(app, room, 'past the functions', 'functions').catch((error: Error) => error.message)
    await app.query('ROLLBACK')
    await roomline.pool.query(`REVOKE CREATE ON SCHEMA public FROM ${role}`)
    expect(outcome).toBe(true)
  })

  it('a schema in which everybody may create: is closed by the migration', async () => {
    const { pool } = roomline
    const name = `open_${process.pid}`
    await pool.query(`CREATE DATABASE ${name}`)
    const url = new URL(roomline.config.databaseUrl ?? '')
    url.pathname = name
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query('GRANT CREATE ON SCHEMA public TO PUBLIC')
    await migrate(url.href)
    const { rows } = await client.query(`SELECT has_schema_privilege($1, 'public', 'CREATE') AS may`, [role])
    expect(rows).toEqual([{ may: false }])
    await client.end()
    await pool.query(`DROP DATABASE ${name}`)
  })

  it('a waiting row that a transaction has locked, or has met again: does not hold up other rooms', async () => {
    const [slow, quick] = [await roomWithBot(), await roomWithBot()]
    await owner.trpc.rooms.update.mutate({ room: slow, slowModeSeconds: 1 })
    const locking = await roomline.pool.connect()
    for (const text of ['first', 'second']) await post(app, slow, text, text)
    await app.query('BEGIN')
    expect(await post(app, slow, 'second', 'second')).toBe(false)
    await until(async () => (await textsOf(slow)).length === 2)
    expect(await post(other, quick, 'through', 'k')).toBe(true)
    await until(async () => (await textsOf(quick)).length === 1)
    await app.query('COMMIT')
    await post(app, slow, 'third', 'third')
    await locking.query('BEGIN')
    await locking.query('SELECT FROM posts FOR UPDATE')
    await until(async () => (await textsOf(slow)).length === 3)
    await post(other, quick, 'through again', 'again')
    await until(async () => (await textsOf(quick)).length === 2)
    await locking.query('COMMIT')
    locking.release()
    await until(async () => (await roomline.pool.query('SELECT FROM posts WHERE failure IS NULL')).rowCount === 0)
    expect(await textsOf(slow)).toEqual(['first', 'second', 'third'])
  })

  it('a text that shows nothing: is refused in the call, by the same rule as everywhere', async () => {
    const room = await roomWithBot()
    for (const text of ['\u200b', '\u2800\u00ad', '\u0301', '\u{E0041}'])
      expect(await refusalOf(post(app, room, text, 'unseen'))).toBe('RL400 BAD_REQUEST')
    expect(await post(app, room, '\u200b.', 'seen')).toBe(true)
    const { rows } = await roomline.pool.query<{ pattern: string }>(
      `SELECT substring(prosrc FROM $$'(\\[\\^[^']*\\])'$$) AS pattern FROM pg_proc WHERE oid = 'roomline.post'::regproc`,
    )
    const found = await roomline.pool.query<{ code: number; seen: boolean }>(
      `SELECT code, chr(code) ~ $1 AS seen FROM generate_series(1, 1114111) AS code WHERE code NOT BETWEEN 55296 AND 57343`,
      [rows[0]?.pattern],
    )
    const differing = found.rows.filter(({ code, seen }) => seen !== hasVisibleCharacter(String.fromCodePoint(code)))
    // Each release of Unicode has some new marks.
    expect(differing.length).toBeLessThan(100)
  })

  it('a bot that is removed between the call and the commit: the post fails, and can be posted again once the bot is back', async () => {
    const room = await roomWithBot()
    await app.query('BEGIN')
    await post(app, room, 'too late', 'late')
    await owner.trpc.rooms.remove.mutate({ room, username: 'shop' })
    await app.query('COMMIT')
    const failure = async () => (await roomline.pool.query('SELECT failure FROM posts WHERE room_id = $1', [room])).rows[0]?.failure
    await until(async () => Boolean(await failure()))
    expect(await failure()).toBe('ROOM_NOT_FOUND')
    await owner.trpc.rooms.invite.mutate({ room, username: 'shop' })
    expect(await post(app, room, 'in time', 'late')).toBe(true)
    await until(async () => (await textsOf(room)).length > 0)
    expect(await textsOf(room)).toEqual(['in time'])
  })

  it('slow mode: a second post waits, and those behind it with it', async () => {
    const room = await roomWithBot()
    await owner.trpc.rooms.update.mutate({ room, slowModeSeconds: 1 })
    for (const text of ['first', 'second', 'third']) await post(app, room, text, text)
    await until(async () => (await textsOf(room)).length === 3, 20_000)
    expect(await textsOf(room)).toEqual(['first', 'second', 'third'])
  })

  it('a bot without a token: is out here too', async () => {
    const room = await roomWithBot()
    await admin.trpc.admin.endSessions.mutate({ username: 'shop' })
    expect(await refusalOf(post(app, room, 'x', 'k'))).toBe('RL404 BOT_NOT_FOUND')
    await owner.trpc.bots.rotate.mutate({ username: 'shop' })
    expect(await post(app, room, 'x', 'k')).toBe(true)
  })
})

describe('the schema "roomline"', () => {
  it('a database user of the same name: nothing of Roomline is in it but what applications may use', async () => {
    const { rows } = await roomline.pool.query<{ name: string; user: string }>(
      `SELECT n.nspname || '.' || c.relname AS name, current_user AS user FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'roomline' UNION ALL
       SELECT n.nspname || '.' || p.proname, current_user FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'roomline'`,
    )
    expect(rows).toEqual([{ name: 'roomline.post', user: 'roomline' }])
    await migrate(roomline.config.databaseUrl ?? '')
    const again = await roomline.pool.query(`SELECT count(*)::int AS count FROM pg_class WHERE relname = '_prisma_migrations'`)
    expect(again.rows).toEqual([{ count: 1 }])
  })
})
