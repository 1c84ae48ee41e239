import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // The first account is the admin.
  admin = await connectPerson(roomline)
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0) => connectPerson(roomline, { node })
const login = async (username: string) => (await roomline.web.login(postJson('/api/login', { username, password }))).status
const auditOf = async (username: string) => {
  const { rows } = await roomline.pool.query<{ action: string }>(
    `SELECT l.action FROM audit_log l JOIN users u ON u.id = l.subject_id WHERE u.username = $1 AND l.action LIKE 'admin.%' ORDER BY l.id`,
    [username],
  )
  return rows.map(({ action }) => action)
}
const roleOf = async (username: string) =>
  (await roomline.pool.query('SELECT role FROM users WHERE username = $1', [username])).rows[0]?.role

describe('admin.disable', () => {
  it('disabling: closes the sockets on every node at once, and nothing gets them in again', async () => {
    const ada = await person()
    const elsewhere = roomline.connect(ada, { node: 1 })
    await Promise.all([ada.trpc.session.me.query(), elsewhere.trpc.session.me.query()])
    const shown = await admin.trpc.admin.disable.mutate({ username: ada.username })
    expect(shown).toMatchObject({ username: ada.username, sessions: 0 })
    expect(shown.disabledAt).not.toBeNull()
    await until(() => ada.closed.includes(4401) && elsewhere.closed.includes(4401))
    expect(await login(ada.username)).toBe(401)
    const again = roomline.connect(ada)
    await until(() => again.closed.length > 0)
    expect(again.closed[0]).toBe(4401)
    expect(await auditOf(ada.username)).toEqual(['admin.disabled'])
  })

  it('enabling: lets them sign in again, but revives no session, invitation or reset link', async () => {
    const ada = await person()
    const room = await makeRoom('private', ada)
    const invite = await ada.trpc.rooms.createInvite.mutate({ room })
    const { url } = await admin.trpc.admin.resetLink.mutate({ username: ada.username })
    await admin.trpc.admin.disable.mutate({ username: ada.username })
    expect((await admin.trpc.admin.enable.mutate({ username: ada.username })).disabledAt).toBeNull()
    const old = roomline.connect({ username: ada.username, cookie: ada.cookie, token: ada.token })
    await until(() => old.closed.length > 0)
    expect(old.closed[0]).toBe(4401)
    expect(await failureOf(admin.trpc.rooms.showInvite.query({ token: invite.token }))).toBe('INVITE_NOT_FOUND')
    const reset = await roomline.web.reset(
      postJson('/api/reset', { token: url.split('/').at(-1), password: 'another good long passphrase' }),
    )
    expect(reset.status).toBe(404)
    expect(await login(ada.username)).toBe(200)
    expect(await auditOf(ada.username)).toEqual(['admin.resetLinkMade', 'admin.disabled', 'admin.enabled'])
  })

  it('an invitation to a room that they create at the same moment: does not outlive the disabling', async () => {
    const ada = await person()
    const room = await makeRoom('private', ada)
    const disabling = await roomline.pool.connect()
    await disabling.query('BEGIN')
    await disabling.query('UPDATE users SET disabled_at = now() WHERE username = $1', [ada.username])
    const created = ada.trpc.rooms.createInvite.mutate({ room }).then(
      () => true,
      () => false,
    )
    await until(async () => {
      const { rows } = await roomline.pool.query(
        `SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')::int AS waiting,
           (SELECT count(*) FROM invites WHERE room_id = $1)::int AS invites`,
        [room],
      )
      return rows[0].waiting > 0 || rows[0].invites > 0
    })
    await disabling.query('COMMIT')
    disabling.release()
    // Rejected with a reason, or by the end of their connection.
    expect(await created).toBe(false)
    expect((await roomline.pool.query('SELECT FROM invites WHERE room_id = $1', [room])).rowCount).toBe(0)
  })

  it('disabling twice, and somebody who does not exist: changes nothing', async () => {
    const ada = await person()
    await admin.trpc.admin.disable.mutate({ username: ada.username })
    await admin.trpc.admin.disable.mutate({ username: ada.username })
    expect(await auditOf(ada.username)).toEqual(['admin.disabled'])
    for (const act of ['disable', 'enable', 'resetLink', 'endSessions', 'deletePerson'] as const) {
      expect(await failureOf(admin.trpc.admin[act].mutate({ username: 'nobody-like-this' })), act).toBe('USER_NOT_FOUND')
    }
  })
})

describe('admin.setRole', () => {
  it('a new role: counts at once on open connections, in either direction', async () => {
    const ada = await person(1)
    expect(await failureOf(ada.trpc.admin.people.query())).toBe('NOT_ALLOWED')
    await admin.trpc.admin.setRole.mutate({ username: ada.username, role: 'admin' })
    await until(async () => (await ada.trpc.admin.people.query().catch(() => null)) !== null)
    await admin.trpc.admin.setRole.mutate({ username: ada.username, role: 'guest' })
    // Whatever this connection still believes of her role.
    expect(await failureOf(ada.trpc.admin.people.query())).toBe('NOT_ALLOWED')
    expect(await failureOf(ada.trpc.admin.disable.mutate({ username: admin.username }))).toBe('NOT_ALLOWED')
    expect(await auditOf(ada.username)).toEqual(['admin.roleSet', 'admin.roleSet'])
  })

  it('an admin who loses the role: their invitations to the server are void', async () => {
    const ada = await person()
    await admin.trpc.admin.setRole.mutate({ username: ada.username, role: 'admin' })
    await until(async () => (await ada.trpc.admin.people.query().catch(() => null)) !== null)
    const { token } = await ada.trpc.admin.createInvite.mutate({})
    await admin.trpc.admin.setRole.mutate({ username: ada.username, role: 'member' })
    const invited = { username: 'invited-by-ada', password, invite: token }
    expect((await roomline.web.register(postJson('/api/register', invited))).status).toBe(404)
  })

  it('an admin who loses the role: their invitations to rooms stay valid only where they are a moderator', async () => {
    const [ada, bob] = [await person(), await person()]
    await admin.trpc.admin.setRole.mutate({ username: ada.username, role: 'admin' })
    await until(async () => (await ada.trpc.admin.people.query().catch(() => null)) !== null)
    const [own, other] = [await makeRoom('private', ada), await makeRoom('public', bob)]
    const [kept, void_] = [
      await ada.trpc.rooms.createInvite.mutate({ room: own }),
      await ada.trpc.rooms.createInvite.mutate({ room: other }),
    ]
    await admin.trpc.admin.setRole.mutate({ username: ada.username, role: 'member' })
    expect((await admin.trpc.rooms.showInvite.query({ token: kept.token })).room).toBe(own)
    expect(await failureOf(admin.trpc.rooms.showInvite.query({ token: void_.token }))).toBe('INVITE_NOT_FOUND')
  })

  it('bots: keep their role', async () => {
    await roomline.pool.query(`INSERT INTO users (username, display_name, role) VALUES ('a-robot', 'A robot', 'bot')`)
    expect(await failureOf(admin.trpc.admin.setRole.mutate({ username: 'a-robot', role: 'admin' }))).toBe('NOT_ALLOWED')
    expect(await failureOf(admin.trpc.admin.resetLink.mutate({ username: 'a-robot' }))).toBe('NOT_ALLOWED')
  })
})

describe('the last admin', () => {
  it('the only admin: cannot be demoted, disabled or deleted, not even by themselves', async () => {
    expect(await failureOf(admin.trpc.admin.setRole.mutate({ username: admin.username, role: 'member' }))).toBe('LAST_ADMIN')
    expect(await failureOf(admin.trpc.admin.disable.mutate({ username: admin.username }))).toBe('OWN_ACCOUNT')
    expect(await failureOf(admin.trpc.admin.deletePerson.mutate({ username: admin.username }))).toBe('OWN_ACCOUNT')
    expect(await failureOf(admin.trpc.users.deleteAccount.mutate({ password }))).toBe('LAST_ADMIN')
    expect(await roleOf(admin.username)).toBe('admin')
  })

  it('two admins who remove each other at the same moment: one stays, whichever act it is', async () => {
    for (const act of ['setRole', 'disable', 'deletePerson'] as const) {
      const [ada, bob] = await Promise.all([person(0), person(1)])
      for (const { username } of [ada, bob]) await admin.trpc.admin.setRole.mutate({ username, role: 'admin' })
      await until(async () => (await ada.trpc.admin.people.query().catch(() => null)) !== null)
      await until(async () => (await bob.trpc.admin.people.query().catch(() => null)) !== null)
      await roomline.pool.query(`UPDATE users SET role = 'member' WHERE username = $1`, [admin.username])
      const remove = (by: ConnectedPerson, { username }: ConnectedPerson) =>
        act === 'setRole' ? by.trpc.admin.setRole.mutate({ username, role: 'member' }) : by.trpc.admin[act].mutate({ username })
      const done = await Promise.allSettled([remove(ada, bob), remove(bob, ada)])
      expect(
        done.filter(({ status }) => status === 'fulfilled'),
        act,
      ).toHaveLength(1)
      const { rows } = await roomline.pool.query(`SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL AND deleted_at IS NULL`)
      expect(rows, act).toHaveLength(1)
      await roomline.pool.query(
        `UPDATE users SET role = CASE username WHEN $1 THEN 'admin' ELSE 'member' END::server_role WHERE deleted_at IS NULL`,
        [admin.username],
      )
      await until(async () => (await admin.trpc.admin.people.query().catch(() => null)) !== null)
    }
  })
})

describe('admin.endSessions', () => {
  it('sessions: are all ended on every node, and the person can sign in again', async () => {
    const ada = await person(1)
    const other = roomline.connect(await roomline.signIn(ada.username))
    await Promise.all([ada.trpc.session.me.query(), other.trpc.session.me.query()])
    expect((await admin.trpc.admin.endSessions.mutate({ username: ada.username })).sessions).toBe(0)
    await until(() => ada.closed.includes(4401) && other.closed.includes(4401))
    expect(await login(ada.username)).toBe(200)
  })

  it('their own: is answered before the socket is closed', async () => {
    const ada = await person()
    await admin.trpc.admin.setRole.mutate({ username: ada.username, role: 'admin' })
    await until(async () => (await ada.trpc.admin.people.query().catch(() => null)) !== null)
    expect(await ada.trpc.admin.endSessions.mutate({ username: ada.username })).toMatchObject({ sessions: 0 })
    await until(() => ada.closed.includes(4401))
    await admin.trpc.admin.setRole.mutate({ username: ada.username, role: 'member' })
  })
})

describe('admin.deletePerson', () => {
  it('a person: is gone everywhere, but for what they wrote, and their rooms get another owner', async () => {
    const [ada, bob, eve] = await Promise.all([person(1), person(), person()])
    const room = await makeRoom('private', ada, eve, bob)
    await roomline.pool.query(
      `UPDATE memberships SET role = 'moderator' WHERE room_id = $1 AND user_id = (SELECT id FROM users WHERE username = $2)`,
      [...[room, bob.username]],
    )
    const followed = await bob.follow(room)
    await ada.trpc.chat.send.mutate({ room, text: 'I was here' })
    await followed.until(1)
    const { id } = (await ada.trpc.users.me.query()) ?? {}
    expect(await admin.trpc.admin.deletePerson.mutate({ username: ada.username })).toEqual({ username: ada.username })
    await until(() => ada.closed.includes(4401))
    const { members } = await bob.trpc.rooms.members.query({ room })
    expect(members.map(({ user, role }) => [user.username, role])).toEqual([
      [bob.username, 'owner'],
      [eve.username, 'member'],
    ])
    const { messages } = await bob.trpc.chat.history.query({ room })
    expect(messages.at(-1)).toMatchObject({ text: 'I was here', author: { id, displayName: 'Deleted user' } })
    expect((await admin.trpc.admin.people.query({ query: ada.username })).people).toEqual([])
    expect(await login(ada.username)).toBe(401)
    await until(async () => (await bob.trpc.rooms.get.query({ room })).role === 'owner')
    const kept = await roomline.pool.query(
      `SELECT (SELECT count(*)::int FROM memberships WHERE user_id = $1) AS memberships, (SELECT count(*)::int FROM invites WHERE created_by = $1) AS invites,
         (SELECT count(*)::int FROM sessions WHERE user_id = $1 AND (ip IS NOT NULL OR user_agent IS NOT NULL)) AS devices,
         (SELECT detail->>'username' FROM audit_log WHERE subject_id = $1 AND action = 'admin.personDeleted') AS recorded`,
      [id],
    )
    expect(kept.rows).toEqual([{ memberships: 0, invites: 0, devices: 0, recorded: ada.username }])
  })
})

describe('admin.people', () => {
  it('the list: pages by username, filters by role and part of a name, and shows disabled people', async () => {
    const names = ['list-ada', 'list-bob', 'list-eve']
    const added = await Promise.all(names.map((name) => roomline.signUp(name)))
    await admin.trpc.admin.setRole.mutate({ username: 'list-bob', role: 'guest' })
    await admin.trpc.admin.disable.mutate({ username: 'list-eve' })
    const found = await admin.trpc.admin.people.query({ query: 'LIST-' })
    expect(found.people.map(({ username, role, sessions, disabledAt }) => [username, role, sessions, disabledAt !== null])).toEqual([
      ['list-ada', 'member', 1, false],
      ['list-bob', 'guest', 1, false],
      ['list-eve', 'member', 0, true],
    ])
    expect(found.people[0]).toMatchObject({ hasPassword: true, hasSecondFactor: false, passkeys: 0, externalIssuer: null })
    const guests = await admin.trpc.admin.people.query({ query: 'list', role: 'guest' })
    expect(guests.people.map(({ username }) => username)).toEqual(['list-bob'])
    expect(added).toHaveLength(3)

    await roomline.pool.query(
      `INSERT INTO users (username, display_name) SELECT 'crowd-' || n, 'One of many' FROM generate_series(100, 219) n`,
    )
    const all: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await admin.trpc.admin.people.query({ query: 'one of many', ...(cursor && { cursor }) })
      all.push(...page.people.map(({ username }) => username))
      cursor = page.cursor
    }
    expect(all).toEqual(Array.from({ length: 120 }, (_, index) => `crowd-${index + 100}`))
    expect(await failureOf(admin.trpc.admin.people.query({ cursor: 'made up' }))).toBe('BAD_REQUEST')
  })
})
