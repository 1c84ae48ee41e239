import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { report } from '../support/report'
import { type Person, postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const me = '{"id":1,"method":"query","params":{"path":"session.me"}}'

/** A bare, signed-in socket, and what it receives. */
async function open(person: Person, { url = roomline.urls[0] ?? '', firstFrame }: { url?: string; firstFrame?: string } = {}) {
  const socket = new WebSocket(url, { headers: { cookie: person.cookie } })
  const frames: string[] = []
  socket.on('message', (data) => frames.push(String(data)))
  socket.on('error', () => {})
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => socket.once('open', resolve))
  if (firstFrame) socket.send(firstFrame)
  return { socket, frames, closed }
}

async function signedIn(person: Person) {
  const opened = await open(person, { firstFrame: me })
  await until(() => opened.frames.length > 0)
  return opened
}

const closedCount = async (line: string) => {
  const text = await (await fetch(new URL('/metrics', (roomline.urls[0] ?? '').replace('ws:', 'http:')))).text()
  return Number(
    text
      .split('\n')
      .find((each) => each.startsWith(`roomline_closed_total{${line}}`))
      ?.split(' ')[1] ?? 0,
  )
}

describe('close codes: a close started by the client', () => {
  it.each([
    ['without a code', undefined, 1005],
    ['with 1000', 1000, 1000],
    ['with a code of its own', 4000, 4000],
    ['with 4401, even', 4401, 4401],
  ])('%s is answered with the same', async (_, code, answer) => {
    const { socket, closed, frames } = await signedIn(await roomline.signUp())
    if (code === undefined) socket.close()
    else socket.close(code, 'of my own')
    expect(await closed).toBe(answer)
    expect(frames).toHaveLength(1)
  })

  it('counts as the client’s in the metrics, and a broken connection as the network’s', async () => {
    const before = [await closedCount('by="client",code="1005"'), await closedCount('by="network",code="1006"')]
    const [leaving, breaking] = [await signedIn(await roomline.signUp()), await signedIn(await roomline.signUp())]
    leaving.socket.close()
    breaking.socket.terminate()
    await until(async () => (await closedCount('by="client",code="1005"')) === (before[0] ?? 0) + 1)
    await until(async () => (await closedCount('by="network",code="1006"')) === (before[1] ?? 0) + 1)
    expect(await closedCount('by="server",code="4401"')).toBe(0)
  })

  it('ends no subscription of a stock client that a deploy moves to another socket', async () => {
    await using deployed = await startRoomline({ nodes: 2 })
    const person = await deployed.signUp()
    const order = [...deployed.urls]
    const client = deployed.connect(person, { url: () => order[0] ?? '' })
    const followed = await client.follow('general')
    order.reverse()
    await deployed.nodes[0]?.close()
    const other = deployed.connect(await deployed.signUp(), { node: 1 })
    await other.trpc.chat.send.mutate({ room: 'general', text: 'after the deploy' })
    await followed.until(1)
    expect(client.closed).not.toContain(4401)
    expect(followed.errors).toEqual([])
    report('a stock client over a deploy', { 'close codes': client.closed.join(', ') || 'none' })
  })
})

describe('close codes: a person with a limit of two connections', () => {
  it('a third connection’s subscription is kept, and starts when a connection closes', async () => {
    await using small = await startRoomline({ env: { MAX_CONNECTIONS_PER_USER: '2' } })
    const ada = await small.signUp()
    const [first, second] = [small.connect(ada), small.connect(ada)]
    await Promise.all([first.trpc.session.me.query(), second.trpc.session.me.query()])
    const third = small.connect(ada)
    const following = third.follow('general')
    let ended: unknown
    following.catch((error) => {
      ended = error
    })
    await until(() => third.closed.length >= 2, 20_000)
    expect([...new Set(third.closed)]).toEqual([4429])
    expect(ended).toBeUndefined()
    for (const [index, at] of third.opened.slice(1).entries()) expect(at - (third.opened[index] ?? 0)).toBeGreaterThan(1_000)
    await second.close()
    const followed = await following
    await first.trpc.chat.send.mutate({ room: 'general', text: 'heard by the third' })
    await followed.until(1)
  })

  it('sockets of an ended session do not count', async () => {
    await using small = await startRoomline({ env: { MAX_CONNECTIONS_PER_USER: '20' } })
    const ada = await small.signUp()
    const over = await small.signIn(ada.username)
    await small.web.logout(postJson('/api/logout', {}, { cookie: over.cookie }))
    const url = small.urls[0] ?? ''
    const flood = Array.from({ length: 40 }, () => open(over, { url, firstFrame: me }))
    const connected = await Promise.all(Array.from({ length: 20 }, () => small.connect(ada).trpc.session.me.query()))
    const codes = await Promise.all((await Promise.all(flood)).map(({ closed }) => closed))
    expect(new Set(codes)).toEqual(new Set([4401]))
    expect(connected).toHaveLength(20)
    report('40 sockets with a signed-out token', { 'the owner connected': `${connected.length} of 20` })
  })
})

describe('close codes: a page that names its person', () => {
  const params = (user: string) => JSON.stringify({ method: 'connectionParams', data: { user } })
  const asking = (url: string | undefined) => `${url}?connectionParams=1`

  it('is closed with 4403 when the cookie is somebody else’s, before any call runs', async () => {
    const [ada, bob] = [await roomline.signUp(), await roomline.signUp()]
    const { user } = await roomline.connect(ada).trpc.session.me.query()
    const { socket, frames, closed } = await open(bob, { url: asking(roomline.urls[0]), firstFrame: params(user.id) })
    const send = { id: 7, method: 'mutation', params: { path: 'chat.send', input: { room: 'general', text: 'Ada’s words' } } }
    socket.send(JSON.stringify(send))
    expect(await closed).toBe(4403)
    expect(frames).toHaveLength(1)
    expect(JSON.parse(frames[0] ?? '')).toMatchObject({ id: null, error: { data: { failure: 'ANOTHER_USER' } } })
    expect((await roomline.pool.query(`SELECT FROM messages WHERE text = 'Ada’s words'`)).rowCount).toBe(0)
  })

  it('is served when the cookie is its person’s, and closed with 4401 without a session', async () => {
    const ada = await roomline.signUp()
    const { user } = await roomline.connect(ada).trpc.session.me.query()
    const client = roomline.connect(ada, { connectionParams: { user: user.id } })
    expect(await client.trpc.session.me.query()).toMatchObject({ user: { id: user.id } })
    const nobody = await open({ ...ada, cookie: '' }, { url: asking(roomline.urls[0]), firstFrame: params(user.id) })
    expect(await nobody.closed).toBe(4401)
  })

  it('is not closed as signed out for a malformed sign-in frame', async () => {
    const ada = await roomline.signUp()
    for (const frame of ['junk', '[]', me, '{"method":"connectionParams","data":{"user":5}}']) {
      const { closed } = await open(ada, { url: asking(roomline.urls[0]), firstFrame: frame })
      expect(await closed, frame).toBe(1008)
    }
  })

  it('is signed in with a valid token after one of an ended session', async () => {
    const ada = await roomline.signUp()
    const over = await roomline.signIn(ada.username)
    await roomline.web.logout(postJson('/api/logout', {}, { cookie: over.cookie }))
    const client = roomline.connect({ ...ada, cookie: `__Host-X-Token=${over.token}; ${ada.cookie}` })
    expect(await client.trpc.session.me.query()).toMatchObject({ user: { username: ada.username } })
  })
})

describe('close codes: a disabled person', () => {
  it('is disconnected at once on two nodes, and can store nothing afterwards', async () => {
    const ada = await roomline.signUp()
    const clients = [roomline.connect(ada, { node: 0 }), roomline.connect(ada, { node: 1 })]
    await Promise.all(clients.map((client) => client.follow('general')))
    const sends: { begunAt: number; stored: boolean }[] = []
    const talking = clients.map(async ({ trpc, closed }) => {
      while (closed.length === 0) {
        const send = { begunAt: performance.now(), stored: false }
        sends.push(send)
        await trpc.chat.send.mutate({ room: 'general', text: `of ${ada.username}` }).then(
          () => (send.stored = true),
          () => {},
        )
      }
    })
    await until(() => sends.length > 20)
    const startedAt = performance.now()
    // With plain SQL, as an operator may: nothing announces it.
    await roomline.pool.query('UPDATE users SET disabled_at = clock_timestamp() WHERE username = $1', [ada.username])
    const disabledAt = performance.now()
    const counted = async () => {
      const text = `of ${ada.username}`
      const { rows } = await roomline.pool.query<{ count: number }>('SELECT count(*)::int FROM messages WHERE text = $1', [text])
      return rows[0]?.count ?? 0
    }
    await until(() => clients.every(({ closed }) => closed[0] === 4401), 2_000)
    const afterMs = performance.now() - startedAt
    await Promise.all(talking)
    // A send that was running at the same time may have been first. One that started afterwards may not.
    const begunBefore = sends.filter(({ begunAt }) => begunAt < disabledAt).length
    const storedAfter = sends.filter(({ begunAt, stored }) => begunAt >= disabledAt && stored).length
    const stored = await counted()
    report('disabled', { 'closed on two nodes after': `${Math.round(afterMs)} ms`, 'stored after it': storedAfter })
    expect(storedAfter).toBe(0)
    expect(stored).toBeGreaterThan(0)
    expect(stored).toBeLessThanOrEqual(begunBefore)
    expect(afterMs).toBeLessThan(1_000)

    await roomline.pool.query('UPDATE users SET disabled_at = NULL WHERE username = $1', [ada.username])
    const again = roomline.connect(ada)
    await expect(again.trpc.session.me.query()).rejects.toThrow()
    await until(() => again.closed[0] === 4401)
    expect((await roomline.signIn(ada.username)).token).toBeTruthy()
  })

  it('can store nothing, even on a node that does not know yet', async () => {
    const ada = await roomline.signUp()
    const { trpc } = roomline.connect(ada)
    await trpc.session.me.query()
    const { id: room } = await trpc.rooms.create.mutate({ name: `Of ${ada.username}`, kind: 'public' })
    await trpc.chat.send.mutate({ room, text: 'before' })
    await roomline.pool.query('ALTER TABLE users DISABLE TRIGGER USER')
    try {
      await roomline.pool.query('UPDATE users SET disabled_at = now() WHERE username = $1', [ada.username])
    } finally {
      await roomline.pool.query('ALTER TABLE users ENABLE TRIGGER USER')
    }
    const acts = {
      send: trpc.chat.send.mutate({ room, text: 'after' }),
      edit: trpc.chat.edit.mutate({ room, seq: 1, text: 'after' }),
      remove: trpc.chat.remove.mutate({ room, seq: 1 }),
      react: trpc.chat.react.mutate({ room, seq: 1, emoji: '🙂' }),
      markRead: trpc.chat.markRead.mutate({ room, seq: 1 }),
      typing: trpc.chat.typing.mutate({ room }),
      history: trpc.chat.history.query({ room, limit: 1 }),
      create: trpc.rooms.create.mutate({ name: `Another of ${ada.username}`, kind: 'public' }),
      update: trpc.rooms.update.mutate({ room, topic: 'after' }),
      createInvite: trpc.rooms.createInvite.mutate({ room }),
      setNotify: trpc.rooms.setNotify.mutate({ room, notify: 'nothing' }),
    }
    const failures = await Promise.all(Object.entries(acts).map(async ([act, call]) => [act, await failureOf(call)]))
    expect(failures).toEqual(Object.keys(acts).map((act) => [act, 'UNAUTHORIZED']))
    expect((await roomline.pool.query('SELECT text FROM messages WHERE room_id = $1', [room])).rows).toEqual([{ text: 'before' }])
  })

  it('a changed role applies to open connections', async () => {
    const ada = await roomline.signUp()
    const { trpc, closed } = roomline.connect(ada)
    await trpc.session.me.query()
    const mayBrowse = () =>
      trpc.rooms.browse.query({}).then(
        () => true,
        () => false,
      )
    expect(await mayBrowse()).toBe(true)
    await roomline.pool.query(`UPDATE users SET role = 'guest' WHERE username = $1`, [ada.username])
    await until(async () => !(await mayBrowse()), 1_000)
    expect(await failureOf(trpc.rooms.browse.query({}))).toBe('NOT_ALLOWED')
    await roomline.pool.query(`UPDATE users SET role = 'member' WHERE username = $1`, [ada.username])
    await until(mayBrowse, 1_000)
    expect(closed).toEqual([])
  })
})

describe('close codes: a stock client with many calls at once', () => {
  it('gets answers to 1,000 sends of one turn, and to 500 long ones', async () => {
    const { trpc, closed } = roomline.connect(await roomline.signUp())
    await trpc.session.me.query()
    const { id: room } = await trpc.rooms.create.mutate({ name: `Burst ${Date.now()}`, kind: 'private' })
    const burst = await Promise.all(Array.from({ length: 1_000 }, (_, index) => trpc.chat.send.mutate({ room, text: `${index}` })))
    expect(burst.map(({ text }) => text)).toEqual(Array.from({ length: 1_000 }, (_, index) => `${index}`))
    expect(burst.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1))
    const long = await Promise.all(
      Array.from({ length: 500 }, (_, index) => trpc.chat.send.mutate({ room, text: `${index} ${'x'.repeat(1_490)}` })),
    )
    expect(long).toHaveLength(500)
    expect(closed).toEqual([])
    report('calls of one turn', { 'sends answered in order': burst.length, 'of 1,500 characters': long.length })
  })

  it('gets answers to 50 subscriptions and 500 calls that waited for a reconnect', async () => {
    const client = roomline.connect(await roomline.signUp())
    const followed = await Promise.all(Array.from({ length: 50 }, () => client.follow('general')))
    client.cut()
    await until(() => client.closed.length > 0)
    const calls = await Promise.all(Array.from({ length: 500 }, () => client.trpc.rooms.list.query()))
    expect(calls).toHaveLength(500)
    await client.trpc.chat.send.mutate({ room: 'general', text: 'to all fifty' })
    await Promise.all(followed.map(({ until }) => until(1)))
    expect(followed.flatMap(({ errors }) => errors)).toEqual([])
  })

  it.each(['cookie', 'connectionParams'])('gets answers to 500 long sends that waited for a reconnect, signed in by %s', async (way) => {
    const ada = await roomline.signUp()
    const client = way === 'cookie' ? roomline.connect(ada) : roomline.connect(null, { connectionParams: { token: ada.token } })
    const { id: room } = await client.trpc.rooms.create.mutate({ name: `Waited by ${way} ${Date.now()}`, kind: 'private' })
    const holder = await roomline.pool.connect()
    try {
      // The session look-up is slow, so everything that waited arrives before it is done.
      await holder.query('BEGIN; LOCK TABLE sessions')
      client.cut()
      await until(() => client.closed.length > 0)
      const sending = Promise.all(
        Array.from({ length: 500 }, (_, index) => client.trpc.chat.send.mutate({ room, text: `${index} ${'x'.repeat(1_490)}` })),
      )
      sending.catch(() => {})
      await until(() => client.opened.length > 1)
      await new Promise((resolve) => setTimeout(resolve, 500))
      await holder.query('ROLLBACK')
      const sent = await sending
      expect(sent.map(({ seq }) => seq)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
    } finally {
      await holder.query('ROLLBACK')
      holder.release()
    }
    expect(client.closed).not.toContain(1009)
  })

  it('gets the limit as the error of each call when there are more than 1,000', async () => {
    const { trpc, closed } = roomline.connect(await roomline.signUp())
    await trpc.session.me.query()
    const refused = await Promise.all(
      Array.from({ length: 1_001 }, () =>
        trpc.session.me.query().then(
          () => 'answered',
          (error: Error) => error.message,
        ),
      ),
    )
    expect(new Set(refused)).toEqual(new Set(['Too many calls in one message. The limit is 1,000.']))
    expect(closed).toEqual([])
    expect(await trpc.session.me.query()).toBeTruthy()
  })

  it('gets the limit as the error of each call when they are too big together', async () => {
    const client = roomline.connect(await roomline.signUp())
    const { trpc, closed } = client
    await trpc.session.me.query()
    const { id: room } = await trpc.rooms.create.mutate({ name: `Big ${Date.now()}`, kind: 'private' })
    const sends = Array.from({ length: 300 }, () => trpc.chat.send.mutate({ room, text: 'x'.repeat(4_000) }))
    const refused = await Promise.all(sends.map((sent) => sent.catch((error: Error) => error.message)))
    expect(new Set(refused)).toEqual(new Set(['The message is too big. The limit is 1024 KiB.']))
    await until(() => closed[0] === 1009)
    expect((await trpc.chat.history.query({ room, limit: 10 })).messages).toEqual([])
  })

  it.each([0.9, 1.1])('gets one error, not one for each of very many tiny calls, in a message of %s MiB', async (mebibytes) => {
    const { socket, closed, frames } = await signedIn(await roomline.signUp())
    const tiny = Array.from({ length: (mebibytes * 1024 * 1024) / 9 }, (_, index) => `{"id":${index % 10}}`)
    socket.send(`[${tiny.join()}]`)
    expect(await closed).toBe(1009)
    expect(frames.slice(1).map((frame) => JSON.parse(frame))).toMatchObject([
      { id: null, error: { message: expect.stringContaining('The limit is') } },
    ])
  })

  it.each([1.1, 2.1])('gets the limit as an error before a message of %s MiB closes its socket', async (mebibytes) => {
    const ada = await roomline.signUp()
    const big = await signedIn(ada)
    big.socket.send('x'.repeat(mebibytes * 1024 * 1024))
    expect(await big.closed).toBe(1009)
    expect(big.frames).toHaveLength(2)
    expect(JSON.parse(big.frames[1] ?? '')).toMatchObject({
      id: null,
      error: { message: 'The message is too big. The limit is 1024 KiB.', data: { failure: 'TOO_BIG' } },
    })
    const stranger = await open(
      { ...ada, cookie: '' },
      { url: `${roomline.urls[0]}?connectionParams=1`, firstFrame: 'x'.repeat(65 * 1024) },
    )
    expect(await stranger.closed).toBe(1009)
    expect(stranger.frames[0]).toContain('The limit is 64 KiB')
  })
})
