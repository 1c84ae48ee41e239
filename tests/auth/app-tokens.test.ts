import { createHmac, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTokenSigner } from '../../src/sdk/server/sign-token'
import { createHousekeepingJob } from '../../src/server/auth/housekeeping'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { createSecurityParts } from '../../src/server/security/security-parts'
import { createDoors } from '../abuse/doors'
import { report } from '../support/report'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

const secret = 'Yk3vQpR8wZ1nTfXc7LbD0mHsJgUe5Ai2oNq9'
const newSecret = 'b7c1f0a94e2d83569d1e7f3a0c8b25644fd2a19e'
/** Of the tests' own sessions, see support/roomline. */
const authSecret = 'a secret of the tests that is long enough'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ env: { APP_TOKEN_SECRETS: `${newSecret}, ${secret}` } })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const tokenFor = createTokenSigner(secret)
const now = () => Math.floor(Date.now() / 1_000)
const claimsOf = (sub: string, more: object = {}) => ({
  ...{ iss: 'urn:roomline:app', aud: 'urn:roomline:server', sub, name: 'Somebody', iat: now(), exp: now() + 600 },
  ...more,
})
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const header = { alg: 'HS256', typ: 'roomline-app+jwt' }
/** Signed with the HMAC, whatever the header says. */
const signed = (payload: object, { head = header as object, key = secret } = {}) => {
  const text = `${encode(head)}.${encode(payload)}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const session = (token: string) => roomline.web.session(new Request('http://localhost:3000/api/session', { headers: bearer(token) }))
const userOf = async (token: string) => ((await (await session(token)).json()) as { user: { id: string; username: string } }).user
const overHttp = (token: string) => fetch(`${roomline.urls[0]?.replace('ws', 'http')}/session.me`, { headers: bearer(token) })
const roomsOf = async (token: string) => {
  const rooms = await roomline.connect(null, { connectionParams: { token } }).trpc.rooms.list.query()
  return rooms.map(({ id }) => id).sort()
}

describe('the token of an app’s user', () => {
  it('is accepted wherever a session is, and makes the account on first sight', async () => {
    const id = randomUUID()
    const name = `Ada ${id.slice(0, 6)}`
    const token = await tokenFor({ id, name, avatar: 'https://app.example/ada.png' })
    for (const [door, enter] of Object.entries(createDoors(roomline))) expect(await enter(token), door).toMatch(/^in/)
    const user = await userOf(token)
    expect(user).toMatchObject({ displayName: name, avatar: 'https://app.example/ada.png' })
    expect(user.username).toBe(`app-ada-${id.slice(0, 6)}`)
    const { trpc } = roomline.connect(null, { connectionParams: { token } })
    await trpc.chat.send.mutate({ room: 'general', text: 'hello from the app' })
    // Another token is the same person, also one that is signed with the newest secret, or by another library.
    expect((await userOf(await createTokenSigner(newSecret)({ id, name: 'Another name' }))).id).toBe(user.id)
    const byJose = new SignJWT(claimsOf(id)).setProtectedHeader({ alg: 'HS256', typ: 'roomline-app+jwt' })
    expect((await userOf(await byJose.sign(Buffer.from(secret)))).id).toBe(user.id)
    const { rows } = await roomline.pool.query('SELECT role, password_hash FROM users WHERE id = $1', [user.id])
    expect(rows).toEqual([{ role: 'member', password_hash: null }])
  })

  it('gets its person no bot’s token, which would not end: bots are created and rotated by others', async () => {
    const token = await tokenFor({ id: randomUUID(), name: 'Wants to stay' })
    const { id } = await userOf(token)
    const { trpc } = roomline.connect(null, { connectionParams: { token } })
    const names = () => ({ username: `robot-${randomUUID().slice(0, 8)}`, displayName: `Robot ${randomUUID().slice(0, 8)}` })
    expect(await failureOf(trpc.bots.create.mutate(names()))).toBe('NOT_ALLOWED')
    const owner = await roomline.signUp()
    const own = roomline.connect(owner).trpc
    const { user } = await own.bots.create.mutate(names())
    // They may have one that they created before, or another's as an admin.
    await roomline.pool.query('UPDATE bots SET owner_id = $1 WHERE user_id = $2', [id, user.id])
    expect((await trpc.bots.list.query()).bots).toMatchObject([{ user: { id: user.id } }])
    expect(await failureOf(trpc.bots.rotate.mutate({ username: user.username }))).toBe('NOT_ALLOWED')
    expect(await trpc.bots.remove.mutate({ username: user.username })).toEqual({ username: user.username })
    // The people of a company's own issuer are people like all others.
    await roomline.pool.query(`UPDATE users SET external_issuer = 'https://id.example', external_subject = $1 WHERE username = $1`, [
      owner.username,
    ])
    const another = await own.bots.create.mutate(names())
    expect((await own.bots.rotate.mutate({ username: another.user.username })).token).not.toBe(another.token)
  })

  it('in every forged form is refused, at every door', async () => {
    const sub = randomUUID()
    const good = claimsOf(sub)
    const { exp: _, ...endless } = good
    const { iat: __, ...unborn } = good
    const { sub: ___, ...nameless } = good
    const admin = await roomline.signUp()
    const { rows } = await roomline.pool.query<{ id: string; sid: string }>(
      'SELECT u.id, s.id AS sid FROM users u JOIN sessions s ON s.user_id = u.id WHERE username = $1',
      [admin.username],
    )
    const { id = '', sid = '' } = rows[0] ?? {}
    const real = await createSessionTokens([authSecret]).sign({ userId: id, sessionId: sid, expiresAt: new Date(Date.now() + 60_000) })
    const sessionClaims = { sub: id, sid, jti: 'x', iat: now(), exp: now() + 600 }
    const [head = '', payload = '', signature = ''] = signed(good).split('.')
    const forged = {
      'no algorithm': `${encode({ ...header, alg: 'none' })}.${payload}.`,
      'no algorithm, with a signature': signed(good, { head: { ...header, alg: 'none' } }),
      'RS256 with our secret': signed(good, { head: { ...header, alg: 'RS256' } }),
      'HS512 in the header': signed(good, { head: { ...header, alg: 'HS512' } }),
      'a real HS512': await new SignJWT(good)
        .setProtectedHeader({ alg: 'HS512', typ: 'roomline-app+jwt' })
        .sign(Buffer.from(secret.repeat(2))),
      'a lowercase algorithm': signed(good, { head: { ...header, alg: 'hs256' } }),
      'no type': signed(good, { head: { alg: 'HS256' } }),
      'the type of a session': signed(good, { head: { alg: 'HS256', typ: 'JWT' } }),
      'a critical header': signed(good, { head: { ...header, crit: ['exp'] } }),
      'the secret of our sessions': signed(good, { key: authSecret }),
      'another secret': signed(good, { key: randomUUID() }),
      'an empty secret': signed(good, { key: '' }),
      'both secrets as one': signed(good, { key: `${newSecret}, ${secret}` }),
      'another issuer': signed({ ...good, iss: 'https://id.example' }),
      'no issuer': signed({ ...good, iss: undefined }),
      'another audience': signed({ ...good, aud: 'urn:roomline:other' }),
      'a list of audiences': signed({ ...good, aud: [good.aud] }),
      'no audience': signed({ ...good, aud: undefined }),
      expired: signed({ ...good, iat: now() - 900, exp: now() - 7 }),
      'no end': signed(endless),
      'an end that is text': signed({ ...good, exp: String(now() + 600) }),
      'an end that is too late': signed({ ...good, exp: now() + 86_400 + 60 }),
      'an end that is no time': signed({ ...good, exp: 1e300 }),
      'no beginning': signed(unborn),
      'made in the future': signed({ ...good, iat: now() + 60 }),
      'not begun': signed({ ...good, nbf: now() + 60 }),
      'no user': signed(nameless),
      'an empty user': signed({ ...good, sub: '' }),
      'a user with NUL': signed({ ...good, sub: 'a\0b' }),
      'a user that is a number': signed({ ...good, sub: 7 }),
      'a user that is too long': signed({ ...good, sub: 'x'.repeat(256) }),
      'a role': signed({ ...good, role: 'admin' }),
      'a username': signed({ ...good, preferred_username: admin.username }),
      'rooms that are a word': signed({ ...good, rooms: 'general' }),
      'too many rooms': signed({ ...good, rooms: Array.from({ length: 51 }, (_, index) => `room-${index}`) }),
      'the claims of a session': signed(sessionClaims),
      'the claims of a session, as a session': signed(sessionClaims, { head: { alg: 'HS256', typ: 'JWT' } }),
      'the claims of both': signed({ ...good, ...sessionClaims }),
      'the user changed': `${head}.${encode({ ...good, sub: 'another' })}.${signature}`,
      'the end changed': `${head}.${encode({ ...good, exp: now() + 700 })}.${signature}`,
      'no signature': `${head}.${payload}.`,
      'the signature of a session': `${head}.${payload}.${real.split('.')[2]}`,
      'no JSON': `${encode(header)}.bm8.${createHmac('sha256', secret)
        .update(`${encode(header)}.bm8`)
        .digest('base64url')}`,
    }
    const doors = Object.entries(createDoors(roomline))
    const tries = Object.entries(forged).flatMap(([form, token]) => doors.map(([door, enter]) => ({ form, door, answering: enter(token) })))
    const open: string[] = []
    for (const { form, door, answering } of tries) if ((await answering) !== 'UNAUTHORIZED') open.push(`${form} at ${door}`)
    report('forged app tokens', { forms: Object.keys(forged).length, doors: doors.length, 'got in': open.length })
    expect(open).toEqual([])
    expect((await roomline.pool.query('SELECT FROM users WHERE external_subject = ANY($1)', [[sub, 'another', '7', id]])).rowCount).toBe(0)
    for (const token of [signed(good), real]) expect((await session(token)).status).toBe(200)
    // Clocks may differ a little.
    expect((await session(signed({ ...good, iat: now() + 3, exp: now() + 600 }))).status).toBe(200)
    expect((await session(signed({ ...good, iat: now() - 600, exp: now() - 2 }))).status).toBe(200)
  })

  it('without any secret set is nobody’s', async () => {
    await using other = await startRoomline()
    const token = await tokenFor({ id: '1', name: 'Ada' })
    for (const [door, enter] of Object.entries(createDoors(other))) expect(await enter(token), door).toBe('UNAUTHORIZED')
  })

  it('never opens an account that is here already, and nobody can pass for one of the app’s users', async () => {
    const ada = await roomline.signUp()
    const { rows } = await roomline.pool.query<{ id: string }>('SELECT id FROM users WHERE username = $1', [ada.username])
    const adaId = rows[0]?.id ?? ''
    // By her id, her username, her display name, and with the prefix taken off.
    for (const user of [
      { id: adaId, name: ada.username },
      { id: ada.username, name: ada.username },
      { id: `x-${ada.username}`, name: ` ${ada.username.toUpperCase()} ` },
    ]) {
      const found = await userOf(await tokenFor(user))
      expect(found.id).not.toBe(adaId)
      expect(found.username).toMatch(new RegExp(`^app-${ada.username}`))
      expect(found).not.toMatchObject({ displayName: ada.username })
    }
    // Reserved and impossible names.
    for (const name of ['admin', 'Everyone', '管理者', 'a\u202Eb', 'x'.repeat(400), 'Deleted user', '.']) {
      const found = await userOf(await tokenFor({ id: randomUUID(), name }))
      expect(found.username, name).toMatch(/^app-[a-z0-9_.-]{1,28}$/)
      expect(found, name).not.toMatchObject({ displayName: expect.stringMatching(/^(admin|everyone|deleted user)$/i) })
    }
    const response = await roomline.web.register(
      postJson('/api/register', { username: `app-${ada.username}-9`, password: 'a good long passphrase' }),
    )
    expect(response.status).toBe(409)
  })

  it('makes no admin, not even of the first person of a server', async () => {
    await using empty = await startRoomline({ env: { APP_TOKEN_SECRETS: secret } })
    const token = await tokenFor({ id: '1', name: 'The first' })
    expect((await empty.connect(null, { connectionParams: { token } }).trpc.session.me.query()).user.username).toBe('app-the-first')
    expect((await empty.pool.query('SELECT role FROM users')).rows).toEqual([{ role: 'member' }])
    const { username } = await empty.signUp()
    expect((await empty.pool.query('SELECT role FROM users WHERE username = $1', [username])).rows).toEqual([{ role: 'admin' }])
  })

  it('stays out once it was signed out, and its sockets close; the next token is a new session', async () => {
    const user = { id: randomUUID(), name: 'Leaving' }
    const token = await tokenFor(user)
    const client = roomline.connect(null, { connectionParams: { token } })
    await client.trpc.session.me.query()
    expect((await roomline.web.logout(postJson('/api/logout', {}, bearer(token)))).status).toBe(204)
    await until(() => client.closed[0] === 4401)
    expect((await session(token)).status).toBe(401)
    expect((await session(await tokenFor(user))).status).toBe(200)
  })

  it('is over when it expires: the socket closes with 4401', async () => {
    const client = roomline.connect(null, {
      connectionParams: { token: signed(claimsOf(randomUUID(), { iat: now() - 60, exp: now() - 3 })) },
    })
    await client.trpc.session.me.query()
    await until(() => client.closed[0] === 4401)
  })

  it('of somebody who is disabled is refused at once, and so is each new one', async () => {
    const user = { id: randomUUID(), name: 'Disabled' }
    const client = roomline.connect(null, { connectionParams: { token: await tokenFor(user) } })
    const me = await client.trpc.session.me.query()
    await roomline.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [me.user.id])
    await until(() => client.closed[0] === 4401)
    const doors = createDoors(roomline)
    const token = await tokenFor({ ...user, rooms: ['general'] })
    for (const [door, enter] of Object.entries(doors)) expect(await enter(token), door).toBe('UNAUTHORIZED')
    await roomline.pool.query('UPDATE users SET disabled_at = NULL WHERE id = $1', [me.user.id])
    expect((await userOf(await tokenFor(user))).id).toBe(me.user.id)
  })

  it('that is used many times at once at first sight makes one account, in its rooms once', async () => {
    const id = randomUUID()
    const token = await tokenFor({ id, name: 'Racer', rooms: ['general'] })
    const answers = await Promise.all(Array.from({ length: 12 }, (_, round) => (round % 2 ? session(token) : overHttp(token))))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect((await roomline.pool.query('SELECT FROM users WHERE external_subject = $1', [id])).rowCount).toBe(1)
    expect(await roomsOf(token)).toEqual(['general'])
  })

  it('leaves no session an hour after its end, unlike a password', async () => {
    const user = await userOf(await tokenFor({ id: randomUUID(), name: 'Past' }))
    const { username } = await roomline.signUp()
    const theirs = 'FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = ANY($1)'
    const names = [[user.username, username]]
    await roomline.pool.query(`UPDATE sessions SET expires_at = now() - interval '2 hours' WHERE id IN (SELECT s.id ${theirs})`, names)
    await createHousekeepingJob(roomline.pool, createSecurityParts(roomline.pool, roomline.config)).run({}, new AbortController().signal)
    expect((await roomline.pool.query(`SELECT method ${theirs}`, names)).rows).toEqual([{ method: 'password' }])
  })

  it('renewed again and again is one sign-in in the audit log', async () => {
    const user = { id: randomUUID(), name: 'Renewing' }
    const { id } = await userOf(await tokenFor(user))
    for (let round = 0; round < 3; round++) expect((await userOf(await tokenFor(user))).id).toBe(id)
    const { rowCount } = await roomline.pool.query(`SELECT FROM audit_log WHERE actor_id = $1 AND action = 'signIn.succeeded'`, [id])
    expect(rowCount).toBe(1)
  })
})

describe('the rooms of a token', () => {
  const makeRoom = async (kind: 'public' | 'private') => {
    const owner = await roomline.signUp()
    const { trpc } = roomline.connect(owner)
    const room = await trpc.rooms.create.mutate({ name: `Room ${randomUUID().slice(0, 8)}`, kind })
    return { trpc, id: room.id }
  }

  it('are those of a new person; without any, it is general', async () => {
    const open = await makeRoom('public')
    const hidden = await makeRoom('private')
    expect(await roomsOf(await tokenFor({ id: randomUUID(), name: 'One' }))).toEqual(['general'])
    expect(await roomsOf(await tokenFor({ id: randomUUID(), name: 'Two', rooms: [] }))).toEqual([])
    const id = randomUUID()
    const first = await tokenFor({ id, name: 'Three', rooms: [open.id, hidden.id] })
    expect(await roomsOf(first)).toEqual([open.id, hidden.id].sort())
    const { messages } = await hidden.trpc.chat.history.query({ room: hidden.id })
    expect(messages.map(({ kind, author }) => `${kind} ${author.displayName}`)).toEqual(['joined Three'])
    // A later token only adds.
    const third = await makeRoom('private')
    expect(await roomsOf(await tokenFor({ id, name: 'Three', rooms: [third.id] }))).toEqual([open.id, hidden.id, third.id].sort())
    expect(await roomsOf(await tokenFor({ id, name: 'Three' }))).toEqual([open.id, hidden.id, third.id].sort())
  })

  it('that do not exist, are archived or direct, or have banned the person are left out, without a word', async () => {
    const archived = await makeRoom('private')
    await archived.trpc.rooms.archive.mutate({ room: archived.id })
    const banning = await makeRoom('public')
    const [ada, ben] = [await roomline.signUp(), await roomline.signUp()]
    const direct = await roomline.connect(ada).trpc.rooms.direct.mutate({ usernames: [ben.username] })
    const id = randomUUID()
    const { username } = await userOf(await tokenFor({ id, name: 'Banned', rooms: [banning.id] }))
    await banning.trpc.rooms.ban.mutate({ room: banning.id, username })
    const rooms = ['no-such-room', archived.id, banning.id, direct.id, 'general', 'general']
    expect(await roomsOf(signed(claimsOf(id, { rooms })))).toEqual(['general'])
  })

  it('reach a client that is connected already, live', async () => {
    const { id: room } = await makeRoom('private')
    const id = randomUUID()
    const { trpc } = roomline.connect(null, { connectionParams: { token: await tokenFor({ id, name: 'Waiting' }) } })
    const appeared: string[] = []
    const subscription = trpc.rooms.onChange.subscribe(undefined, {
      onData: (data) => {
        if (data.type === 'list') appeared.push('list')
        if (data.type === 'room') appeared.push(data.room.id)
      },
    })
    await until(() => appeared.includes('list'))
    // At a realtime node: the web routes of these tests announce nothing.
    expect((await overHttp(await tokenFor({ id, name: 'Waiting', rooms: [room] }))).status).toBe(200)
    await until(() => appeared.includes(room))
    subscription.unsubscribe()
  })
})
