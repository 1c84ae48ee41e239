import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createChat } from '../../src/sdk'
import { createTestUser } from '../../src/sdk/testing'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** A socket class whose sockets the test can cut. */
function cuttable() {
  const sockets = new Set<WebSocket>()
  let blocked = false
  class CuttableSocket extends WebSocket {
    constructor(url: string | URL) {
      super(blocked ? 'ws://127.0.0.1:9/' : url)
      sockets.add(this)
      this.on('error', () => {})
      this.on('close', () => sockets.delete(this))
    }
  }
  return {
    WebSocket: CuttableSocket as unknown as typeof globalThis.WebSocket,
    cut: () => {
      for (const socket of sockets) socket.terminate()
    },
    goOffline: (offline: boolean) => {
      blocked = offline
      if (offline) for (const socket of sockets) socket.terminate()
    },
    count: () => sockets.size,
  }
}

async function join(node = 0) {
  const person = await roomline.signUp()
  const network = cuttable()
  const client = createChat({ url: roomline.urls[node] ?? '', auth: person.token, WebSocket: network.WebSocket })
  return { person, network, client, [Symbol.asyncDispose]: () => client.close() }
}

describe('a room opened through the SDK', () => {
  it('shows your own messages at once, and everybody’s in the same order', async () => {
    await using ada = await join(0)
    await using ben = await join(1)
    const rooms = [ada.client.room('general'), ben.client.room('general')] as const
    await until(() => rooms.every((room) => room.state.get().state === 'live'))
    for (let index = 0; index < 20; index++) {
      rooms[0].send(`ada ${index}`)
      rooms[1].send(`ben ${index}`)
    }
    expect(rooms[0].state.get().timeline.unsent).toHaveLength(20)
    await until(() =>
      rooms.every((room) => room.state.get().timeline.messages.length === 40 && room.state.get().timeline.unsent.length === 0),
    )
    const [first, second] = rooms.map((room) => room.state.get().timeline.messages)
    expect(first).toEqual(second)
    expect(first?.filter(({ author }) => author.username === ada.person.username).map(({ text }) => text)).toEqual(
      Array.from({ length: 20 }, (_, index) => `ada ${index}`),
    )
  })

  it('offline: keeps messages, sends them once and in order, and catches up', async () => {
    await using ada = await join()
    await using ben = await join()
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Offline', kind: 'private', members: [ben.person.username] })
    const adas = ada.client.room(room)
    const bens = ben.client.room(room)
    await until(() => [adas, bens].every(({ state }) => state.get().state === 'live'))
    ada.network.goOffline(true)
    await until(() => ada.client.connection.get().state === 'connecting')
    for (let index = 0; index < 5; index++) adas.send(`written offline ${index}`)
    for (let index = 0; index < 5; index++) await ben.client.trpc.chat.send.mutate({ room, text: `missed ${index}` })
    ada.network.goOffline(false)
    await until(() => adas.state.get().timeline.unsent.length === 0 && adas.state.get().timeline.messages.length === 10, 20_000)
    await until(() => bens.state.get().timeline.messages.length === 10)
    expect(adas.state.get().timeline.messages).toEqual(bens.state.get().timeline.messages)
    expect(
      bens.state
        .get()
        .timeline.messages.slice(5)
        .map(({ text }) => text),
    ).toEqual(Array.from({ length: 5 }, (_, index) => `written offline ${index}`))
  })

  it('loses nothing when the connection is cut repeatedly while people write', async () => {
    await using ada = await join(0)
    await using ben = await join(1)
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Cut', kind: 'private', members: [ben.person.username] })
    const adas = ada.client.room(room)
    const bens = ben.client.room(room)
    await until(() => [adas, bens].every(({ state }) => state.get().state === 'live'))
    for (let round = 0; round < 5; round++) {
      for (let index = 0; index < 10; index++) adas.send(`${round}.${index}`)
      ada.network.cut()
      ben.network.cut()
      await until(() => ada.client.connection.get().state === 'connected' && ben.client.connection.get().state === 'connected', 20_000)
    }
    await until(
      () => [adas, bens].every(({ state }) => state.get().timeline.messages.length === 50 && state.get().timeline.unsent.length === 0),
      30_000,
    )
    expect(bens.state.get().timeline.messages.map(({ text }) => text)).toEqual(
      Array.from({ length: 50 }, (_, index) => `${Math.floor(index / 10)}.${index % 10}`),
    )
    expect(adas.state.get().timeline.messages).toEqual(bens.state.get().timeline.messages)
  })

  it('reports why a message failed, and sends it again on retry', async () => {
    await using ada = await join()
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Failing', kind: 'public' })
    const opened = ada.client.room(room)
    await until(() => opened.state.get().state === 'live')
    await roomline.pool.query('UPDATE rooms SET archived_at = now() WHERE id = $1', [room])
    const { clientId } = opened.send('to an archived room')
    await until(() => opened.state.get().timeline.unsent[0]?.state === 'failed')
    expect(opened.state.get().timeline.unsent[0]).toMatchObject({ clientId, reason: { name: 'ROOM_ARCHIVED', retry: false } })
    await roomline.pool.query('UPDATE rooms SET archived_at = NULL WHERE id = $1', [room])
    opened.retry(clientId)
    await until(() => opened.state.get().timeline.messages.length === 1)
    expect(opened.state.get().timeline).toMatchObject({ unsent: [], messages: [{ clientId, text: 'to an archived room' }] })
  })

  it('loads older messages page by page', async () => {
    await using ada = await join()
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Long', kind: 'private' })
    for (let index = 1; index <= 120; index++) await ada.client.trpc.chat.send.mutate({ room, text: `${index}` })
    const opened = ada.client.room(room)
    await until(() => opened.state.get().state === 'live')
    expect(opened.state.get().timeline.messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, index) => 71 + index))
    await opened.loadOlder()
    await opened.loadOlder()
    await opened.loadOlder()
    expect(opened.state.get().timeline.messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
    expect(opened.state.get().timeline.hasBefore).toBe(false)
  })

  it('shows an answer, an edit, reactions and a removal to others, and to their author at once', async () => {
    await using ada = await join(0)
    await using ben = await join(1)
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Acts', kind: 'private', members: [ben.person.username] })
    const adas = ada.client.room(room)
    const bens = ben.client.room(room)
    await until(() => [adas, bens].every(({ state }) => state.get().state === 'live'))
    const of = ({ state }: typeof adas, seq: number) => state.get().timeline.messages.find((message) => message.seq === seq)

    adas.send('Tea or coffee?')
    await until(() => of(bens, 1) !== undefined)
    const replyTo = { seq: 1, author: createTestUser({ username: ada.person.username }), text: 'Tea or coffee?' }
    bens.send('Coffee', { replyTo })
    expect(bens.state.get().timeline.unsent).toMatchObject([{ text: 'Coffee', replyTo }])
    await until(() => of(adas, 2)?.replyTo?.seq === 1 && of(adas, 1)?.replyCount === 1)

    await adas.edit(1, 'Tea or cocoa?')
    expect(of(adas, 1)).toMatchObject({ text: 'Tea or cocoa?', editedAt: expect.any(String) })
    await until(() => of(bens, 1)?.text === 'Tea or cocoa?')

    await bens.react(1, '☕')
    expect(of(bens, 1)?.reactions).toEqual([{ emoji: '☕', usernames: [ben.person.username], count: 1 }])
    await until(() => of(adas, 1)?.reactions.length === 1)
    await bens.unreact(1, '☕')
    expect(of(bens, 1)?.reactions).toEqual([])
    await until(() => of(adas, 1)?.reactions.length === 0)

    // The room's owner can remove another's message; a member cannot.
    await expect(bens.remove(1)).rejects.toMatchObject({ data: { failure: 'NOT_ALLOWED' } })
    await adas.remove(2)
    expect(of(adas, 2)).toMatchObject({ text: '', deletedAt: expect.any(String) })
    await until(() => of(bens, 2)?.deletedAt != null)
    expect(adas.state.get().timeline.messages).toEqual(bens.state.get().timeline.messages)
  })

  it('marks the room as read, and as unread from a message on', async () => {
    await using ada = await join()
    await using ben = await join()
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Marks', kind: 'private', members: [ben.person.username] })
    for (const text of ['one', 'two', 'three']) await ada.client.trpc.chat.send.mutate({ room, text })
    const bens = ben.client.room(room)
    expect(await bens.markRead(3)).toMatchObject({ readSeq: 3, unread: 0 })
    expect(await bens.markUnread(2)).toMatchObject({ readSeq: 1, unread: 2 })
    expect(await ben.client.trpc.rooms.list.query()).toContainEqual(expect.objectContaining({ id: room, unread: 2 }))
  })

  it('reports how long to wait in slow mode', async () => {
    await using ada = await join()
    await using ben = await join()
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Slow', kind: 'private', members: [ben.person.username] })
    await ada.client.trpc.rooms.update.mutate({ room, slowModeSeconds: 600 })
    const bens = ben.client.room(room)
    await until(() => bens.state.get().state === 'live')
    bens.send('first')
    bens.send('second')
    await until(() => bens.state.get().timeline.unsent[0]?.state === 'failed')
    const [second] = bens.state.get().timeline.unsent
    expect(second).toMatchObject({ text: 'second', reason: { name: 'SLOW_MODE', retry: false } })
    const wait = second?.state === 'failed' ? second.reason.retryAfterMs : undefined
    expect(wait).toBeGreaterThan(500_000)
    expect(wait).toBeLessThanOrEqual(600_000)
  })

  it('ends with the reason when the person has no access', async () => {
    await using ada = await join()
    const opened = ada.client.room('no-such-room')
    await until(() => opened.state.get().state === 'ended')
    expect(opened.state.get()).toMatchObject({ state: 'ended', reason: { name: 'ROOM_NOT_FOUND' } })
  })
})

describe('SDK client', () => {
  it('ends when its session is over', async () => {
    await using ada = await join()
    await ada.client.trpc.session.me.query()
    await roomline.web.logout(postJson('/api/logout', {}, { cookie: ada.person.cookie }))
    await until(() => ada.client.connection.get().state === 'signed-out')
    await until(() => ada.network.count() === 0)
    // Long enough for a client that would connect again.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(ada.network.count()).toBe(0)
    expect(ada.client.connection.get().state).toBe('signed-out')
  })
})
