import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectPerson } from '../support/connected-people'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // The first account is the admin.
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const newPassword = 'another good long passphrase'

const person = (name?: string, node = 0) => connectPerson(roomline, { name, node })
const login = (username: string, word: string) => roomline.web.login(postJson('/api/login', { username, password: word }))
const versionOf = async (room: string) =>
  (await roomline.pool.query('SELECT last_version FROM rooms WHERE id = $1', [room])).rows[0]?.last_version
const membersOf = async (room: string) =>
  (
    await roomline.pool.query('SELECT username FROM memberships JOIN users ON users.id = user_id WHERE room_id = $1 ORDER BY username', [
      room,
    ])
  ).rows.map(({ username }) => username)

const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error) => error.data?.failure,
  )

/** Holds the locks of a statement until it is committed. */
async function holding(statement: string, values: unknown[]) {
  const client = await roomline.pool.connect()
  await client.query('BEGIN')
  await client.query(statement, values)
  return {
    query: client.query.bind(client) as Roomline['pool']['query'],
    untilWaitedFor: (count: number) =>
      until(async () => {
        const waiting = await roomline.pool.query(
          'SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = $1',
          ['Lock'],
        )
        return waiting.rowCount === count
      }),
    commit: async () => {
      await client.query('COMMIT')
      client.release()
    },
  }
}

describe('a new password', () => {
  it('replaces the old one, and ends every other session on every node', async () => {
    const ada = await person()
    const stolen = await roomline.signIn(ada.username)
    const thief = roomline.connect(stolen, { node: 1 })
    const followed = await thief.follow('general')
    await ada.trpc.chat.send.mutate({ room: 'general', text: 'the thief hears this' })
    await followed.until(1)

    expect(await ada.trpc.users.changePassword.mutate({ current: password, password: newPassword })).toEqual({ revoked: 1 })
    await until(() => thief.closed[0] === 4401, 1_000)
    await ada.trpc.chat.send.mutate({ room: 'general', text: 'and not this' })
    expect(ada.closed).toEqual([])
    expect(followed.messages).toHaveLength(1)
    const again = roomline.connect(stolen)
    await until(() => again.closed[0] === 4401)
    expect((await login(ada.username, password)).status).toBe(401)
    expect((await login(ada.username, newPassword)).status).toBe(200)
  })

  it('rejects a concurrent sign-in with the old one', async () => {
    const ada = await person()
    // The password changes after the sign-in has verified it, and before the session is stored.
    const change = await holding('UPDATE users SET password_hash = $2 WHERE username = $1', [ada.username, 'another'])
    const entering = login(ada.username, password)
    await change.untilWaitedFor(1)
    await change.commit()
    expect((await entering).status).toBe(401)
    expect(await ada.trpc.session.list.query()).toHaveLength(1)
  })

  it('rejects acts that were verified with the old one', async () => {
    const ada = await person()
    const change = await holding('UPDATE users SET password_hash = $2 WHERE username = $1', [ada.username, 'another'])
    const late = [
      failureOf(ada.trpc.users.changePassword.mutate({ current: password, password: newPassword })),
      failureOf(ada.trpc.users.deleteAccount.mutate({ password })),
    ]
    await change.untilWaitedFor(2)
    await change.commit()
    expect(await Promise.all(late)).toEqual(['WRONG_PASSWORD', 'WRONG_PASSWORD'])
  })

  it('closes the sockets of ended sessions at once, not at the next read of the log', async () => {
    const ada = await person()
    const ways = {
      changePassword: () => ada.trpc.users.changePassword.mutate({ current: password, password }),
      revokeOthers: () => ada.trpc.session.revokeOthers.mutate(),
      revoke: (sessionId: string) => ada.trpc.session.revoke.mutate({ sessionId }),
    }
    for (const [name, end] of Object.entries(ways)) {
      const waitsMs: number[] = []
      for (let round = 0; round < 5; round++) {
        const other = roomline.connect(await roomline.signIn(ada.username), { node: 1 })
        const { sessionId } = await other.trpc.session.me.query()
        const startedAt = performance.now()
        await end(sessionId)
        await until(() => other.closed.length > 0, 2_000)
        waitsMs.push(performance.now() - startedAt)
        await other.close()
      }
      expect(waitsMs.sort((a, b) => a - b)[2], name).toBeLessThan(350)
    }
  })

  it('is rejected when the current one is wrong, and attempts are delayed after five', async () => {
    const ada = await person()
    const guess = () => failureOf(ada.trpc.users.changePassword.mutate({ current: 'a guess', password: newPassword }))
    for (let failure = 1; failure <= 5; failure++) expect(await guess()).toBe('WRONG_PASSWORD')
    expect(await guess()).toBe('TOO_MANY_REQUESTS')
    // The right password has to wait too, and so does deleting the account.
    const waiting = ada.trpc.users.changePassword.mutate({ current: password, password: newPassword })
    await expect(waiting).rejects.toMatchObject({ data: { failure: 'TOO_MANY_REQUESTS', retryAfterMs: expect.any(Number) } })
    expect(await failureOf(ada.trpc.users.deleteAccount.mutate({ password }))).toBe('TOO_MANY_REQUESTS')
    // Signing in does not have to wait: a stolen session must not lock its person out.
    expect((await login(ada.username, password)).status).toBe(200)
    await until(
      async () => (await ada.trpc.users.changePassword.mutate({ current: password, password: newPassword }).catch(() => null)) !== null,
    )
    expect(await guess()).toBe('WRONG_PASSWORD')
  })

  it('checks only a few of many simultaneous guesses', async () => {
    const ada = await person()
    const guesses = Array.from({ length: 40 }, () => failureOf(ada.trpc.users.deleteAccount.mutate({ password: 'a guess' })))
    const tried = (await Promise.all(guesses)).filter((failure) => failure === 'WRONG_PASSWORD')
    expect(tried.length).toBeLessThan(20)
  })

  it.each([
    ['a short one', { current: password, password: '7 chars' }],
    ['a long one', { current: password, password: 'x'.repeat(129) }],
    ['a common one', { current: password, password: 'password123' }],
    ['no current one', { password: newPassword }],
    ['an unknown key', { current: password, password: newPassword, username: 'ben' }],
    ['an endless current one', { current: 'x'.repeat(1_025), password: newPassword }],
  ])('refuses %s', async (_, input) => {
    const ada = await person()
    expect(await failureOf(ada.trpc.users.changePassword.mutate(input as never))).toBe('BAD_REQUEST')
    expect((await login(ada.username, password)).status).toBe(200)
  })
})

describe('a call that ends its own session', () => {
  it('is answered before its connection is closed', async () => {
    const crowd = await Promise.all(Array.from({ length: 16 }, () => person()))
    const answers = await Promise.all(
      crowd.map(async ({ trpc }, place) => {
        if (place % 2 === 0) return outcomeOf(trpc.users.deleteAccount.mutate({ password }))
        const { sessionId } = await trpc.session.me.query()
        return outcomeOf(trpc.session.revoke.mutate({ sessionId }))
      }),
    )
    expect(answers).toEqual(crowd.map(() => 'done'))
    await until(() => crowd.every(({ closed }) => closed[0] === 4401), 2_000)
  })

  it('is the last one that its connection runs', async () => {
    const ada = await person()
    const { sessionId } = await ada.trpc.session.me.query()
    const outcomes = await Promise.all([
      outcomeOf(ada.trpc.session.revoke.mutate({ sessionId })),
      ...Array.from({ length: 20 }, () => outcomeOf(ada.trpc.session.me.query())),
    ])
    expect(outcomes[0]).toBe('done')
    await until(() => ada.closed[0] === 4401, 1_000)
    expect(await outcomeOf(ada.trpc.session.me.query())).not.toBe('done')
  })
})

describe('a deleted account', () => {
  it('is signed out everywhere for good, and its messages stay under Deleted user', async () => {
    const ada = await person()
    const elsewhere = await roomline.signIn(ada.username)
    const there = roomline.connect(elsewhere, { node: 1 })
    const ben = await person(undefined, 1)
    await there.follow('general')
    const sent = await ada.trpc.chat.send.mutate({ room: 'general', text: 'what she leaves behind' })
    await ada.trpc.users.update.mutate({ displayName: 'Ada', status: 'here', avatar: '/ada.png' })

    expect(await ada.trpc.users.deleteAccount.mutate({ password })).toEqual({ deleted: true })
    await until(() => ada.closed[0] === 4401 && there.closed[0] === 4401, 1_000)
    const again = roomline.connect(elsewhere)
    await until(() => again.closed[0] === 4401)
    expect((await login(ada.username, password)).status).toBe(401)

    const { messages } = await ben.trpc.chat.history.query({ room: 'general' })
    const left = messages.find(({ seq }) => seq === sent.seq)
    const deletedName = `deleted-${sent.author.id.replaceAll('-', '').slice(-12)}`
    expect(left).toMatchObject({
      text: 'what she leaves behind',
      author: { id: sent.author.id, username: deletedName, displayName: 'Deleted user', avatar: null },
    })
    for (const username of [ada.username, deletedName]) {
      expect(await failureOf(ben.trpc.users.get.query({ username }))).toBe('USER_NOT_FOUND')
    }
    expect((await ben.trpc.users.search.query({ query: 'deleted' })).users).toEqual([])
    const { rows } = await roomline.pool.query(
      `SELECT status, password_hash, deleted_at IS NOT NULL AS deleted, (SELECT action FROM audit_log WHERE subject_id = u.id AND actor_id = u.id AND action = 'account.deleted') AS action,
         (SELECT count(*)::int FROM sessions WHERE user_id = u.id AND (revoked_at IS NULL OR ip IS NOT NULL)) AS traces
       FROM users u WHERE id = $1`,
      [sent.author.id],
    )
    expect(rows).toEqual([{ status: '', password_hash: null, deleted: true, action: 'account.deleted', traces: 0 }])
  })

  it('leaves its rooms, as a change of each, and the others are served on', async () => {
    const ada = await person()
    const ben = await person(undefined, 1)
    const room = await ada.trpc.rooms.create.mutate({ name: `Two of ${ada.username}`, kind: 'private', members: [ben.username] })
    await roomline.pool.query(`UPDATE memberships SET role = 'owner' WHERE room_id = $1`, [room.id])
    const alone = await ada.trpc.rooms.create.mutate({ name: `One of ${ada.username}`, kind: 'private' })
    const followed = await ben.follow(room.id)
    const before = { room: await versionOf(room.id), general: await versionOf('general') }
    await ada.trpc.users.deleteAccount.mutate({ password })
    expect(await versionOf(room.id)).toBe(before.room + 1)
    expect(await versionOf('general')).toBe(before.general + 1)
    expect(await membersOf(room.id)).toEqual([ben.username])
    expect(await membersOf(alone.id)).toEqual([])
    const sent = await ben.trpc.chat.send.mutate({ room: room.id, text: 'is anybody here?' })
    expect(await followed.until(1)).toEqual([sent])
  })

  it('keeps its direct rooms for the others, and removes its bans and invitations', async () => {
    const ada = await person()
    const ben = await person()
    const { user } = await ada.trpc.session.me.query()
    await roomline.pool.query(`INSERT INTO rooms (id, kind, name, direct_key) VALUES ($1, 'direct', '', $1)`, [`direct-${ada.username}`])
    await roomline.pool.query(`INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM users WHERE username = ANY($2)`, [
      `direct-${ada.username}`,
      [ada.username, ben.username],
    ])
    await roomline.pool.query(`INSERT INTO invites (token_hash, room_id, created_by) VALUES (sha256('x'), 'general', $1)`, [user.id])
    await roomline.pool.query(`INSERT INTO bans (room_id, user_id) VALUES ('general', $1)`, [user.id])
    const sent = await ada.trpc.chat.send.mutate({ room: `direct-${ada.username}`, text: 'between us' })
    await ada.trpc.users.deleteAccount.mutate({ password })
    const { messages } = await ben.trpc.chat.history.query({ room: `direct-${ada.username}` })
    expect(messages).toEqual([{ ...sent, author: expect.objectContaining({ id: user.id, displayName: 'Deleted user' }) }])
    expect(await membersOf(`direct-${ada.username}`)).toHaveLength(2)
    const { rows } = await roomline.pool.query(
      'SELECT (SELECT count(*)::int FROM invites WHERE created_by = $1) AS invites, (SELECT count(*)::int FROM bans WHERE user_id = $1) AS bans',
      [user.id],
    )
    expect(rows).toEqual([{ invites: 0, bans: 0 }])
  })

  it('appears in lines about a room as the deleted account', async () => {
    const ada = await person()
    const ben = await person()
    const { user } = await ada.trpc.session.me.query()
    const room = await ben.trpc.rooms.create.mutate({ name: `Lines of ${ada.username}`, kind: 'private' })
    await ben.trpc.rooms.invite.mutate({ room: room.id, username: ada.username })
    await ben.trpc.rooms.remove.mutate({ room: room.id, username: ada.username })
    const { token } = await ben.trpc.rooms.createInvite.mutate({ room: room.id })
    await ada.trpc.rooms.acceptInvite.mutate({ token })
    await ben.trpc.rooms.ban.mutate({ room: room.id, username: ada.username })
    const linesOf = async () => (await ben.trpc.chat.history.query({ room: room.id })).messages
    expect((await linesOf()).map(({ kind, author, detail }) => [kind, author.username, detail?.user?.username])).toEqual([
      ['added', ben.username, ada.username],
      ['removed', ben.username, ada.username],
      ['joined', ada.username, ben.username],
      ['banned', ben.username, ada.username],
    ])
    await ada.trpc.users.deleteAccount.mutate({ password })
    const lines = await linesOf()
    expect(JSON.stringify(lines)).not.toContain(ada.username)
    const deleted = expect.objectContaining({ id: user.id, displayName: 'Deleted user', avatar: null })
    expect(lines.map(({ author, detail }) => (author.id === user.id ? author : detail?.user))).toEqual([deleted, deleted, deleted, deleted])
  })

  it('is rejected while it is the only owner of a room with other members: the rooms are named, nothing changes', async () => {
    const ada = await person()
    const ben = await person()
    const name = `Garden of ${ada.username}`
    const room = await ada.trpc.rooms.create.mutate({ name, kind: 'private', members: [ben.username] })
    const before = await versionOf(room.id)
    const refused = ada.trpc.users.deleteAccount.mutate({ password })
    await expect(refused).rejects.toMatchObject({ data: { failure: 'LAST_OWNER', fields: { rooms: name } } })
    expect(await versionOf(room.id)).toBe(before)
    expect(await membersOf('general')).toContain(ada.username)
    expect(ada.closed).toEqual([])
    await roomline.pool.query(`UPDATE memberships SET role = 'owner' WHERE room_id = $1`, [room.id])
    expect(await ada.trpc.users.deleteAccount.mutate({ password })).toEqual({ deleted: true })
  })

  it('succeeds for one of two owners who leave at once, and the other stays', async () => {
    const ada = await person()
    const ben = await person(undefined, 1)
    const cyd = await person()
    const room = await ada.trpc.rooms.create.mutate({
      name: `Race of ${ada.username}`,
      kind: 'private',
      members: [ben.username, cyd.username],
    })
    await roomline.pool.query(
      `UPDATE memberships SET role = 'owner' WHERE room_id = $1 AND user_id <> (SELECT id FROM users WHERE username = $2)`,
      [room.id, cyd.username],
    )
    const held = await holding('SELECT FROM rooms WHERE id = $1 FOR UPDATE', [room.id])
    const going = [ada, ben].map((owner) => outcomeOf(owner.trpc.users.deleteAccount.mutate({ password })))
    await held.untilWaitedFor(2)
    await held.commit()
    const answers = await Promise.all(going)
    expect(answers.sort()).toEqual(['LAST_OWNER', 'done'])
    expect(await membersOf(room.id)).toHaveLength(2)
  })

  it('succeeds although they write to a direct room at the same moment', async () => {
    const ada = await person()
    const ben = await person()
    const { id: room } = await ada.trpc.rooms.direct.mutate({ usernames: [ben.username] })
    // What a send does, stopped halfway: it moves its author's read mark, then their message needs their row.
    const author = '(SELECT id FROM users WHERE username = $2)'
    const sending = await holding(`UPDATE memberships SET read_seq = 0 WHERE room_id = $1 AND user_id = ${author}`, [room, ada.username])
    const deleting = outcomeOf(ada.trpc.users.deleteAccount.mutate({ password }))
    await sending.untilWaitedFor(1)
    await sending.query(`INSERT INTO messages (room_id, seq, version, author_id, text) VALUES ($1, 1, 1, ${author}, 'bye')`, [
      room,
      ada.username,
    ])
    await sending.commit()
    expect(await deleting).toBe('done')
    expect(await membersOf(room)).toContain(ben.username)
  })

  it('also leaves a room joined meanwhile, unless it is the only owner there', async () => {
    for (const [role, outcome] of [
      ['member', 'done'],
      ['owner', 'LAST_OWNER'],
    ] as const) {
      const ada = await person()
      const ben = await person()
      const room = await ben.trpc.rooms.create.mutate({ name: `Late for ${ada.username}`, kind: 'public' })
      await roomline.pool.query(`UPDATE memberships SET role = 'member' WHERE room_id = $1`, [room.id])
      const before = await versionOf(room.id)
      const coming = await holding('INSERT INTO memberships (room_id, user_id, role) SELECT $1, id, $3 FROM users WHERE username = $2', [
        room.id,
        ada.username,
        role,
      ])
      const deleting = outcomeOf(ada.trpc.users.deleteAccount.mutate({ password }))
      await coming.untilWaitedFor(1)
      await coming.commit()
      expect(await deleting).toBe(outcome)
      const stays = outcome === 'LAST_OWNER'
      expect(await membersOf(room.id)).toEqual(stays ? [ada.username, ben.username].sort() : [ben.username])
      expect(await versionOf(room.id)).toBe(before + (stays ? 0 : 1))
    }
  })

  it('is rejected with a wrong password or malformed input', async () => {
    const ada = await person()
    expect(await failureOf(ada.trpc.users.deleteAccount.mutate({ password: 'a guess' }))).toBe('WRONG_PASSWORD')
    expect(await failureOf(ada.trpc.users.deleteAccount.mutate({ password, username: 'ben' } as never))).toBe('BAD_REQUEST')
    expect(await failureOf(ada.trpc.users.deleteAccount.mutate({ password: 'x'.repeat(1_025) }))).toBe('BAD_REQUEST')
    expect(await failureOf(ada.trpc.users.deleteAccount.mutate(undefined as never))).toBe('BAD_REQUEST')
    expect(await ada.trpc.session.me.query()).toMatchObject({ user: { username: ada.username } })
  })

  it('frees its username, and nobody can take its new one', async () => {
    const ada = await person()
    await ada.trpc.users.deleteAccount.mutate({ password })
    expect(await roomline.signUp(ada.username)).toMatchObject({ username: ada.username })
    await expect(roomline.signUp('deleted-0123456789ab')).rejects.toThrow('USERNAME_TAKEN')
  })
})
