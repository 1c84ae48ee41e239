import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { initTRPC, tracked } from '@trpc/server'
import { getWSConnectionHandler } from '@trpc/server/adapters/ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Message } from '../../src/contract/message'
import { createTestMessage } from '../../src/sdk/testing'
import { canDeliverDirectly } from '../../src/server/fanout/client-socket'
import { encodeEvent, encodeHead, joinFrames } from '../../src/server/fanout/event-frames'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

describe('a frame of a room', () => {
  const message = createTestMessage({ seq: 7, version: 9, text: 'Grüße, 世界 🦊 "quoted" \\ \u2028' })

  it('has exactly the bytes that tRPC’s own adapter writes, for any request id', async () => {
    for (const request of [{ id: 1 }, { id: 4_711 }, { id: 'a "quoted" id' }, { id: 2, jsonrpc: '2.0' as const }]) {
      const [, written] = await writtenByStockAdapter(request, message)
      const frame = joinFrames(encodeHead(request), [encodeEvent(message)])
      expect(frame.subarray(4).toString()).toBe(written)
    }
  })

  it('is a complete WebSocket frame at any length, and many can be one write', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    try {
      const texts = [0, 1, 60, 100, 125, 126, 1_000, 65_400, 65_535, 65_536, 200_000].map((length) => 'x'.repeat(length))
      server.on('connection', (_, request) => {
        const events = texts.map((text, index) => encodeEvent(createTestMessage({ seq: index + 1, text })))
        request.socket.write(joinFrames('{"id":1', events))
      })
      const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const got: string[] = []
      client.on('message', (data) => got.push(JSON.parse(data.toString()).result.data.data.text))
      await until(() => got.length === texts.length)
      expect(got).toEqual(texts)
      client.terminate()
    } finally {
      server.close()
    }
  })
})

describe('direct delivery: the check at the start', () => {
  it('passes on this release of tRPC', async () => {
    expect(await canDeliverDirectly()).toBe(true)
  })

  it('fails when the adapter does not pass the encoder’s results on', async () => {
    const textOnly = ((options) =>
      getWSConnectionHandler({
        ...options,
        experimental_encoder: { decode: JSON.parse, encode: JSON.stringify },
      } as typeof options)) as typeof getWSConnectionHandler
    const silent = (() => () => {}) as unknown as typeof getWSConnectionHandler
    expect(await canDeliverDirectly(textOnly)).toBe(false)
    expect(await canDeliverDirectly(silent)).toBe(false)
  })
})

describe.each([
  ['delivered directly', true],
  ['through tRPC’s loop (the fallback)', false],
] as const)('a subscription %s', (_, allowDirectDelivery) => {
  let roomline: Roomline
  beforeAll(async () => {
    roomline = await startRoomline({ nodes: 2, allowDirectDelivery })
  })
  afterAll(() => roomline[Symbol.asyncDispose]())

  async function makeRoom() {
    const ada = await roomline.signUp()
    const client = roomline.connect(ada)
    const { id: room } = await client.trpc.rooms.create.mutate({ name: `Room ${randomUUID()}`, kind: 'public' })
    return { ada, client, room, send: (text: string) => client.trpc.chat.send.mutate({ room, text }) }
  }

  it('delivers earlier and new messages on both nodes, with several request ids at once', async () => {
    const { ada, client, room, send } = await makeRoom()
    for (let index = 0; index < 5; index++) await send(`before ${index}`)
    const elsewhere = roomline.connect(ada, { node: 1 })
    const followed = [await client.follow(room, '0'), await client.follow(room, '2'), await elsewhere.follow(room, '0')]
    for (let index = 0; index < 40; index++) await send(`live ${index}`)
    for (const [index, { until: came }] of followed.entries()) {
      const first = index === 1 ? 3 : 1
      const messages = await came(46 - first)
      expect(messages.map(({ version }) => version)).toEqual(Array.from({ length: 46 - first }, (_value, at) => at + first))
    }
  })

  it('stops when its client stops it, and leaves nothing behind', async () => {
    const { client, room, send } = await makeRoom()
    const { rooms = 0, followers = 0 } = roomline.nodes[0]?.count() ?? {}
    const followed = await client.follow(room)
    await send('one')
    await followed.until(1)
    expect(roomline.nodes[0]?.count()).toMatchObject({ rooms: rooms + 1, followers: followers + 1 })
    followed.stop()
    await until(() => roomline.nodes[0]?.count().rooms === rooms && roomline.nodes[0].count().followers === followers)
    // A message for the stopped one would have come before the one for this.
    const after = await client.follow(room)
    await send('two')
    await after.until(1)
    expect(followed.messages).toHaveLength(1)
  })

  it('ends with MEMBERSHIP_ENDED when its person leaves, and the connection stays open', async () => {
    const { ada, room, send } = await makeRoom()
    const ben = roomline.connect(await roomline.signUp(), { node: 1 })
    await ben.trpc.rooms.join.mutate({ room })
    const followed = await ben.follow(room)
    await send('for both')
    await followed.until(1)
    await ben.trpc.rooms.leave.mutate({ room })
    await until(() => followed.errors.length === 1)
    expect(await failureOf(Promise.reject(followed.errors[0]))).toBe('MEMBERSHIP_ENDED')
    const elsewhere = await roomline.connect(ada, { node: 1 }).follow(room)
    await send('for those who stayed')
    await elsewhere.until(1)
    expect((await ben.trpc.session.me.query()).user.username).not.toBe(ada.username)
    expect(followed.messages).toHaveLength(1)
    expect(ben.closed).toEqual([])
  })

  it('counts against its connection’s limit until it ends', async () => {
    await using limited = await startRoomline({ allowDirectDelivery, env: { MAX_SUBSCRIPTIONS_PER_CONNECTION: '2' } })
    const client = limited.connect(await limited.signUp())
    const first = await client.follow('general')
    await client.follow('general')
    expect(await failureOf(client.follow('general'))).toBe('TOO_MANY_SUBSCRIPTIONS')
    first.stop()
    await until(() => limited.nodes[0]?.count().followers === 1)
    await client.follow('general')
  })

  it('can be stopped in a frame with other calls', async () => {
    const { ada, room, send } = await makeRoom()
    const socket = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie: ada.cookie } })
    const frames: string[] = []
    socket.on('message', (data) => frames.push(data.toString()))
    await once(socket, 'open')
    const subscribe = (id: number) => ({ id, method: 'subscription', params: { path: 'chat.onMessage', input: { room } } })
    socket.send(JSON.stringify([subscribe(1), subscribe(2)]))
    await until(() => frames.filter((frame) => frame.includes('"started"')).length === 2)
    await send('"subscription.stop"')
    await until(() => frames.length === 4)
    socket.send(
      JSON.stringify([
        { id: 1, method: 'subscription.stop' },
        { id: 3, method: 'query', params: { path: 'session.me' } },
      ]),
    )
    await until(() => frames.length === 6)
    expect(frames).toContain('{"id":1,"result":{"type":"stopped"}}')
    await send('for the other')
    await until(() => frames.length === 7)
    expect(frames.at(-1)).toMatch(/^\{"id":2,"result":\{"type":"data","data":\{"id":"2"/)
    socket.terminate()
  })
})

it('a subscription: is rejected when its id is too long, and replaced when its id is used again', async () => {
  await using roomline = await startRoomline()
  const ada = await roomline.signUp()
  const socket = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie: ada.cookie } })
  const frames: { id: unknown; error?: { data: object }; result?: { type: string } }[] = []
  socket.on('message', (data) => frames.push(JSON.parse(data.toString())))
  await once(socket, 'open')
  const ask = (id: number | string) =>
    socket.send(JSON.stringify({ id, method: 'subscription', params: { path: 'chat.onMessage', input: { room: 'general' } } }))
  ask('x'.repeat(10_000))
  await until(() => frames.length === 3)
  expect(frames.map(({ error, result }) => error?.data ?? result?.type)).toEqual([
    'started',
    expect.objectContaining({ code: 'BAD_REQUEST', failure: 'BAD_REQUEST', path: 'chat.onMessage' }),
    'stopped',
  ])
  ask(7)
  await until(() => frames.length === 4)
  ask(7)
  await until(() => frames.length === 5)
  expect(roomline.nodes[0]?.count().followers).toBe(1)
  await roomline.connect(ada).trpc.chat.send.mutate({ room: 'general', text: 'once' })
  await until(() => frames.length === 6)
  expect(frames.slice(3).map(({ id, result }) => [id, result?.type])).toEqual([
    [7, 'started'],
    [7, 'started'],
    [7, 'data'],
  ])
  socket.terminate()
})

/** What the adapter of the installed release writes for a subscription that yields one tracked message. */
async function writtenByStockAdapter(request: { id: number | string; jsonrpc?: '2.0' }, message: Message): Promise<string[]> {
  const trpc = initTRPC.create()
  const router = trpc.router({
    follow: trpc.procedure.subscription(async function* () {
      yield tracked(String(message.version), message)
    }),
  })
  const written: string[] = []
  const socket = Object.assign(new EventEmitter(), {
    readyState: WebSocket.OPEN,
    send: (text: string) => written.push(text),
    close: () => {},
  })
  getWSConnectionHandler({ router, wss: null as never })(socket as never, { url: '/', headers: { host: 'localhost' } } as never)
  socket.emit('message', Buffer.from(JSON.stringify({ ...request, method: 'subscription', params: { path: 'follow' } })), false)
  await until(() => written.length === 3)
  return written
}
