import { randomUUID } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Auth, createChat, type RoomEvent } from '../../src/sdk'
import { type AppUser, createServer, readFailure } from '../../src/sdk/server'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'

const secret = 'Yk3vQpR8wZ1nTfXc7LbD0mHsJgUe5Ai2oNq9'
const issuer = 'https://id.example'
const audience = 'roomline-of-the-tests'

let roomline: Roomline
let url: string
let bot: Person
let issuerKeys: Awaited<ReturnType<typeof startIssuerKeys>>
beforeAll(async () => {
  issuerKeys = await startIssuerKeys()
  roomline = await startRoomline({
    env: { APP_TOKEN_SECRETS: secret, AUTH_JWKS_URL: issuerKeys.url, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience },
  })
  url = roomline.urls[0] ?? ''
  bot = await roomline.signUp()
})
afterAll(async () => {
  await roomline[Symbol.asyncDispose]()
  issuerKeys.close()
})

async function startIssuerKeys() {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: '1' }]
  const server = createHttpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/jwks`,
    sign: (sub: string, seconds: number) => {
      const exp = Math.floor(Date.now() / 1_000) + seconds
      return new SignJWT({ iss: issuer, aud: audience, sub, exp, jti: randomUUID() })
        .setProtectedHeader({ alg: 'ES256', kid: '1' })
        .sign(privateKey)
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const someone = (): AppUser => ({ id: randomUUID(), name: `User ${randomUUID().slice(0, 6)}` })
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: unknown) => readFailure(error).name,
  )
const serverOf = (options: Partial<Parameters<typeof createServer>[0]> = {}) =>
  createServer({ url, secret, botToken: bot.token, ...options })

describe('a client with tokens that end', () => {
  const kinds: [string, (seconds: number) => Auth][] = [
    [
      'an app signs',
      (expiresInS) => {
        const user = someone()
        return () => serverOf().tokenFor({ ...user, expiresInS })
      },
    ],
    [
      'an outside issuer signs',
      (seconds) => {
        const sub = randomUUID()
        return () => issuerKeys.sign(sub, seconds)
      },
    ],
  ]

  it.each(kinds)('moves to each new one that %s, and misses and repeats nothing meanwhile', async (_, authFor) => {
    const auth = authFor(3) as () => Promise<string>
    let asked = 0
    await using chat = createChat({
      url,
      WebSocket,
      auth: () => {
        asked++
        return auth()
      },
    })
    const states = new Set<string>()
    const room = chat.room('general')
    const events = room.events()
    const seen: string[] = []
    const reading = (async () => {
      for await (const event of events as AsyncIterable<RoomEvent>) if (event.type === 'created') seen.push(event.message.text)
    })().catch(() => {})
    await until(() => room.state.get().state === 'live')
    chat.connection.subscribe(() => states.add(chat.connection.get().state))
    const { trpc } = roomline.connect(bot)
    const sent: string[] = []
    const mine: Promise<unknown>[] = []
    while (asked < 4) {
      const text = `${randomUUID()} ${sent.length}`
      sent.push(text)
      await trpc.chat.send.mutate({ room: 'general', text })
      if (sent.length % 10 === 0) mine.push(room.send(`mine ${text}`).done)
    }
    await Promise.all(mine)
    await until(() => seen.filter((text) => !text.startsWith('mine')).length >= sent.length)
    expect(seen.filter((text) => !text.startsWith('mine'))).toEqual(sent)
    expect([...states]).not.toContain('connecting')
    expect(chat.connection.get().state).toBe('connected')
    await chat.close()
    await reading
  })

  it('is signed out at the end of the last one when there is no other', async () => {
    const user = someone()
    const tokens = [await serverOf().tokenFor({ ...user, expiresInS: 2 })]
    await using chat = createChat({ url, WebSocket, auth: () => tokens.shift() ?? null })
    await until(() => chat.connection.get().state === 'connected')
    await until(() => chat.connection.get().state === 'signed-out', 20_000)
    expect(chat.connection.get()).toMatchObject({ reason: { name: 'UNAUTHORIZED' } })
  })
})

describe('preloadRoom', () => {
  it('reads as a user, with a token or as the bot, and a room goes on from there without missing anything', async () => {
    const { trpc } = roomline.connect(bot)
    const { id: room } = await trpc.rooms.create.mutate({ name: `Preloaded ${randomUUID().slice(0, 6)}`, kind: 'private' })
    for (let round = 1; round <= 3; round++) await trpc.chat.send.mutate({ room, text: `message ${round}` })
    const user = { ...someone(), rooms: [room] }
    const server = serverOf()
    const first = await server.preloadRoom(room, { as: user })
    expect(first.messages.map(({ text }) => text).filter((text) => text)).toEqual(['message 1', 'message 2', 'message 3'])
    expect(first).toMatchObject({ hasBefore: false, hasAfter: false, lastSeq: 4 })
    expect(await server.preloadRoom(room)).toEqual(first)
    expect(await server.preloadRoom(room, { as: await server.tokenFor(user) })).toEqual(first)

    await trpc.chat.edit.mutate({ room, seq: 2, text: 'message 2, edited' })
    await trpc.chat.send.mutate({ room, text: 'message 4' })
    await using chat = createChat({ url, WebSocket, auth: () => server.tokenFor(user) })
    const opened = chat.room(room, { initial: JSON.parse(JSON.stringify(first)) })
    expect(opened.state.get().state).toBe('live')
    await until(() => opened.state.get().timeline.messages.length === 5)
    expect(
      opened.state
        .get()
        .timeline.messages.map(({ text }) => text)
        .filter((text) => text),
    ).toEqual(['message 1', 'message 2, edited', 'message 3', 'message 4'])
  })

  it('reads around a message, and an empty room', async () => {
    const { trpc } = roomline.connect(bot)
    const { id: room } = await trpc.rooms.create.mutate({ name: `Around ${randomUUID().slice(0, 6)}`, kind: 'public' })
    expect(await serverOf().preloadRoom(room)).toEqual({ messages: [], hasBefore: false, hasAfter: false, version: 0, lastSeq: 0 })
    for (let round = 1; round <= 30; round++) await trpc.chat.send.mutate({ room, text: `message ${round}` })
    const page = await serverOf().preloadRoom(room, { around: 10, limit: 6 })
    expect(page.messages.map(({ seq }) => seq)).toEqual([7, 8, 9, 10, 11, 12])
    expect(page).toMatchObject({ hasBefore: true, hasAfter: true, lastSeq: 30 })
    await trpc.chat.react.mutate({ room, seq: 8, emoji: '👍' })
    await using chat = createChat({ url, WebSocket, auth: bot.token })
    const opened = chat.room(room, { initial: page })
    await until(() => opened.state.get().timeline.messages.find(({ seq }) => seq === 8)?.reactions.length === 1)
  })

  it('uses one session for the pages of one user, and another one when that was ended', async () => {
    const user = someone()
    const server = serverOf()
    for (let round = 0; round < 5; round++) await server.preloadRoom('general', { as: { ...user } })
    const sessions = 'SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.external_subject = $1'
    const { rows } = await roomline.pool.query<{ id: string }>(sessions, [user.id])
    expect(rows).toHaveLength(1)
    await roomline.pool.query('UPDATE sessions SET revoked_at = now() WHERE id = $1', [rows[0]?.id])
    expect((await server.preloadRoom('general', { as: user })).messages.length).toBeGreaterThanOrEqual(0)
    await roomline.pool.query('UPDATE users SET disabled_at = now() WHERE external_subject = $1', [user.id])
    expect(await failureOf(server.preloadRoom('general', { as: user }))).toBe('UNAUTHORIZED')
  })

  it('is rejected with a name for each reason', async () => {
    const { trpc } = roomline.connect(bot)
    const { id: room } = await trpc.rooms.create.mutate({ name: `Closed ${randomUUID().slice(0, 6)}`, kind: 'private' })
    expect(await failureOf(serverOf().preloadRoom(room, { as: someone() }))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(serverOf().preloadRoom('general', { as: 'no token' }))).toBe('UNAUTHORIZED')
    expect(await failureOf(serverOf({ url: 'ws://127.0.0.1:1/trpc' }).preloadRoom('general'))).toBe('DISCONNECTED')
    expect(await failureOf(serverOf({ url: issuerKeys.url.replace('jwks', 'trpc') }).preloadRoom('general'))).toBe('NOT_ROOMLINE')
    await using proxy = Object.assign(await startTcpProxy(() => roomline.nodes[0]?.port ?? null), {
      [Symbol.asyncDispose]: () => proxy.close(),
    })
    proxy.setFault({ toServer: { hold: true } })
    const slow = serverOf({ url: `ws://127.0.0.1:${proxy.port}/trpc`, timeoutMs: 300 })
    expect(await failureOf(slow.preloadRoom('general'))).toBe('TIMED_OUT')
  })
})

describe('post', () => {
  it('with a key is one message, however often it is posted, and rejected with another text', async () => {
    const key = `order-${randomUUID()}`
    const server = serverOf()
    const posted = await Promise.all(Array.from({ length: 5 }, () => server.post('general', 'Order 1234 has been shipped', { key })))
    expect(new Set(posted.map(({ seq }) => seq)).size).toBe(1)
    expect(posted[0]).toMatchObject({ text: 'Order 1234 has been shipped', author: { username: bot.username } })
    expect(await failureOf(server.post('general', 'Something else', { key }))).toBe('CLIENT_ID_REUSED')
    const [one, two] = [await server.post('general', 'same'), await server.post('general', 'same', { replyTo: posted[0]?.seq ?? 0 })]
    expect(two.seq).not.toBe(one.seq)
    expect(two.replyTo?.seq).toBe(posted[0]?.seq)
  })

  it('is of a bot with its own token: with the same key it is the message that SQL posts, and it ends with the token', async () => {
    const owner = roomline.connect(bot)
    const username = `shop-${randomUUID().slice(0, 6)}`
    const { token } = await owner.trpc.bots.create.mutate({ username, displayName: `Shop ${username}` })
    const { id: room } = await owner.trpc.rooms.create.mutate({ name: `Orders ${username}`, kind: 'private' })
    const server = createServer({ url, botToken: token })
    expect(await failureOf(server.post(room, 'too early'))).toBe('ROOM_NOT_FOUND')
    await owner.trpc.rooms.invite.mutate({ room, username })
    const message = await server.post(room, 'Order 17 has been shipped', { key: 'order 17 shipped' })
    expect(message.author.username).toBe(username)
    const inSql = await roomline.pool.query('SELECT roomline.post($1, $2, $3, $4) AS posted', [
      room,
      username,
      message.text,
      'order 17 shipped',
    ])
    expect(inSql.rows).toEqual([{ posted: false }])
    expect((await server.preloadRoom(room)).messages.map(({ text }) => text)).toContain('Order 17 has been shipped')
    await owner.trpc.bots.rotate.mutate({ username })
    expect(await failureOf(server.post(room, 'too late'))).toBe('UNAUTHORIZED')
  })

  it('tries again while the server is away or its answer is lost, and it stays one message', async () => {
    const proxy = await startTcpProxy(() => roomline.nodes[0]?.port ?? null)
    const server = serverOf({ url: `http://127.0.0.1:${proxy.port}/trpc` })
    proxy.setOnline(false)
    const away = server.post('general', 'written while it was away')
    setTimeout(() => proxy.setOnline(true), 600)
    expect((await away).text).toBe('written while it was away')
    const text = `its answer was lost ${randomUUID()}`
    proxy.setFault({ toClient: { swallow: true } })
    const lost = server.post('general', text)
    const stored = () => roomline.pool.query('SELECT FROM messages WHERE text = $1', [text])
    await until(async () => (await stored()).rowCount === 1)
    proxy.setFault({})
    expect((await lost).text).toBe(text)
    expect((await stored()).rowCount).toBe(1)
    await proxy.close()
  })

  it('gives up at once what cannot succeed, and in time what might', async () => {
    expect(await failureOf(serverOf().post('no-such-room', 'x'))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(serverOf().post('general', ''))).toBe('BAD_REQUEST')
    await expect(serverOf().post('general', 'x', { key: '' })).rejects.toThrow('key must have')
    expect(await failureOf(serverOf({ botToken: 'rlb_nobody' }).post('general', 'x'))).toBe('UNAUTHORIZED')
    const startedAt = performance.now()
    expect(await failureOf(serverOf({ url: 'ws://127.0.0.1:1/trpc', timeoutMs: 900 }).post('general', 'x'))).toBe('DISCONNECTED')
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('createServer', () => {
  it('says what is wrong with its options, and with a user', async () => {
    expect(() => createServer({ url: 'localhost' })).toThrow('createServer: "localhost" is not a URL')
    expect(() => createServer({ url, secret: 'short' })).toThrow('APP_TOKEN_SECRETS')
    await expect(createServer({ url }).tokenFor(someone())).rejects.toThrow('"secret"')
    await expect(createServer({ url }).post('general', 'x')).rejects.toThrow('"botToken"')
    const wrong: [Partial<AppUser>, string][] = [
      [{ id: '' }, 'id must have'],
      [{ id: 'x'.repeat(256) }, 'id must have'],
      [{ id: 7 as unknown as string }, 'id must have'],
      [{ name: ' ' }, 'name must not be empty'],
      [{ avatar: 'http://app.example/a.png' }, 'avatar must start with https'],
      [{ rooms: [''] }, 'rooms must be'],
      [{ rooms: Array.from({ length: 51 }, String) }, 'rooms must be'],
      [{ expiresInS: 0 }, 'expiresInS must be'],
      [{ expiresInS: 86_401 }, 'expiresInS must be'],
      [{ expiresInS: Number.NaN }, 'expiresInS must be'],
    ]
    for (const [user, words] of wrong) await expect(serverOf().tokenFor({ ...someone(), ...user })).rejects.toThrow(words)
  })
})
