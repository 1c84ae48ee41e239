import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Chat, type ChatOptions, createMemoryOutbox, readFailure } from '../../src/sdk'
import { startChat } from '../../src/sdk/chat'
import { defaultTimings } from '../../src/sdk/connection/timings'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { type Person, postJson, type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'

const run = promisify(execFile)
let roomline: Roomline
/** Leads to the first node unless a test changes that. */
let proxy: TcpProxy
let proxyUrl: string
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  proxy = await startTcpProxy(() => roomline.nodes[0]?.port ?? null)
  proxyUrl = `ws://127.0.0.1:${proxy.port}/trpc`
})
afterAll(async () => {
  await proxy.close()
  await roomline[Symbol.asyncDispose]()
})

function connect(options: Partial<ChatOptions>) {
  const client = startChat({ url: roomline.urls[0] ?? '', WebSocket: WebSocket, ...options }, { ...defaultTimings, outboxCheckMs: 50 })
  const states: string[] = []
  client.connection.subscribe(() => {
    const { state } = client.connection.get()
    if (state !== states.at(-1)) states.push(state)
  })
  return { client, states, [Symbol.asyncDispose]: () => client.close() }
}

const isConnected = (client: Chat) => () => client.connection.get().state === 'connected'
const logOut = ({ cookie }: Person) => roomline.web.logout(postJson('/api/logout', {}, { cookie }))

async function msUntil(condition: () => boolean, timeoutMs: number): Promise<number> {
  const startedAt = performance.now()
  await until(condition, timeoutMs)
  return Math.round(performance.now() - startedAt)
}

describe('SDK client: a network that fails silently', () => {
  it('is noticed within 30 s, and the client is connected within 3 s after it is back', async () => {
    const ada = await roomline.signUp()
    await using adas = connect({ url: proxyUrl, auth: ada.token })
    const room = adas.client.room('general')
    await until(() => room.state.get().state === 'live')
    proxy.setFault({ toServer: { hold: true }, toClient: { hold: true } })
    const noticedMs = await msUntil(() => adas.client.connection.get().state === 'connecting', 30_000)
    // Attempts meanwhile get no answer.
    proxy.setFault({ toServer: { swallow: true }, toClient: { swallow: true } })
    const { clientId } = room.send('written in the tunnel')
    await until(() => proxy.count() >= 2, 20_000)
    proxy.setFault({})
    const backMs = await msUntil(isConnected(adas.client), 20_000)
    process.stdout.write(`  half-open: noticed after ${noticedMs} ms, back ${backMs} ms after the network\n`)
    await until(() => room.state.get().timeline.messages.some((message) => message.clientId === clientId))
    expect(noticedMs).toBeLessThan(30_000)
    expect(adas.states).toEqual(['connected', 'connecting', 'connected'])
  }, 90_000)
})

describe('SDK client: a session that ends elsewhere', () => {
  it('ends everything at once; unsent messages are sent when the author signs in again', async () => {
    const ada = await roomline.signUp()
    let { token } = ada
    await using adas = connect({ auth: () => token })
    const room = adas.client.room('general')
    const list = adas.client.rooms.open()
    const presence = adas.client.people.in('general')
    await until(() => room.state.get().state === 'live' && list.state.get().state === 'live' && presence.state.get().known)
    await logOut(ada)
    const tookMs = await msUntil(() => adas.client.connection.get().state === 'signed-out', 20_000)
    process.stdout.write(`  a sign-out elsewhere: known after ${tookMs} ms\n`)
    const reason = expect.objectContaining({ name: 'UNAUTHORIZED', retry: false })
    expect(room.state.get()).toMatchObject({ state: 'ended', reason })
    expect(list.state.get()).toMatchObject({ state: 'ended', reason })
    expect(presence.state.get()).toMatchObject({ known: false, ended: reason })
    const { clientId } = room.send('too late')
    expect(room.state.get().timeline.unsent).toMatchObject([{ clientId, state: 'failed', reason }])
    expect(await adas.client.trpc.chat.send.mutate({ room: 'general', text: 'x' }).catch(readFailure)).toEqual(reason)
    expect(adas.states).not.toContain('refused')

    token = (await roomline.signIn(ada.username)).token
    adas.client.connection.reopen()
    await until(() => room.state.get().state === 'live' && list.state.get().state === 'live' && presence.state.get().known)
    await until(() => room.state.get().timeline.messages.some((message) => message.clientId === clientId))
    expect(room.state.get().timeline.unsent).toEqual([])
  })

  it('moves to a new session before the old one expires, without losing or repeating a message', async () => {
    const [ada, ben] = [await roomline.signUp(), await roomline.signUp()]
    await using bens = connect({ auth: ben.token })
    const { id: room } = await bens.client.trpc.rooms.create.mutate({ name: 'Renewal', kind: 'private', members: [ada.username] })
    const tokens = createSessionTokens(roomline.config.authSecrets)
    const claims = await tokens.parse(ada.token)
    if (!claims) throw new Error('a token without claims')
    const shortToken = await tokens.sign({ ...claims, expiresAt: new Date(Date.now() + 4_000) })
    let asked = 0
    const sockets = new Set<WebSocket>()
    class CountedSocket extends WebSocket {
      constructor(url: string | URL) {
        super(url)
        sockets.add(this)
      }
    }
    await using adas = connect({
      auth: async () => (asked++ === 0 ? shortToken : (await roomline.signIn(ada.username)).token),
      WebSocket: CountedSocket as unknown as typeof globalThis.WebSocket,
    })
    const handle = adas.client.room(room)
    await until(() => handle.state.get().state === 'live')
    // More messages than the window of a room holds.
    const texts = new Map<number, string>()
    handle.follow({ onMessage: ({ kind, seq, text }) => kind === 'text' && texts.set(seq, text) })
    let sent = 0
    while (sockets.size < 2 || sent < 20) {
      await bens.client.trpc.chat.send.mutate({ room, text: `ben ${sent}` })
      handle.send(`ada ${sent++}`)
    }
    await until(() => texts.size === sent * 2 && handle.state.get().timeline.unsent.length === 0, 20_000)
    const written = Array.from({ length: sent }, (_, index) => [`ada ${index}`, `ben ${index}`]).flat()
    expect([...texts.values()].sort()).toEqual(written.sort())
    expect(asked).toBe(2)
    expect(adas.states).toEqual(['connected'])
    process.stdout.write(`  renewed in place: ${sent * 2} messages, none lost\n`)
  })
})

it('SDK client: stays connected through a deploy, while it moves to the next node', async () => {
  await using two = await startRoomline({ nodes: 2 })
  let target = 0
  const line = await startTcpProxy(() => two.nodes[target]?.port ?? null)
  const people = await Promise.all(Array.from({ length: 3 }, () => two.signUp()))
  const clients = people.map(({ token }) => connect({ url: `ws://127.0.0.1:${line.port}/trpc`, auth: token }))
  const rooms = clients.map(({ client }) => client.room('general'))
  await until(() => rooms.every((room) => room.state.get().state === 'live'))
  target = 1
  const closing = two.nodes[0]?.close()
  for (let index = 0; index < 20; index++) rooms[index % 3]?.send(`message ${index}`)
  await closing
  await until(
    () => rooms.every(({ state }) => state.get().timeline.messages.length === 20 && state.get().timeline.unsent.length === 0),
    20_000,
  )
  expect(two.nodes[1]?.count().connections).toBe(3)
  for (const { client, states } of clients) {
    expect(states).toEqual(['connected'])
    await client.close()
  }
  await line.close()
}, 60_000)

it('SDK client: 1,500 calls and 3 MB of messages in one turn are all answered', async () => {
  const ada = await roomline.signUp()
  // The server's current limits, even if they are raised later.
  const client = startChat(
    { url: roomline.urls[0] ?? '', WebSocket: WebSocket, auth: ada.token, timeoutMs: 60_000 },
    { ...defaultTimings, frameCalls: 100, frameBytes: 60_000 },
  )
  const answers = await Promise.all(Array.from({ length: 1_500 }, () => client.trpc.session.me.query()))
  expect(answers.every(({ user }) => user.username === ada.username)).toBe(true)
  const { id: room } = await client.trpc.rooms.create.mutate({ name: 'Much', kind: 'private' })
  const sent = await Promise.all(Array.from({ length: 750 }, () => client.trpc.chat.send.mutate({ room, text: 'x'.repeat(4_000) })))
  expect(new Set(sent.map(({ seq }) => seq)).size).toBe(750)
  await client.close()
}, 90_000)

describe('messages passed to send', () => {
  it('are awaited by flush, but not longer than asked', async () => {
    const ada = await roomline.signUp()
    await using adas = connect({ url: proxyUrl, auth: ada.token })
    const { id } = await adas.client.trpc.rooms.create.mutate({ name: 'Flushed', kind: 'private' })
    const room = adas.client.room(id)
    await until(() => room.state.get().state === 'live')
    for (let index = 0; index < 10; index++) room.send(`${index}`)
    expect(await adas.client.flush()).toBe(true)
    expect((await adas.client.trpc.chat.history.query({ room: id })).messages.filter(({ kind }) => kind === 'text')).toHaveLength(10)
    proxy.setOnline(false)
    room.send('offline')
    expect(await adas.client.flush({ timeoutMs: 50 })).toBe(false)
    const flushed = adas.client.flush({ timeoutMs: 60_000 })
    proxy.setOnline(true)
    expect(await flushed).toBe(true)
  })

  it('are sent by another client of the same storage when their own is closed', async () => {
    const ada = await roomline.signUp()
    const outbox = createMemoryOutbox()
    await using open = connect({ auth: ada.token, outbox })
    const { id } = await open.client.trpc.rooms.create.mutate({ name: 'Two tabs', kind: 'private' })
    const room = open.client.room(id)
    await until(() => room.state.get().state === 'live')
    const { user } = await open.client.trpc.session.me.query()
    // It never connects, so it must be told whose client it is.
    const tab = connect({ url: 'ws://127.0.0.1:9/trpc', auth: ada.token, user: user.id, outbox })
    const written = ['one', 'two', 'three'].map((text) => tab.client.room(id).send(text).clientId)
    await tab.client.close()
    await until(() => room.state.get().timeline.messages.filter(({ kind }) => kind === 'text').length === 3)
    expect(room.state.get().timeline.messages.flatMap(({ clientId }) => clientId ?? [])).toEqual(written)
    await until(async () => (await outbox.load()).length === 0)
  })
})

describe('handles', () => {
  it('of one room share one subscription, which ends with the last of them', async () => {
    const ada = await roomline.signUp()
    await using adas = connect({ auth: ada.token, url: roomline.urls[1] ?? '' })
    const [one, two] = [adas.client.room('general'), adas.client.room('general')]
    await until(() => two.state.get().state === 'live')
    expect(one.state.get()).toBe(two.state.get())
    const followers = () => roomline.nodes[1]?.count().followers
    await until(() => followers() === 1)
    one.close()
    one.close()
    const before = one.state.get()
    two.send('still open')
    await until(() => two.state.get().timeline.messages.some(({ text }) => text === 'still open'))
    expect(one.state.get()).toBe(before)
    two.close()
    await until(() => followers() === 0)
  })

  it('that have ended can be reopened when the person is let back in', async () => {
    const [ada, ben] = [await roomline.signUp(), await roomline.signUp()]
    await using adas = connect({ auth: ada.token })
    await using bens = connect({ auth: ben.token })
    const { id } = await adas.client.trpc.rooms.create.mutate({ name: 'In and out', kind: 'private', members: [ben.username] })
    const room = bens.client.room(id)
    const presence = bens.client.people.in(id)
    await until(() => room.state.get().state === 'live' && presence.state.get().known)
    // A room is live once its page is loaded; only a new message shows that the subscription works.
    await adas.client.trpc.chat.send.mutate({ room: id, text: 'before it' })
    await until(() => room.state.get().timeline.messages.at(-1)?.text === 'before it')
    await adas.client.trpc.rooms.remove.mutate({ room: id, username: ben.username })
    await until(() => room.state.get().state === 'ended' && presence.state.get().ended !== null)
    expect(room.state.get()).toMatchObject({ reason: { name: 'MEMBERSHIP_ENDED' } })
    await adas.client.trpc.chat.send.mutate({ room: id, text: 'behind his back' })
    await adas.client.trpc.rooms.invite.mutate({ room: id, username: ben.username })
    room.reopen()
    presence.reopen()
    await until(() => room.state.get().state === 'live' && presence.state.get().known)
    await adas.client.trpc.chat.send.mutate({ room: id, text: 'welcome back' })
    await until(() => room.state.get().timeline.messages.at(-1)?.text === 'welcome back')
  })
})

it('SDK client: a program that opens rooms while signed out exits when its client is closed', async () => {
  const program = `
    import { createChat } from './src/sdk-package/node-entry.ts'
    const client = createChat({ url: ${JSON.stringify(roomline.urls[0])} })
    client.room('general')
    client.people.in('general')
    await new Promise((resolve) => client.connection.subscribe(() => client.connection.get().state === 'signed-out' && resolve(null)))
    const list = client.rooms.open()
    console.log(list.state.get().state)
    client.trpc.chat.send.mutate({ room: 'general', text: 'x' }).catch(({ message }) => console.log(message))
    await client.close()
    console.log('closed')
  `
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { timeout: 60_000 })
  expect(stdout.trim().split('\n')).toEqual(['ended', "You're not signed in, or your session has ended.", 'closed'])
}, 90_000)

describe('SDK client: credentials that become somebody else’s', () => {
  const textsOf = async (room: string) =>
    (
      await roomline.pool.query<{ text: string; username: string }>(
        'SELECT m.text, u.username FROM messages m JOIN users u ON u.id = m.author_id WHERE m.room_id = $1 ORDER BY m.seq',
        [room],
      )
    ).rows

  it('sends messages as its own person or not at all, and leaves the rest to their next client', async () => {
    const [dan, eve] = [await roomline.signUp(), await roomline.signUp()]
    const danAgain = await roomline.signIn(dan.username)
    const outbox = createMemoryOutbox()
    let token: string | null = dan.token
    await using dans = connect({ auth: () => token, outbox })
    const { id: room } = await dans.client.trpc.rooms.create.mutate({
      name: `Of ${dan.username}`,
      kind: 'private',
      members: [eve.username],
    })
    const opened = dans.client.room(room)
    await until(() => opened.state.get().state === 'live')
    token = null
    await logOut(dan)
    await until(() => dans.client.connection.get().state === 'signed-out')
    for (const text of ['Dan’s first', 'Dan’s second']) opened.send(text)
    token = eve.token
    dans.client.connection.reopen()
    await until(() => dans.client.connection.get().state === 'refused')
    expect(dans.client.connection.get()).toMatchObject({ reason: { name: 'ANOTHER_USER' } })
    await expect(dans.client.trpc.chat.send.mutate({ room, text: 'a raw call' })).rejects.toThrow()

    // Her client uses the same storage, and checks it regularly.
    await using eves = connect({ auth: eve.token, outbox })
    const evesRoom = eves.client.room(room)
    await until(() => evesRoom.state.get().state === 'live')
    evesRoom.send('Eve’s own')
    expect(await eves.client.flush()).toBe(true)
    expect(evesRoom.state.get().timeline.unsent).toEqual([])
    await eves.client.close()
    expect(await textsOf(room)).toEqual([{ text: 'Eve’s own', username: eve.username }])

    await using _ = connect({ auth: danAgain.token, outbox })
    await until(async () => (await textsOf(room)).length === 3)
    expect(await textsOf(room)).toEqual([
      { text: 'Eve’s own', username: eve.username },
      { text: 'Dan’s first', username: dan.username },
      { text: 'Dan’s second', username: dan.username },
    ])
    await until(async () => (await outbox.load()).length === 0)
  })

  it('notices at the next sign-in, while somebody writes', async () => {
    const [dan, eve] = [await roomline.signUp(), await roomline.signUp()]
    let token = dan.token
    await using dans = connect({ url: proxyUrl, auth: () => token })
    await until(isConnected(dans.client))
    const { id: room } = await dans.client.trpc.rooms.create.mutate({
      name: `Both of ${dan.username}`,
      kind: 'private',
      members: [eve.username],
    })
    const opened = dans.client.room(room)
    await until(() => opened.state.get().state === 'live')
    token = eve.token
    for (let index = 0; index < 15; index++) {
      opened.send(`${index}`)
      if (index === 5) await logOut(dan)
    }
    await until(() => dans.client.connection.get().state === 'refused')
    expect((await textsOf(room)).filter(({ username }) => username !== dan.username)).toEqual([])
  })
})
