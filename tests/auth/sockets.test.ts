import { connect } from 'node:net'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** Opens a bare socket and returns what the server did with it. */
function visit(url: string, headers: Record<string, string> = {}, firstFrame?: string) {
  return new Promise<{ status: number | null; code: number | null; frames: string[]; afterMs: number }>((resolve) => {
    const frames: string[] = []
    const startedAt = performance.now()
    const socket = new WebSocket(url, { headers })
    let status: number | null = null
    socket.on('unexpected-response', (_, response) => {
      status = response.statusCode ?? null
      response.resume()
      socket.terminate()
    })
    socket.on('open', () => firstFrame && socket.send(firstFrame))
    socket.on('message', (data) => frames.push(String(data)))
    socket.on('error', () => {})
    socket.on('close', (code) => resolve({ status, code: status === null ? code : null, frames, afterMs: performance.now() - startedAt }))
  })
}

async function expiredCookie(cookie: string): Promise<string> {
  const claims = JSON.parse(Buffer.from(cookie.split('.')[1] ?? '', 'base64url').toString())
  return `X-Token=${await sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 })}`
}

const sign = (claims: Record<string, unknown>) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(roomline.config.authSecrets[0]))

describe('a socket', () => {
  it('is told when its client is too old to be understood, before anything of it runs', async () => {
    const { token } = await roomline.signUp()
    const url = `${roomline.urls[0]}?connectionParams=1`
    for (const spoken of ['0', '1', 'new']) {
      const params = JSON.stringify({ method: 'connectionParams', data: { token, protocol: spoken } })
      const { code, frames } = await visit(url, {}, params)
      expect(code).toBe(1008)
      expect(frames.map((frame) => JSON.parse(frame))).toMatchObject([{ id: null, error: { data: { failure: 'CLIENT_OUTDATED' } } }])
    }
  })

  it('signs in while everything that others ask for waits', async () => {
    const ben = await roomline.signUp()
    const busy = await Promise.all(Array.from({ length: 4 }, async () => roomline.connect(await roomline.signUp())))
    await Promise.all(busy.map(({ trpc }) => trpc.session.me.query()))
    const locking = await roomline.pool.connect()
    await locking.query('BEGIN')
    await locking.query('LOCK TABLE memberships IN ACCESS EXCLUSIVE MODE')
    const lists = busy.flatMap(({ trpc }) => Array.from({ length: 8 }, () => trpc.rooms.list.query().catch(() => null)))
    const waiting = () =>
      roomline.pool.query<{ count: number }>(
        `SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      )
    // All connections for ordinary work.
    await until(async () => ((await waiting()).rows[0]?.count ?? 0) >= 20)
    try {
      expect((await roomline.connect(ben).trpc.session.me.query()).user.username).toBe(ben.username)
    } finally {
      await locking.query('ROLLBACK')
      locking.release()
    }
    await Promise.all(lists)
  })

  it.each([
    'no cookie',
    'a bad one',
    'one of another algorithm',
    'one that another secret signed',
    'an unsigned one',
    'an expired one',
    'a logged-out one',
  ])('with %s gets an UNAUTHORIZED frame and 4401 within a second', async (kind) => {
    const ada = await roomline.signUp()
    const claims = JSON.parse(Buffer.from(ada.token.split('.')[1] ?? '', 'base64url').toString())
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${ada.token.split('.')[1]}.`
    const cookies: Record<string, () => Promise<string>> = {
      'no cookie': async () => '',
      'a bad one': async () => 'X-Token=not-a-token',
      'one that another secret signed': async () =>
        `X-Token=${await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('x'.repeat(40)))}`,
      'one of another algorithm': async () =>
        `X-Token=${await new SignJWT(claims).setProtectedHeader({ alg: 'HS512' }).sign(new TextEncoder().encode(roomline.config.authSecrets[0]))}`,
      'an unsigned one': async () => `X-Token=${unsigned}`,
      'an expired one': () => expiredCookie(ada.cookie),
      'a logged-out one': async () => {
        await roomline.web.logout(postJson('/api/logout', {}, { cookie: ada.cookie }))
        return ada.cookie
      },
    }
    const cookie = await cookies[kind]?.()
    const { code, frames, afterMs } = await visit(roomline.urls[0] ?? '', cookie ? { cookie } : {})
    expect(code).toBe(4401)
    expect(JSON.parse(frames[0] ?? '')).toMatchObject({ id: null, error: { data: { code: 'UNAUTHORIZED', failure: 'UNAUTHORIZED' } } })
    expect(afterMs).toBeLessThan(1_000)
  })

  it('of a signed-out stock client reconnects at most once a second', async () => {
    const client = roomline.connect(null)
    client.trpc.session.me.query().catch(() => {})
    await until(() => client.opened.length >= 3, 20_000)
    const [first = 0, second = 0, third = 0] = client.opened
    expect(second - first).toBeGreaterThan(1_000)
    expect(third - second).toBeGreaterThan(1_000)
    expect(client.closed.every((code) => code === 4401)).toBe(true)
  })

  it('of a session that signs out is closed with 4401 within a second on every node, and no other is', async () => {
    const ada = await roomline.signUp()
    const adaElsewhere = await roomline.signIn(ada.username)
    const leaving = [roomline.connect(ada, { node: 0 }), roomline.connect(ada, { node: 1 })]
    const staying = [roomline.connect(adaElsewhere, { node: 0 }), roomline.connect(await roomline.signUp(), { node: 1 })]
    const followed = await Promise.all([...leaving, ...staying].map((client) => client.follow('general')))
    await staying[0]?.trpc.chat.send.mutate({ room: 'general', text: 'everybody hears this' })
    await Promise.all(followed.map((follower) => follower.until(1)))

    const startedAt = performance.now()
    const response = await roomline.web.logout(postJson('/api/logout', {}, { cookie: ada.cookie }))
    expect(response.status).toBe(204)
    expect(response.headers.getSetCookie()[0]).toMatch(/^X-Token=; Path=\/; Max-Age=0/)
    await until(() => leaving.every((client) => client.closed.length > 0), 1_000)
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    expect(leaving.map((client) => client.closed[0])).toEqual([4401, 4401])

    await staying[1]?.trpc.chat.send.mutate({ room: 'general', text: 'those who stayed hear this' })
    await Promise.all(followed.slice(2).map((follower) => follower.until(2)))
    expect(staying.map((client) => client.closed)).toEqual([[], []])
    expect(followed.slice(0, 2).map(({ messages }) => messages.length)).toEqual([1, 1])
    // The signed-out clients reconnect slowly, and get the same answer.
    await until(() => leaving.every((client) => client.closed.length > 1), 10_000)
    for (const client of leaving) expect((client.opened[1] ?? 0) - (client.opened[0] ?? 0)).toBeGreaterThan(1_000)
  })

  it('is closed with 4401 when its token expires', async () => {
    const ada = await roomline.signUp()
    const claims = JSON.parse(Buffer.from(ada.token.split('.')[1] ?? '', 'base64url').toString())
    const token = await sign({ ...claims, exp: Math.floor(Date.now() / 1000) + 2 })
    const { code, afterMs } = await visit(roomline.urls[0] ?? '', { cookie: `X-Token=${token}` })
    expect(code).toBe(4401)
    expect(afterMs).toBeGreaterThan(900)
    expect(afterMs).toBeLessThan(4_000)
  })

  it('is closed with 4401 within two seconds of a revocation without Redis', async () => {
    const ada = await roomline.signUp()
    const client = roomline.connect(ada)
    const { sessionId } = await client.trpc.session.me.query()
    await roomline.pool.query(
      `WITH revoked AS (UPDATE sessions SET revoked_at = now() WHERE id = $1 RETURNING id, user_id)
       INSERT INTO session_revocations (session_id, user_id, reason) SELECT id, user_id, 'test' FROM revoked`,
      [sessionId],
    )
    await until(() => client.closed[0] === 4401, 2_000)
  })

  it('accepts its token as Bearer or in the first frame, for the same session', async () => {
    const ada = await roomline.signUp()
    const byCookie = await roomline.connect(ada).trpc.session.me.query()
    const byBearer = await roomline.connect(null, { headers: { authorization: `Bearer ${ada.token}` } }).trpc.session.me.query()
    const byFrame = await roomline.connect(null, { connectionParams: { token: ada.token } }).trpc.session.me.query()
    expect(byBearer).toMatchObject({ sessionId: byCookie.sessionId, user: { username: ada.username } })
    expect(byFrame).toMatchObject({ sessionId: byCookie.sessionId, user: { username: ada.username } })
    expect(new Set([byCookie.uid, byBearer.uid, byFrame.uid]).size).toBe(3)
    const refused = await visit(`${roomline.urls[0]}?connectionParams=1`, {}, '{"method":"connectionParams","data":{"token":"bad"}}')
    expect(refused.code).toBe(4401)
  })

  it('that never sends its sign-in frame is closed with 4408', async () => {
    const { code, afterMs } = await visit(`${roomline.urls[0]}?connectionParams=1`)
    expect(code).toBe(4408)
    expect(afterMs).toBeLessThan(6_500)
  })

  it('from a foreign origin gets 403 before the upgrade, and 404 on another path', async () => {
    const { cookie } = await roomline.signUp()
    const url = roomline.urls[0] ?? ''
    expect(await visit(url, { cookie, origin: 'https://evil.example' })).toMatchObject({ status: 403, code: null })
    expect(await visit(url, { cookie, origin: 'null' })).toMatchObject({ status: 403 })
    for (const path of ['/', '/trpcx', '/trpc/', '//', '/trpc%2f'])
      expect(await visit(url.replace('/trpc', path), { cookie })).toMatchObject({ status: 404 })
    const ours = roomline.connect({ username: '', cookie, token: '' }, { headers: { origin: 'http://localhost:3000' } })
    expect(await ours.trpc.session.me.query()).toBeTruthy()
  })

  it('whose sign-in frame is malformed is closed with 4401', async () => {
    for (const frame of ['junk', '{}', '[]', '{"data":{"token":1}}']) {
      expect(await visit(`${roomline.urls[0]}?connectionParams=1`, {}, frame), frame).toMatchObject({ code: 4401 })
    }
  })

  it('with a valid token after an invalid one is signed in, and can sign out', async () => {
    const ada = await roomline.signUp()
    const cookie = `__Host-X-Token=junk; ${ada.cookie}`
    const client = roomline.connect({ ...ada, cookie })
    expect(await client.trpc.session.me.query()).toMatchObject({ user: { username: ada.username } })
    await roomline.web.logout(postJson('/api/logout', {}, { cookie, authorization: 'Bearer junk' }))
    await until(() => client.closed[0] === 4401, 1_000)
  })

  it('of a disabled or deleted person is rejected', async () => {
    for (const column of ['disabled_at', 'deleted_at']) {
      const ada = await roomline.signUp()
      await roomline.pool.query(`UPDATE users SET ${column} = now() WHERE username = $1`, [ada.username])
      expect(await visit(roomline.urls[0] ?? '', { cookie: ada.cookie })).toMatchObject({ code: 4401 })
      await expect(roomline.signIn(ada.username)).rejects.toThrow('INVALID_CREDENTIALS')
    }
  })

  it('runs no call after it was closed', async () => {
    const ada = await roomline.signUp()
    const socket = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie: ada.cookie } })
    await new Promise((resolve) => socket.once('open', resolve))
    // A client that ignores the close: it never answers the closing handshake, and keeps sending.
    let told = false
    socket.on('message', (data) => {
      told ||= String(data).includes('UNAUTHORIZED')
    })
    socket.close = () => {}
    let id = 0
    const flood = setInterval(() => {
      const frame = { id: ++id, method: 'mutation', params: { path: 'chat.send', input: { room: 'general', text: `after ${told}` } } }
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame))
    }, 2)
    await until(async () => (await roomline.pool.query(`SELECT FROM messages WHERE text LIKE 'after%'`)).rowCount !== 0)
    await roomline.web.logout(postJson('/api/logout', {}, { cookie: ada.cookie }))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await until(() => told)
    const sentBefore = id
    await closed
    clearInterval(flood)
    expect(id).toBeGreaterThan(sentBefore)
    // Earlier sends may still have been on their way to Postgres.
    expect((await roomline.pool.query(`SELECT FROM messages WHERE text = 'after true'`)).rowCount).toBe(0)
  })

  it('that floods with PING is closed with 1008, and occasional PINGs are answered', async () => {
    const ada = await roomline.signUp()
    const socket = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie: ada.cookie } })
    let pongs = 0
    socket.on('message', (data) => {
      if (String(data) === 'PONG') pongs++
    })
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send('PING')
    await until(() => pongs === 1)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    for (let index = 0; index < 5_000; index++) socket.send('PING')
    expect(await closed).toBe(1008)
    expect(pongs).toBeLessThanOrEqual(60)
  })

  it('whose upgrade was rejected leaves nothing open, whatever its client does', async () => {
    const { port } = new URL(roomline.urls[0] ?? '')
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
    socket.write('GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    let failed = false
    socket.on('error', () => {
      failed = true
    })
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    await new Promise((resolve) => socket.once('end', resolve))
    expect(text).toMatch(/^HTTP\/1.1 404 /)
    // The client has not closed its half. Writing to the destroyed socket fails.
    await until(() => {
      socket.write('x')
      return failed
    })
    socket.destroy()
  })

  it('beyond the limit of one address is closed with 4429, signed in or not', async () => {
    await using small = await startRoomline({ env: { MAX_CONNECTIONS_PER_IP: '2' } })
    const url = `${small.urls[0]}?connectionParams=1`
    const silent = [new WebSocket(url), new WebSocket(url)]
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('open', resolve))))
    expect(await visit(url)).toMatchObject({ code: 4429 })
    for (const socket of silent) socket.terminate()
    await until(() => small.nodes[0]?.count().connections === 0)
    const client = small.connect(await small.signUp())
    expect(await client.trpc.session.me.query()).toBeTruthy()
  })

  it('can start a subscription for each that it stops, however quickly', async () => {
    await using small = await startRoomline({ env: { MAX_SUBSCRIPTIONS_PER_CONNECTION: '3' } })
    const client = small.connect(await small.signUp())
    for (let round = 0; round < 40; round++) {
      const subscription = client.trpc.chat.onMessage.subscribe({ room: 'general' }, { onData: () => {} })
      await new Promise((resolve) => setTimeout(resolve, round % 6))
      subscription.unsubscribe()
    }
    await until(async () => (await client.follow('general').catch(() => null)) !== null)
    await until(() => (small.nodes[0]?.count().followers ?? 9) <= 1)
  })

  it('beyond the limit of one person is closed with 4429', async () => {
    await using small = await startRoomline({ env: { MAX_CONNECTIONS_PER_USER: '2', MAX_SUBSCRIPTIONS_PER_CONNECTION: '1' } })
    const ada = await small.signUp()
    const clients = [small.connect(ada), small.connect(ada)]
    await Promise.all(clients.map((client) => client.trpc.session.me.query()))
    expect(await visit(small.urls[0] ?? '', { cookie: ada.cookie })).toMatchObject({ code: 4429 })
    await clients[0]?.follow('general')
    await expect(clients[0]?.follow('general')).rejects.toMatchObject({ data: { failure: 'TOO_MANY_SUBSCRIPTIONS' } })
    expect(await clients[0]?.trpc.session.me.query()).toBeTruthy()
  })
})

describe('plain HTTP', () => {
  it('gives the reason why a socket did not open, to pages of other sites too', async () => {
    const base = (roomline.urls[0] ?? '').replace('ws:', 'http:')
    const ask = async (address: string, origin = 'http://localhost:3000') => {
      const response = await fetch(address, { headers: { origin } })
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      return { status: response.status, ...((await response.json()) as { error: { code: string } }) }
    }
    expect(await ask(base)).toMatchObject({ status: 426, error: { code: 'METHOD_NOT_ALLOWED' } })
    expect(await ask(base, 'https://evil.example')).toMatchObject({ status: 403, error: { code: 'FOREIGN_ORIGIN' } })
    expect(await ask(`${base}x`)).toMatchObject({ status: 404, error: { code: 'NO_SUCH_PROCEDURE' } })
  })

  it('answers queries and mutations with the cookie or the token, and rejects others', async () => {
    const ada = await roomline.signUp()
    const base = (roomline.urls[0] ?? '').replace('ws:', 'http:')
    const me = await fetch(`${base}/session.me`, { headers: { authorization: `Bearer ${ada.token}` } })
    expect(await me.json()).toMatchObject({ result: { data: { user: { username: ada.username }, uid: null } } })
    const send = (headers: Record<string, string>) =>
      fetch(`${base}/chat.send`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ room: 'general', text: 'by curl' }),
      })
    expect(await (await send({ cookie: ada.cookie })).json()).toMatchObject({ result: { data: { text: 'by curl', uid: null } } })
    const refused = await send({})
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ error: { data: { failure: 'UNAUTHORIZED' } } })
    expect((await send({ cookie: ada.cookie, origin: 'https://evil.example' })).status).toBe(403)
    const stream = await fetch(`${base}/chat.onMessage?input=${encodeURIComponent('{"room":"general"}')}`, {
      headers: { cookie: ada.cookie },
    })
    expect(stream.status).toBe(405)
    expect(await stream.json()).toMatchObject({ error: { data: { failure: 'METHOD_NOT_ALLOWED' } } })
    expect((await fetch(`${base}/no.such`, { headers: { cookie: ada.cookie } })).status).toBe(404)
  })

  it('reports whether a node is alive and ready', async () => {
    const base = new URL('/', (roomline.urls[0] ?? '').replace('ws:', 'http:'))
    expect(await (await fetch(new URL('/health', base))).json()).toEqual({ status: 'ok' })
    const ready = await fetch(new URL('/ready', base))
    expect(ready.status).toBe(200)
    expect(await ready.json()).toEqual({ status: 'ok', database: 'ok', redis: 'ok' })
    expect((await fetch(new URL('/elsewhere', base))).status).toBe(404)
  })

  it('serves metrics to loopback and with the token, not through a proxy', async () => {
    await using watched = await startRoomline({ env: { METRICS_TOKEN: 'a-token-for-prometheus' } })
    const ada = watched.connect(await watched.signUp())
    await ada.follow('general')
    await ada.trpc.chat.send.mutate({ room: 'general', text: 'counted' })
    const read = (headers: Record<string, string> = {}) =>
      fetch(new URL('/metrics', (watched.urls[0] ?? '').replace('ws:', 'http:')), { headers })
    const text = await (await read()).text()
    for (const line of [
      'roomline_connections 1',
      'roomline_followers 1',
      'roomline_message_store_seconds_count 1',
      'roomline_redis_alive 1',
    ]) {
      expect(text).toContain(`\n${line}\n`)
    }
    expect((await read({ 'x-forwarded-for': '203.0.113.7' })).status).toBe(403)
    expect((await read({ 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer a-token-for-prometheus' })).status).toBe(200)
    expect((await read({ 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer another' })).status).toBe(403)
  })
})

describe('a node that shuts down', () => {
  it('reports it in /ready, asks clients to reconnect over some seconds, and closes the rest with 1012', async () => {
    await using leaving = await startRoomline({ nodes: 2 })
    const base = new URL('/ready', (leaving.urls[0] ?? '').replace('ws:', 'http:'))
    const ada = await leaving.signUp()
    const notices: number[] = []
    const codes: number[] = []
    const sockets = Array.from({ length: 10 }, () => new WebSocket(leaving.urls[0] ?? '', { headers: { cookie: ada.cookie } }))
    for (const socket of sockets) {
      socket.on('message', (data) => {
        if (String(data) === '{"id":null,"method":"reconnect"}') notices.push(performance.now())
      })
      socket.on('close', (code) => codes.push(code))
    }
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('open', resolve))))
    const ended = leaving.nodes[0]?.close()
    expect((await fetch(base)).status).toBe(503)
    expect(await visit(leaving.urls[0] ?? '', { cookie: ada.cookie })).toMatchObject({ status: 503 })
    await ended
    await until(() => codes.length === 10)
    expect(codes).toEqual(Array.from({ length: 10 }, () => 1012))
    expect(notices).toHaveLength(10)
    const [first = 0] = notices
    for (let second = 0; second < 6; second++) {
      const asked = notices.filter((at) => Math.floor((at - first) / 1_000) === second).length
      expect(asked).toBeLessThanOrEqual(2)
    }
  })
})

describe('a failure', () => {
  it('reaches the client with its name and without internals', async () => {
    const { trpc } = roomline.connect(await roomline.signUp())
    // @ts-expect-error there is no such procedure
    expect(await failureOf(trpc.rooms.paint.mutate({}))).toBe('NO_SUCH_PROCEDURE')
    expect(await failureOf(trpc.rooms.list.query({ colour: 'red' } as never))).toBe('BAD_REQUEST')
    expect(await failureOf(trpc.session.me.query({ colour: 'red' } as never))).toBe('BAD_REQUEST')
  })
})
