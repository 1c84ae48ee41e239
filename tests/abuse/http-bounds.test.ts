import { connect, type Socket } from 'node:net'
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from '@trpc/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppRouter } from '../../src/server/router'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
let ada: Person
let port: number
let base: string
beforeAll(async () => {
  roomline = await startRoomline()
  ada = await roomline.signUp()
  base = (roomline.urls[0] ?? '').replace('ws:', 'http:')
  port = Number(new URL(base).port)
  // About as much as a page of history can be.
  await roomline.pool.query(
    `INSERT INTO messages (room_id, seq, version, author_id, text)
     SELECT 'general', r.last_seq + n, r.last_version + n, (SELECT id FROM users LIMIT 1), repeat('x', 4000) FROM rooms r, generate_series(1, 100) n
     WHERE r.id = 'general'`,
  )
  await roomline.pool.query(`UPDATE rooms SET last_seq = last_seq + 100, last_version = last_version + 100 WHERE id = 'general'`)
})
afterAll(() => roomline[Symbol.asyncDispose]())

const history = { room: 'general', limit: 100 }
const batchOf = (count: number) =>
  `/trpc/${Array.from({ length: count }, () => 'chat.history').join()}?batch=1&input=${encodeURIComponent(
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [index, history]))),
  )}`

interface RawConnection {
  socket: Socket
  /** Everything it has received. */
  text(): string
  isClosed(): boolean
}

/** A connection that sends these bytes as they are. */
function open(bytes: string, { deaf = false } = {}): RawConnection {
  const socket = connect({ port, host: '127.0.0.1' })
  let text = ''
  let closed = false
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  socket.on('connect', () => {
    if (deaf) socket.pause()
    socket.write(bytes)
  })
  if (!deaf) socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  return { socket, text: () => text, isClosed: () => closed }
}

const request = (line: string, ...headers: string[]) => [`${line} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n')
const withCookie = () => `Cookie: ${ada.cookie}`
const statusesIn = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

describe('answers', () => {
  it('http: a batch answers about a megabyte, and each further call says why it was not made', async () => {
    const response = await fetch(`http://127.0.0.1:${port}${batchOf(100)}`, { headers: { cookie: ada.cookie } })
    expect(response.status).toBe(207)
    const text = await response.text()
    expect(text.length).toBeLessThan(2_000_000)
    const answers = JSON.parse(text) as { result?: { data: { messages: unknown[] } }; error?: { data: object; message: string } }[]
    expect(answers).toHaveLength(100)
    const made = answers.filter(({ result }) => result?.data.messages.length === 100).length
    expect(made).toBeGreaterThanOrEqual(2)
    expect(answers.slice(made).every(({ error }) => error)).toBe(true)
    expect(answers[99]?.error).toMatchObject({
      data: { failure: 'TOO_BIG', httpStatus: 413 },
      message: expect.stringContaining('another request'),
    })
  })

  it('http: stock clients get what they get from the stock server', async () => {
    const options = { url: base, headers: { cookie: ada.cookie } }
    for (const link of [httpLink(options), httpBatchLink(options), httpBatchStreamLink(options)]) {
      const client = createTRPCClient<AppRouter>({ links: [link] })
      const [me, page, refused, sent] = await Promise.all([
        client.session.me.query(),
        client.chat.history.query({ room: 'general', limit: 2 }),
        client.chat.history.query({ room: 'no such room', limit: 2 }).catch((error) => error),
        client.chat.send.mutate({ room: 'general', text: 'over HTTP' }),
      ])
      expect(me.user.username).toBe(ada.username)
      expect(page.messages).toHaveLength(2)
      expect(refused.data.failure).toBe('ROOM_NOT_FOUND')
      expect(sent.text).toBe('over HTTP')
    }
  })

  it('http: a subscription is refused, whatever the client accepts', async () => {
    for (const accept of ['text/event-stream', 'application/jsonl', '*/*']) {
      const response = await fetch(`${base}/rooms.onChange`, { headers: { cookie: ada.cookie, accept } })
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.text()).toContain('METHOD_NOT_ALLOWED')
    }
  })

  it('http: answers that nobody reads are destroyed, and hold up only the same person', async () => {
    const ben = await roomline.signUp()
    const deaf = Array.from({ length: 4 }, () => open(request(`GET ${batchOf(4)}`, withCookie()).repeat(8), { deaf: true }))
    // More than the network itself can hold.
    setTimeout(() => deaf.map(({ socket }) => socket.write(request(`GET ${batchOf(4)}`, withCookie()).repeat(6))), 3_000)
    await until(async () => {
      const response = await fetch(`${base}/session.me`, { headers: { cookie: ben.cookie } })
      expect(response.status).toBe(200)
      // A client that does not read only learns that it is gone when it writes.
      for (const { socket } of deaf) socket.write('\r\n')
      await new Promise((resolve) => setTimeout(resolve, 200))
      return deaf.some(({ isClosed }) => isClosed())
    }, 50_000).finally(() => {
      for (const { socket } of deaf) socket.destroy()
    })
  }, 60_000)
})

describe('requests', () => {
  it('http: requests sent together are answered in order, and too many of them close the connection', async () => {
    const few = open(['session.me', 'no.such', 'rooms.list'].map((path) => request(`GET /trpc/${path}`, withCookie())).join(''))
    await until(() => statusesIn(few.text()).length === 3)
    expect(statusesIn(few.text())).toEqual([200, 404, 200])
    few.socket.destroy()
    const many = open(request('GET /trpc/session.me', withCookie()).repeat(500))
    await until(many.isClosed)
    expect(statusesIn(many.text()).length).toBeLessThan(10)
  })

  it('http: more requests at once than anybody needs get 429 with the time to wait', async () => {
    const cleo = await roomline.signUp()
    const held = Array.from({ length: 4 }, () =>
      open(request('POST /trpc/chat.send', `Cookie: ${cleo.cookie}`, 'Content-Type: application/json', 'Content-Length: 100')),
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    const others = Array.from({ length: 80 }, () => open(request('GET /trpc/session.me', `Cookie: ${cleo.cookie}`)))
    await until(() => others.some(({ text }) => text() !== ''))
    const refused = others.map(({ text }) => text()).find((text) => text !== '') ?? ''
    expect(refused).toMatch(/^HTTP\/1\.1 429 /)
    expect(refused).toMatch(/\r\nretry-after: \d+\r\n/)
    expect(refused).toContain('"failure":"TOO_MANY_REQUESTS"')
    expect(refused).toContain('"retryAfterMs":')
    // Somebody else does not wait.
    expect((await fetch(`${base}/session.me`, { headers: { cookie: ada.cookie } })).status).toBe(200)
    for (const { socket } of held) socket.destroy()
    await until(() => others.filter(({ text }) => statusesIn(text())[0] === 200).length >= 64)
    for (const { socket } of others) socket.destroy()
  })

  it('http: calls that cannot be understood are answered until there are far too many', async () => {
    const bea = await roomline.signUp()
    const paths = Array.from({ length: 100 }, () => 'no.such').join()
    const ask = () => fetch(`http://127.0.0.1:${port}/trpc/${paths}?batch=1`, { headers: { cookie: bea.cookie } })
    expect((await ask()).status).toBe(404)
    const statuses: number[] = []
    while (!statuses.includes(429) && statuses.length < 100) statuses.push((await ask()).status)
    const last = await ask()
    expect(last.status).toBe(429)
    expect(last.headers.get('retry-after')).toBe('1')
    expect(last.headers.get('connection')).toBe('close')
    expect(statuses.filter((status) => status === 404).length).toBeGreaterThan(40)
  })

  it('http: a rate limit answers 429 with Retry-After', async () => {
    await using limited = await startRoomline({ env: { SENDS_PER_MINUTE: '6' } })
    const dan = await limited.signUp()
    const send = () =>
      fetch(`${(limited.urls[0] ?? '').replace('ws:', 'http:')}/chat.send`, {
        method: 'POST',
        headers: { cookie: dan.cookie, 'content-type': 'application/json' },
        body: JSON.stringify({ room: 'general', text: 'again' }),
      })
    let last = await send()
    for (let count = 0; count < 25 && last.status === 200; count++) last = await send()
    expect(last.status).toBe(429)
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await last.json()).toMatchObject({ error: { data: { failure: 'TOO_MANY_REQUESTS', retryAfterMs: expect.any(Number) } } })
  })

  const body = (bytes: number) => ['Content-Type: application/json', `Content-Length: ${bytes}`]

  it('http: a body is read up to its limit, and only from somebody who is signed in', async () => {
    const cases: [string, number][] = [
      [request('POST /trpc/chat.send', withCookie(), ...body(70_000)), 413],
      [`${request('POST /trpc/chat.send', withCookie(), ...body(70_000))}${'x'.repeat(70_000)}`, 413],
      [
        `${request('POST /trpc/chat.send', withCookie(), 'Content-Type: application/json', 'Transfer-Encoding: chunked')}${'1\r\nx\r\n'.repeat(70_000)}`,
        411,
      ],
      [request('POST /trpc/chat.send', ...body(60_000)), 401],
      [request('POST /trpc/chat.send', 'Content-Type: application/json', 'Transfer-Encoding: chunked'), 411],
      [`${request('POST /trpc/chat.send', withCookie(), 'Content-Type: text/plain', 'Content-Length: 2')}{}`, 415],
      [`${request('POST /trpc/chat.send', withCookie(), ...body(60_000))}${'['.repeat(30_000)}${']'.repeat(30_000)}`, 400],
      [`${request('POST /trpc/chat.send?batch=1', withCookie(), ...body(4))}null`, 400],
      [request('GET /trpc/%zz', withCookie()), 400],
      [request('GET /trpc/__proto__', withCookie()), 404],
      [request('GET /trpc/constructor', withCookie()), 404],
      [request(`GET /trpc/${'a,'.repeat(100)}a?batch=1`, withCookie()), 400],
      [request('GET /trpc/chat.history?input={', withCookie()), 400],
      [request('GET /trpc/chat.send', withCookie()), 405],
      [`${request('POST /trpc/session.me', withCookie(), ...body(2))}{}`, 405],
    ]
    for (const [bytes, status] of cases) {
      const connection = open(bytes)
      await until(() => connection.text() !== '' || connection.isClosed())
      expect(statusesIn(connection.text()), bytes.slice(0, 120)).toEqual([status])
      connection.socket.destroy()
    }
  })

  it('http: a client that expects to be told to continue is told so, but not without a session', async () => {
    const text = JSON.stringify({ room: 'general', text: 'continued' })
    const headers = [...body(text.length), 'Expect: 100-continue']
    const stranger = open(request('POST /trpc/chat.send', ...headers))
    await until(() => stranger.text() !== '')
    expect(statusesIn(stranger.text())).toEqual([401])
    const sending = open(request('POST /trpc/chat.send', withCookie(), ...headers))
    await until(() => sending.text() !== '')
    expect(statusesIn(sending.text())).toEqual([100])
    sending.socket.write(text)
    await until(() => statusesIn(sending.text()).length === 2)
    expect(statusesIn(sending.text())).toEqual([100, 200])
    for (const { socket } of [stranger, sending]) socket.destroy()
  })

  it('http: every answer says that it is not to be stored or guessed at, odd methods and broken requests too', async () => {
    const cases: [string, number][] = [
      [request('TRACE /trpc/session.me', withCookie()), 405],
      [request('TRACE /health'), 405],
      [request('OPTIONS *'), 405],
      [request('DELETE /trpc/session.me', withCookie()), 405],
      [request('PROPFIND /trpc'), 405],
      [request('OPTIONS /trpc/session.me', withCookie()), 405],
      [request('GET /health'), 200],
      [request('GET /ready'), 200],
      [request('GET /metrics'), 200],
      [request('GET /trpc'), 426],
      [request('GET /nowhere'), 404],
      [request('GET /trpc/session.me', withCookie()), 200],
      [request('GET /trpc/session.me'), 401],
      [request('GET /trpc/session.me', 'Origin: https://evil.example'), 403],
      [request('HEAD /trpc/session.me', withCookie()), 204],
      [request('GET /health', `X-Big: ${'x'.repeat(20_000)}`), 431],
      ['no http\r\n\r\n', 400],
      [request('GET /trpc', 'Connection: Upgrade', 'Upgrade: h2c'), 400],
      [request('GET /elsewhere', 'Connection: Upgrade', 'Upgrade: websocket'), 404],
      [request('GET /trpc', 'Connection: Upgrade', 'Upgrade: websocket', 'Origin: https://evil.example'), 403],
    ]
    for (const [bytes, status] of cases) {
      const connection = open(bytes)
      await until(() => connection.text().includes('\r\n\r\n') || connection.isClosed())
      const line = bytes.slice(0, 60)
      expect(statusesIn(connection.text()), line).toEqual([status])
      expect(connection.text().toLowerCase(), line).toContain('\r\nx-content-type-options: nosniff\r\n')
      expect(connection.text().toLowerCase(), line).toContain('\r\ncache-control: no-store\r\n')
      if (status === 405) expect(connection.text().toLowerCase(), line).toContain('\r\nallow: ')
      connection.socket.destroy()
    }
    const tunnel = open(request('CONNECT example.org:443'))
    await until(tunnel.isClosed)
    expect(tunnel.text()).not.toContain('200')
  })

  it('http: connections of one address are counted, and the oldest idle one makes room', async () => {
    const connections = Array.from({ length: 300 }, () => open(request('GET /health')))
    await until(() => connections.filter(({ isClosed }) => !isClosed()).length <= 256)
    expect(connections.filter(({ isClosed }) => !isClosed()).length).toBeGreaterThan(200)
    expect((await fetch(new URL('/health', base))).status).toBe(200)
    for (const { socket } of connections) socket.destroy()
  })
})
