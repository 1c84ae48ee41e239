import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { type Person, postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const isIn = async ({ cookie }: Person) =>
  (await roomline.web.session(new Request('http://localhost:3000/api/session', { headers: { cookie } }))).status === 200

async function signInFrom(username: string, userAgent: string, ip: string): Promise<Person> {
  const headers = { 'user-agent': userAgent, 'x-roomline-client-address': ip }
  const response = await roomline.web.login(postJson('/api/login', { username, password }, headers))
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return { username, cookie, token: cookie.slice(cookie.indexOf('=') + 1) }
}

describe('a person’s sessions', () => {
  it('are listed with device, address and last use: the current one first, none that ended or belong to others', async () => {
    const ada = await roomline.signUp()
    await roomline.signUp()
    const phone = await signInFrom(ada.username, 'Mozilla/5.0 (iPhone)', '203.0.113.7')
    const program = await signInFrom(ada.username, 'curl/8', '203.0.113.8')
    const loggedOut = await roomline.signIn(ada.username)
    await roomline.web.logout(postJson('/api/logout', {}, { cookie: loggedOut.cookie }))
    const expired = roomline.connect(await roomline.signIn(ada.username))
    const { sessionId: expiredId } = await expired.trpc.session.me.query()
    await roomline.pool.query('UPDATE sessions SET expires_at = now() WHERE id = $1', [expiredId])
    await roomline.pool.query(`UPDATE sessions SET last_seen_at = now() - interval '1 hour' WHERE ip = '203.0.113.8'`)

    const { trpc } = roomline.connect(ada)
    const { sessionId } = await trpc.session.me.query()
    const sessions = await trpc.session.list.query()
    expect(sessions).toEqual([
      {
        ...{ id: sessionId, device: null, ip: 'unknown', created: expect.any(String), lastSeen: expect.any(String), current: true },
        ...{ method: 'password', newDevice: false },
      },
      expect.objectContaining({ device: 'Mozilla/5.0 (iPhone)', ip: '203.0.113.7', current: false, newDevice: true }),
      expect.objectContaining({ device: 'curl/8', ip: '203.0.113.8', current: false }),
    ])
    expect(Date.now() - Date.parse(sessions[2]?.lastSeen ?? '')).toBeGreaterThan(59 * 60_000)
    expect([await isIn(phone), await isIn(program), await isIn(loggedOut)]).toEqual([true, true, false])
  })

  it('can be ended one by one: closed at once on another node, and never accepted again', async () => {
    const ada = await roomline.signUp()
    const lost = await roomline.signIn(ada.username)
    const here = roomline.connect(ada)
    const there = roomline.connect(lost, { node: 1 })
    const followed = await there.follow('general')
    await here.trpc.chat.send.mutate({ room: 'general', text: 'heard on the lost phone' })
    await followed.until(1)
    const { sessionId } = await there.trpc.session.me.query()
    expect(await here.trpc.session.revoke.mutate({ sessionId })).toEqual({ sessionId })
    await until(() => there.closed[0] === 4401, 1_000)
    expect(here.closed).toEqual([])
    expect(await isIn(lost)).toBe(false)
    expect((await roomline.web.refresh(postJson('/api/refresh', {}, { cookie: lost.cookie }))).status).toBe(401)
    const again = roomline.connect(lost)
    await until(() => again.closed[0] === 4401)
    expect(await failureOf(here.trpc.session.revoke.mutate({ sessionId }))).toBe('SESSION_NOT_FOUND')
    expect(await here.trpc.session.list.query()).toHaveLength(1)
  })

  it('can all be ended except the current one', async () => {
    const ada = await roomline.signUp()
    const others = await Promise.all([roomline.signIn(ada.username), roomline.signIn(ada.username)])
    const bystander = roomline.connect(await roomline.signUp(), { node: 1 })
    const here = roomline.connect(ada)
    const there = others.map((other, node) => roomline.connect(other, { node }))
    await Promise.all([here, bystander, ...there].map(({ trpc }) => trpc.session.me.query()))
    expect(await here.trpc.session.revokeOthers.mutate()).toEqual({ revoked: 2 })
    await until(() => there.every(({ closed }) => closed[0] === 4401), 1_000)
    expect(await here.trpc.session.revokeOthers.mutate()).toEqual({ revoked: 0 })
    expect([here.closed, bystander.closed]).toEqual([[], []])
    expect(await Promise.all(others.map(isIn))).toEqual([false, false])
  })

  it('can include the current one when ended', async () => {
    const ada = await roomline.signUp()
    const client = roomline.connect(ada)
    const { sessionId } = await client.trpc.session.me.query()
    expect(await client.trpc.session.revoke.mutate({ sessionId })).toEqual({ sessionId })
    await until(() => client.closed[0] === 4401, 1_000)
    expect(await isIn(ada)).toBe(false)
  })

  it('cannot be ended by others, and an unknown session is not found', async () => {
    const ada = roomline.connect(await roomline.signUp())
    const ben = roomline.connect(await roomline.signUp())
    const { sessionId } = await ada.trpc.session.me.query()
    for (const id of [sessionId, randomUUID(), 'x', 'ada', '00000000-0000-0000-0000-00000000000g', `${sessionId} `, '’; DROP TABLE']) {
      expect(await failureOf(ben.trpc.session.revoke.mutate({ sessionId: id })), id).toBe('SESSION_NOT_FOUND')
    }
    for (const wrong of [{ sessionId: '' }, { sessionId: 'x'.repeat(65) }, { sessionId: 'a\0b' }, { sessionId, userId: 'x' }, {}]) {
      expect(await failureOf(ben.trpc.session.revoke.mutate(wrong as never)), JSON.stringify(wrong)).toBe('BAD_REQUEST')
    }
    expect(await failureOf(ben.trpc.session.list.query({ all: true } as never))).toBe('BAD_REQUEST')
    expect(await failureOf(ben.trpc.session.revokeOthers.mutate({ all: true } as never))).toBe('BAD_REQUEST')
    expect(await ada.trpc.session.me.query()).toMatchObject({ sessionId })
    expect(ada.closed).toEqual([])
  })

  it('record their last use when they connect after a while, and when they disconnect', async () => {
    const ada = await roomline.signUp()
    const client = roomline.connect(ada)
    const { sessionId } = await client.trpc.session.me.query()
    const age = async (set?: string) => {
      if (set) await roomline.pool.query(`UPDATE sessions SET last_seen_at = now() - $2::interval WHERE id = $1`, [sessionId, set])
      const { rows } = await roomline.pool.query<{ age: number }>(
        'SELECT extract(epoch FROM now() - last_seen_at)::int AS age FROM sessions WHERE id = $1',
        [sessionId],
      )
      return rows[0]?.age ?? 0
    }
    expect(await age('2 days')).toBe(2 * 24 * 60 * 60)
    client.cut()
    await until(async () => (await age()) < 60)
    // Connected again. A return within a minute costs no write; a later one is recorded.
    await until(() => client.opened.length >= 2)
    await client.trpc.session.me.query()
    await age('1 hour')
    const second = roomline.connect(ada, { node: 1 })
    await second.trpc.session.me.query()
    await until(async () => (await age()) < 60)
  })

  it('record their last use when their node stops', async () => {
    const leaving = await startRoomline()
    const { trpc } = leaving.connect(await leaving.signUp())
    const { sessionId } = await trpc.session.me.query()
    await leaving.pool.query(`UPDATE sessions SET last_seen_at = now() - interval '1 day' WHERE id = $1`, [sessionId])
    await leaving.nodes[0]?.close()
    const { rows } = await leaving.pool.query(`SELECT now() - last_seen_at < '1 minute' AS fresh FROM sessions WHERE id = $1`, [sessionId])
    expect(rows).toEqual([{ fresh: true }])
    await leaving[Symbol.asyncDispose]()
  })
})

describe('cookies of sessions', () => {
  const show = (who: Roomline, cookie: string) =>
    who.web.session(new Request('http://localhost:3000/api/session', { headers: { cookie } })).then(({ status }) => status)
  const onSocket = async (who: Roomline, cookie: string) => {
    const client = who.connect({ username: '', cookie, token: '' })
    const asked = client.trpc.session.me.query().then(
      () => 200,
      () => 401,
    )
    return Promise.race([
      asked,
      until(() => client.closed[0] === 4401).then(
        () => 401,
        () => 200,
      ),
    ])
  }

  it('do not hide each other: any of them that is good is enough', async () => {
    const [ada, over] = [await roomline.signUp(), await roomline.signUp()]
    await roomline.web.logout(postJson('/api/logout', {}, { cookie: over.cookie }))
    for (const cookie of [
      `__Host-X-Token=${over.token}; X-Token=${ada.token}`,
      `__Host-X-Token=${ada.token}; X-Token=${over.token}`,
      `X-Token=${over.token}; X-Token=${ada.token}`,
      `X-Token=; X-Token=rubbish; X-Token=${ada.token}`,
    ]) {
      expect([cookie, await show(roomline, cookie), await onSocket(roomline, cookie)]).toEqual([cookie, 200, 200])
    }
  })

  it('are read on https only under the name that nobody but this host can set', async () => {
    await using https = await startRoomline({ env: { PUBLIC_URL: 'https://localhost' } })
    const answer = await https.web.register(postJson('/api/register', { username: 'ada', password }))
    const [session = '', device = ''] = answer.headers.getSetCookie()
    expect(device).toMatch(/^__Host-X-Device=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/)
    const token = /=([^;]+)/.exec(session)?.[1]
    for (const read of [show, onSocket]) {
      expect([await read(https, `__Host-X-Token=${token}`), await read(https, `X-Token=${token}`)]).toEqual([200, 401])
    }
    const refreshed = await https.web.refresh(postJson('/api/refresh', {}, { cookie: `X-Token=${token}` }))
    expect(refreshed.status).toBe(401)
  })

  it('are not kept by a browser that opened an https address over http: it says so', async () => {
    await using https = await startRoomline({ nodes: 0, env: { PUBLIC_URL: 'https://localhost' } })
    const headers = { origin: 'http://localhost:3000', host: 'localhost:3000' }
    await https.web.register(postJson('/api/register', { username: 'ada', password }))
    const refused = await https.web.login(postJson('/api/login', { username: 'ada', password }, headers))
    expect([refused.status, (await refused.json()).error]).toEqual([
      403,
      { code: 'INSECURE_ORIGIN', message: expect.stringContaining('https://localhost') },
    ])
    const form = new Request('http://localhost:3000/api/login', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ username: 'ada', password }),
    })
    const shown = await https.web.login(form)
    expect([shown.status, shown.headers.get('location')]).toEqual([303, '/login?error=INSECURE_ORIGIN'])
    // Another site stays another site.
    const foreign = await https.web.login(
      postJson('/api/login', { username: 'ada', password }, { ...headers, origin: 'http://evil.example' }),
    )
    expect((await foreign.json()).error.code).toBe('FOREIGN_ORIGIN')
  })
})

describe('somebody with very many sessions', () => {
  it('has 100 at most: a new one ends the one that was not used for longest', async () => {
    const ada = await roomline.signUp()
    const { user } = await roomline.connect(ada).trpc.session.me.query()
    await roomline.pool.query(
      `INSERT INTO sessions (user_id, expires_at, last_seen_at) SELECT $1, now() + interval '1 day', now() - n * interval '1 minute'
       FROM generate_series(1, 120) n`,
      [user.id],
    )
    await roomline.signIn(ada.username)
    const { rows } = await roomline.pool.query(
      `SELECT count(*)::int AS live, min(last_seen_at) > now() - interval '99 minutes' AS newest FROM sessions
       WHERE user_id = $1 AND revoked_at IS NULL`,
      [user.id],
    )
    expect(rows).toEqual([{ live: 100, newest: true }])
    expect(await isIn(ada)).toBe(true)
  })
})

describe('the first account', () => {
  it('becomes the admin: exactly one of many at once, and none later', async () => {
    await using fresh = await startRoomline({ nodes: 0 })
    await Promise.all(Array.from({ length: 6 }, () => fresh.signUp()))
    await fresh.signUp()
    const { rows } = await fresh.pool.query('SELECT role, count(*)::int FROM users GROUP BY role ORDER BY role')
    expect(rows).toEqual([
      { role: 'admin', count: 1 },
      { role: 'member', count: 6 },
    ])
  })
})

describe('signing in again in the same browser', () => {
  const logIn = (username: string, cookie: string) => roomline.web.login(postJson('/api/login', { username, password }, { cookie }))
  const cookiesOf = (response: Response) => response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '')

  it('ends the session whose cookie it replaces, including its sockets, and no other', async () => {
    const [ada, bob] = [await roomline.signUp(), await roomline.signUp()]
    const adaElsewhere = await roomline.signIn(ada.username)
    const [here, elsewhere] = [roomline.connect(ada), roomline.connect(adaElsewhere)]
    await Promise.all([here.trpc.session.me.query(), elsewhere.trpc.session.me.query()])
    expect((await logIn(bob.username, ada.cookie)).status).toBe(200)
    await until(() => here.closed[0] === 4401)
    expect(await elsewhere.trpc.session.me.query()).toMatchObject({ user: { username: ada.username } })
  })

  it('ends the older session there, when only the cookie of the device is left', async () => {
    const ada = await roomline.signUp()
    const [session = '', device = ''] = cookiesOf(await logIn(ada.username, ada.cookie))
    expect(device).toMatch(/^X-Device=[\w-]{43}$/)
    const [next = '', sameDevice] = cookiesOf(await logIn(ada.username, device))
    expect(sameDevice).toBe(device)
    expect([await isIn({ ...ada, cookie: session }), await isIn({ ...ada, cookie: next })]).toEqual([false, true])
    // Somebody else at the same browser has nothing to do with it.
    const bob = await roomline.signUp()
    await logIn(bob.username, device)
    expect(await isIn({ ...ada, cookie: next })).toBe(true)
  })

  it('ends every session that came along, under either name', async () => {
    const ada = await roomline.signUp()
    const others = [await roomline.signIn(ada.username), await roomline.signIn(ada.username)]
    const cookie = `__Host-X-Token=${ada.token}; X-Token=${others[0]?.token}; X-Token=${others[1]?.token}`
    expect((await logIn(ada.username, cookie)).status).toBe(200)
    for (const each of [ada, ...others]) expect(await isIn(each)).toBe(false)
  })

  it('ends nothing when the password is wrong', async () => {
    const ada = await roomline.signUp()
    const response = await roomline.web.login(postJson('/api/login', { username: ada.username, password: 'wrong' }, { cookie: ada.cookie }))
    expect(response.status).toBe(401)
    expect(await roomline.connect(ada).trpc.session.me.query()).toBeTruthy()
  })
})

describe('signing out from a page that names its person', () => {
  it('ends only a session of that person, not of somebody who signed in later', async () => {
    const [ada, bob] = [await roomline.signUp(), await roomline.signUp()]
    const adaId = (await roomline.connect(ada).trpc.session.me.query()).user.id
    const refused = await roomline.web.logout(postJson('/api/logout', { user: adaId }, { cookie: bob.cookie }))
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({ error: { code: 'ANOTHER_USER' } })
    expect(refused.headers.getSetCookie()).toEqual([])
    const form = new Request('http://localhost:3000/api/logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: bob.cookie },
      body: new URLSearchParams({ user: adaId }),
    })
    const shown = await roomline.web.logout(form)
    expect([shown.status, shown.headers.get('location')]).toEqual([303, '/'])
    // Bob stays signed in, and the next page deletes what the browser keeps for Ada.
    expect(shown.headers.getSetCookie()).toEqual([expect.stringMatching(`^signed-out=${adaId};`)])
    expect(await roomline.connect(bob).trpc.session.me.query()).toMatchObject({ user: { username: bob.username } })

    expect((await roomline.web.logout(postJson('/api/logout', { user: adaId }, { cookie: ada.cookie }))).status).toBe(204)
    expect((await roomline.web.session(new Request('http://localhost:3000/api/session', { headers: { cookie: ada.cookie } }))).status).toBe(
      401,
    )
  })

  it('rejects unknown fields, and needs no body', async () => {
    const ada = await roomline.signUp()
    expect((await roomline.web.logout(postJson('/api/logout', { who: 'ada' }, { cookie: ada.cookie }))).status).toBe(400)
    const bare = new Request('http://localhost:3000/api/logout', { method: 'POST', headers: { cookie: ada.cookie } })
    expect((await roomline.web.logout(bare)).status).toBe(204)
    // Many HTTP clients send this header even without a body.
    const empty = new Request('http://localhost:3000/api/logout', {
      method: 'POST',
      headers: { cookie: ada.cookie, 'content-type': 'application/json' },
      body: '',
    })
    expect((await roomline.web.logout(empty)).status).toBe(204)
  })
})
