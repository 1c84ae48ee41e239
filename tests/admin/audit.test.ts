import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuditEntry, type AuditKind, auditGroups, auditKinds } from '../../src/contract/audit'
import { exportAuditLog } from '../../src/server/admin/audit-entries'
import { createAuditRetentionJob } from '../../src/server/admin/audit-retention'
import { startRefusedCalls } from '../../src/server/admin/refused-calls'
import { createLog } from '../../src/server/platform/log'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { password } from '../support/people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline()
  admin = await connectPerson(roomline)
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = () => connectPerson(roomline)
type Filter = Parameters<ConnectedPerson['trpc']['admin']['audit']['query']>[0]

async function readAll(filter?: Filter): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await admin.trpc.admin.audit.query({ ...filter, cursor })
    entries.push(...page.entries)
    cursor = page.cursor
  }
  return entries
}

/** The newest entry of a kind, once it is there. */
async function newest(kind: AuditKind, actor: string): Promise<AuditEntry> {
  await until(async () => (await admin.trpc.admin.audit.query({ kind, actor })).entries.length > 0)
  const [entry] = (await admin.trpc.admin.audit.query({ kind, actor })).entries
  if (!entry) throw new Error(`there is no ${kind}`)
  return entry
}

const get = (path: string, cookie?: string) =>
  roomline.web.auditLog(new Request(`http://localhost:3000${path}`, { headers: cookie ? { cookie } : {} }))

describe('what the audit log records', () => {
  const folder = fileURLToPath(new URL('../../src/server', import.meta.url))
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('platform/prisma'))
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))

  it.each(auditKinds)('%s is written somewhere', (kind) => {
    expect(sources.some((source) => source.includes(`'${kind}'`))).toBe(true)
  })

  it('every kind belongs to a group', () => {
    for (const kind of auditKinds) expect(auditGroups).toContain(kind.split('.')[0])
  })

  it('acts in rooms, with who did it, to whom, where and from which address', async () => {
    const [ada, ben] = [await person(), await person()]
    const { rooms, chat } = ada.trpc
    const { id: room } = await rooms.create.mutate({ name: 'Watched', kind: 'public', topic: 'at first' })
    const about = { room, username: ben.username }
    await rooms.invite.mutate(about)
    const { seq } = await ben.trpc.chat.send.mutate({ room, text: 'something that nobody else should read' })
    await chat.remove.mutate({ room, seq })
    await rooms.update.mutate({ room, topic: 'now' })
    await rooms.setRole.mutate({ ...about, role: 'moderator' })
    await rooms.mute.mutate(about)
    await rooms.unmute.mutate(about)
    await rooms.remove.mutate(about)
    const { id: invite, token } = await rooms.createInvite.mutate({ room })
    await ben.trpc.rooms.acceptInvite.mutate({ token })
    await rooms.revokeInvite.mutate({ room, invite })
    await rooms.ban.mutate({ ...about, reason: 'too loud' })
    await rooms.unban.mutate(about)
    await rooms.archive.mutate({ room })
    await rooms.archive.mutate({ room, archived: false })
    const entries = await readAll({ kind: 'room', actor: ada.username })
    expect(entries.map(({ kind, subject }) => [kind, subject?.username ?? null]).reverse()).toEqual([
      ['room.created', null],
      ['room.invited', ben.username],
      ['room.messageRemoved', ben.username],
      ['room.updated', null],
      ['room.roleSet', ben.username],
      ['room.muted', ben.username],
      ['room.unmuted', ben.username],
      ['room.removed', ben.username],
      ['room.inviteCreated', null],
      ['room.inviteRevoked', null],
      ['room.banned', ben.username],
      ['room.unbanned', ben.username],
      ['room.archived', null],
      ['room.restored', null],
    ])
    for (const entry of entries) {
      expect(entry).toMatchObject({ ip: '127.0.0.1', room: { id: room, name: 'Watched' }, actor: { username: ada.username } })
      expect(JSON.stringify(entry)).not.toMatch(/nobody else should read/)
    }
    expect(entries[0]?.at).toMatch(/^\d{4}-.*Z$/)
    expect((await newest('room.inviteAccepted', ben.username)).room?.id).toBe(room)
  })

  it('acts of admins, with the address that they came from', async () => {
    const other = await person()
    await admin.trpc.admin.setRole.mutate({ username: other.username, role: 'admin' })
    await until(async () => (await other.trpc.admin.people.query().catch(() => null)) !== null)
    const [{ username }, lost] = [await person(), await person()]
    const room = (await lost.trpc.rooms.create.mutate({ name: `Room of ${lost.username}`, kind: 'private' })).id
    const acts = other.trpc.admin
    await acts.setRole.mutate({ username, role: 'guest' })
    await acts.resetLink.mutate({ username })
    await acts.endSessions.mutate({ username })
    await acts.disable.mutate({ username })
    await acts.enable.mutate({ username })
    await acts.deletePerson.mutate({ username })
    await acts.updateSettings.mutate({ name: 'Roomline' })
    const { id: invite } = await acts.createInvite.mutate({})
    await acts.revokeInvite.mutate({ invite })
    await acts.deleteRoom.mutate({ room })
    const entries = await readAll({ kind: 'admin', actor: other.username })
    expect(entries.map(({ kind }) => kind).reverse()).toEqual([
      ...['admin.roleSet', 'admin.resetLinkMade', 'admin.sessionsEnded', 'admin.disabled', 'admin.enabled', 'admin.personDeleted'],
      ...['admin.settingsUpdated', 'admin.inviteCreated', 'admin.inviteRevoked', 'admin.roomDeleted'],
    ])
    expect(entries.map(({ ip }) => ip)).toEqual(entries.map(() => '127.0.0.1'))
  })

  it('sign-outs, ended sessions and new passwords', async () => {
    const ada = await person()
    const [second, third] = [await roomline.signIn(ada.username), await roomline.signIn(ada.username)]
    await roomline.web.logout(new Request('http://localhost:3000/api/logout', { method: 'POST', headers: { cookie: second.cookie } }))
    expect(await newest('account.signedOut', ada.username)).toMatchObject({ detail: { session: expect.any(String) } })
    const sessions = await ada.trpc.session.list.query()
    const other = sessions.find(({ current }) => !current)
    await ada.trpc.session.revoke.mutate({ sessionId: other?.id ?? '' })
    expect(await newest('account.sessionsEnded', ada.username)).toMatchObject({ ip: '127.0.0.1', detail: { session: other?.id } })
    await roomline.signIn(ada.username)
    await ada.trpc.session.revokeOthers.mutate()
    expect((await newest('account.sessionsEnded', ada.username)).detail).toEqual({ ended: 1 })
    await ada.trpc.users.changePassword.mutate({ current: password, password: 'another long passphrase here' })
    const changed = await newest('account.passwordChanged', ada.username)
    expect(changed).toMatchObject({ ip: '127.0.0.1', actor: { username: ada.username } })
    expect(JSON.stringify(await readAll({ actor: ada.username }))).not.toMatch(/passphrase|argon2|rlb_|eyJ/)
    expect(third.cookie).not.toBe(second.cookie)
  })

  it('calls that a role does not allow: on the server, and in a room', async () => {
    const [ada, ben] = [await person(), await person()]
    expect(await failureOf(ada.trpc.admin.people.query())).toBe('NOT_ALLOWED')
    expect(await newest('access.refused', ada.username)).toMatchObject({ ip: '127.0.0.1', detail: { procedure: 'admin.people', count: 1 } })
    const { id: room } = await ben.trpc.rooms.create.mutate({ name: `Closed to ${ada.username}`, kind: 'public' })
    await ada.trpc.rooms.join.mutate({ room })
    expect(await failureOf(ada.trpc.rooms.ban.mutate({ room, username: ben.username }))).toBe('NOT_ALLOWED')
    await until(async () => (await readAll({ kind: 'access.refused', actor: ada.username })).length === 2)
    expect((await newest('access.refused', ada.username)).detail).toEqual({ procedure: 'rooms.ban', count: 1 })
  })

  it('a flood of refused calls is two entries, with their number', async () => {
    const ada = await person()
    const { id } = await ada.trpc.users.me.query()
    const refused = startRefusedCalls({ querying: roomline.pool, log: createLog(roomline.config, 'test') })
    for (let call = 0; call < 500; call++) refused.note({ userId: id, procedure: 'admin.rooms', ip: '192.0.2.1' })
    await refused.close()
    const entries = await readAll({ kind: 'access.refused', actor: ada.username })
    expect(entries.map(({ detail }) => detail.count)).toEqual([499, 1])
  })
})

describe('reading the audit log', () => {
  it('names are those of now, and a deleted person keeps only an id', async () => {
    const ada = await person()
    const { id } = await ada.trpc.users.me.query()
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: `First of ${ada.username}`, kind: 'private' })
    await ada.trpc.rooms.update.mutate({ room, name: 'Second' })
    expect((await newest('room.created', ada.username)).room).toEqual({ id: room, name: 'Second' })
    await ada.trpc.users.deleteAccount.mutate({ password })
    await roomline.pool.query('DELETE FROM rooms WHERE id = $1', [room])
    const entries = (await readAll({ kind: 'room.created' })).filter((entry) => entry.actor?.id === id)
    expect(entries).toEqual([expect.objectContaining({ actor: { id, username: null }, room: { id: room, name: null } })])
  })

  it('pages are in one order without a gap, with and without filters', async () => {
    const ada = await person()
    await roomline.pool.query(
      `INSERT INTO audit_log (actor_id, action, detail)
       SELECT CASE n % 3 WHEN 0 THEN NULL ELSE (SELECT id FROM users WHERE username = $1) END,
         (ARRAY['admin.enabled', 'admin.disabled', 'signIn.failed', 'admin.disabled'])[1 + n % 4], jsonb_build_object('n', n)
       FROM generate_series(1, 220) n`,
      [ada.username],
    )
    const numbers = async (filter: Filter) =>
      (await readAll(filter)).flatMap(({ detail }) => (typeof detail.n === 'number' ? [detail.n] : []))
    const all = Array.from({ length: 220 }, (_, index) => 220 - index)
    expect(await numbers(undefined)).toEqual(all)
    expect(await numbers({ actor: ada.username })).toEqual(all.filter((n) => n % 3 !== 0))
    expect(await numbers({ kind: 'admin' })).toEqual(all.filter((n) => n % 4 !== 2))
    expect(await numbers({ kind: 'admin.disabled' })).toEqual(all.filter((n) => n % 2 === 1))
    expect(await numbers({ kind: 'admin', actor: ada.username })).toEqual(all.filter((n) => n % 4 !== 2 && n % 3 !== 0))
    expect(await numbers({ actor: 'nobody-here' })).toEqual([])
    const ids = (await readAll()).map(({ id }) => BigInt(id))
    expect(ids).toEqual([...ids].sort((a, b) => Number(b - a)))
  })

  it('is refused to everybody but admins, and with what is no cursor', async () => {
    expect(await failureOf((await person()).trpc.admin.audit.query())).toBe('NOT_ALLOWED')
    const cursorOf = (values: unknown) => Buffer.from(JSON.stringify(values)).toString('base64url')
    for (const cursor of [
      'x',
      '1',
      cursorOf(['audit', 'x']),
      cursorOf(['audit', '9'.repeat(30)]),
      cursorOf(['audit', "1' OR"]),
      cursorOf([1, 2]),
    ])
      expect(await failureOf(admin.trpc.admin.audit.query({ cursor }))).toBe('BAD_REQUEST')
    for (const input of [{ kind: 'nothing' }, { actor: "a' OR true" }, { more: 1 }])
      expect(await failureOf(admin.trpc.admin.audit.query(input as never))).toBe('BAD_REQUEST')
  })

  it('reads a page of a large log from an index, whatever the filter', async () => {
    await roomline.pool.query(
      `INSERT INTO audit_log (actor_id, action)
       SELECT (SELECT id FROM users WHERE username = $1), CASE WHEN n % 1000 = 0 THEN 'admin.roleSet' ELSE 'signIn.succeeded' END
       FROM generate_series(1, 60000) n`,
      [admin.username],
    )
    await roomline.pool.query('ANALYZE audit_log')
    const client = await roomline.pool.connect()
    try {
      await client.query('SET jit = off')
      const reads: number[] = []
      const { readAuditEntries } = await import('../../src/server/admin/audit-entries')
      const explaining = {
        query: async (text: string, values: unknown[]) => {
          const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values)
          const plan = rows[0]['QUERY PLAN'][0].Plan
          reads.push(plan['Shared Hit Blocks'] + plan['Shared Read Blocks'])
          return { rows: [] }
        },
      } as unknown as typeof roomline.pool
      for (const filter of [
        {},
        { kind: 'signIn' },
        { kind: 'admin' },
        { kind: 'room.banned' },
        { actor: admin.username },
        { actor: admin.username, kind: 'access' },
        { actor: admin.username, kind: 'admin.roleSet' },
        { actor: 'nobody-here' },
      ] as const)
        for (const from of [{ before: null }, { before: '40000' }, { after: '0' }, { after: '30000' }])
          await readAuditEntries(explaining, filter, from, 51)
      // The table has some 700 blocks; a page names at most 51 people twice.
      expect(Math.max(...reads)).toBeLessThan(700)
      expect(reads).toHaveLength(32)
    } finally {
      client.release()
    }
  })
})

describe('the export', () => {
  it('has every entry once, oldest first, one to a line', async () => {
    let text = ''
    for await (const chunk of exportAuditLog(roomline.pool, { kind: 'room' })) text += chunk
    const ids = text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as AuditEntry).id)
    expect(ids).toEqual((await readAll({ kind: 'room' })).map(({ id }) => id).reverse())
  })

  it('is downloaded by admins only, with the filters of the page', async () => {
    expect((await get('/api/admin/audit.jsonl')).status).toBe(401)
    const other = await person()
    expect((await get('/api/admin/audit.jsonl', other.cookie)).status).toBe(403)
    expect(await newest('access.refused', other.username)).toMatchObject({ detail: { procedure: 'GET /api/admin/audit.jsonl' } })
    expect((await get('/api/admin/audit.jsonl?kind=nothing', admin.cookie)).status).toBe(400)
    const response = await get(`/api/admin/audit.jsonl?actor=${admin.username}&kind=signIn.succeeded`, admin.cookie)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/jsonl')
    const lines = (await response.text()).trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(50_000)
    for (const line of lines.slice(0, 100))
      expect(JSON.parse(line)).toMatchObject({ kind: 'signIn.succeeded', actor: { username: admin.username } })
  })

  it('is read as it is downloaded, and ends when its reader is no admin any more', async () => {
    const other = await person()
    await roomline.pool.query(`UPDATE users SET role = 'admin' WHERE username = $1`, [other.username])
    const reader = (await get('/api/admin/audit.jsonl', other.cookie)).body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? '').toString()).toMatch(/^\{"id":"\d+","at":/)
    await roomline.pool.query(`UPDATE users SET role = 'member' WHERE username = $1`, [other.username])
    const readOn = async () => {
      let part = await reader?.read()
      while (part?.done === false) part = await reader?.read()
    }
    await expect(readOn()).rejects.toThrow()
  })
})

describe('retention', () => {
  it('deletes entries that are too old, in batches, and only those', async () => {
    await roomline.pool.query(
      `INSERT INTO audit_log (action, at) SELECT 'signIn.failed', now() - interval '401 days' FROM generate_series(1, 11000);
       INSERT INTO audit_log (action, at, detail) VALUES ('signIn.failed', now() - interval '399 days', '{"kept": true}')`,
    )
    const old = async () => (await roomline.pool.query(`SELECT FROM audit_log WHERE at < now() - interval '398 days'`)).rowCount
    await createAuditRetentionJob(roomline.pool, { auditRetentionDays: 0 }).run({}, {} as never)
    expect(await old()).toBe(11_001)
    await createAuditRetentionJob(roomline.pool, { auditRetentionDays: 400 }).run({}, {} as never)
    expect(await old()).toBe(1)
  })
})
