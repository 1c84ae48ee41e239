import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Chat, ChatError, createChat, type RoomEvent, readFailure } from '../../src/sdk'
import { inspect } from '../../src/sdk/inspection'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'

let roomline: Roomline
let proxy: TcpProxy
let ada: Person
let ben: Person
let adas: Chat
let bens: Chat
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 1 })
  proxy = await startTcpProxy(() => roomline.nodes[0]?.port ?? null)
  ;[ada, ben] = [await roomline.signUp(), await roomline.signUp()]
  adas = createChat({ url: roomline.urls[0] ?? '', auth: ada.token, WebSocket })
  bens = createChat({ url: `ws://127.0.0.1:${proxy.port}/trpc`, auth: ben.token, WebSocket })
})
afterAll(async () => {
  await Promise.all([adas?.close(), bens?.close()])
  await proxy?.close()
  await roomline?.[Symbol.asyncDispose]()
})

const makeRoom = async (name: string) => (await adas.rooms.create({ name, kind: 'private', members: [ben.username] })).id

/** Reads events until there are this many. */
async function take(events: AsyncIterableIterator<RoomEvent>, count: number): Promise<RoomEvent[]> {
  const taken: RoomEvent[] = []
  while (taken.length < count) {
    const { value, done } = await events.next()
    if (done) break
    taken.push(value)
  }
  return taken
}

describe('room events', () => {
  it('name what happened, with the message before', async () => {
    const a = adas.room(await makeRoom('Named'))
    const heard = bens.room(a.id)
    const events = heard.events()
    const first = take(events, 8)
    await until(() => heard.state.get().state === 'live')
    const { seq } = await a.send('Tea?').done
    await a.edit(seq, 'Coffee?')
    await a.react(seq, '☕')
    await a.pin(seq)
    await a.unpin(seq)
    const message = heard.state.get().timeline.messages.find((each) => each.seq === seq)
    await heard.send('Gladly', message ? { replyTo: message } : {}).done
    await a.remove(seq)
    const happened = (await first).map((event) => `${event.type} ${event.message.seq}`)
    expect(happened.toSorted()).toEqual(
      [
        ...[`created ${seq}`, `edited ${seq}`, `reacted ${seq}`, `pinned ${seq}`, `pinned ${seq}`],
        ...[`created ${seq + 1}`, `answered ${seq}`, `removed ${seq}`],
      ].toSorted(),
    )
    const [created, edited] = await first
    expect(created).not.toHaveProperty('previous')
    expect(edited).toMatchObject({ previous: { text: 'Tea?' }, message: { text: 'Coffee?' } })
    await events.return?.()
    a.close()
    heard.close()
  })

  it('say who came and went', async () => {
    const room = adas.room(await makeRoom('Members'))
    const cleo = await roomline.signUp()
    const events = room.events()
    const news = take(events, 3)
    await until(() => room.state.get().state === 'live')
    await adas.trpc.rooms.invite.mutate({ room: room.id, username: cleo.username })
    await bens.rooms.leave(room.id)
    await adas.trpc.rooms.remove.mutate({ room: room.id, username: cleo.username })
    expect(await news).toMatchObject([
      { type: 'membership', change: 'added', user: { username: cleo.username } },
      { type: 'membership', change: 'left', user: { username: ben.username } },
      { type: 'membership', change: 'removed', user: { username: cleo.username } },
    ])
    await events.return?.()
    room.close()
  })

  it('continue behind a cursor: nothing is lost or repeated, whatever happened meanwhile', async () => {
    const room = adas.room(await makeRoom('Resumed'))
    const { seq: edited } = await room.send('before').done
    const heard = bens.room(room.id)
    await until(() => heard.state.get().state === 'live')
    const events = heard.events()
    const begun = take(events, 1)
    await room.send('one').done
    const [one] = await begun
    await events.return?.()
    heard.close()
    for (let index = 0; index < 1_200; index++) room.send(`missed ${index}`)
    await adas.flush({ timeoutMs: 60_000 })
    await room.edit(edited, 'edited meanwhile')
    const again = bens.room(room.id)
    // More than are kept waiting, so that the subscription stops and goes on.
    const resumed = again.events({ after: one?.cursor })
    const [firstMissed] = await take(resumed, 1)
    proxy.cut()
    const rest = await take(resumed, 1_200)
    expect([firstMissed, ...rest].map((event) => `${event?.type} ${event?.message.text}`)).toEqual([
      ...Array.from({ length: 1_200 }, (_, index) => `created missed ${index}`),
      'edited edited meanwhile',
    ])
    await resumed.return?.()
    room.close()
    again.close()
  })

  it('end when the signal aborts, and throw when the person is no longer in the room', async () => {
    const room = bens.room(await makeRoom('Ended'))
    const stop = new AbortController()
    const stopped = take(room.events({ signal: stop.signal }), 1)
    const refused = take(room.events(), 10).catch(readFailure)
    await until(() => room.state.get().state === 'live')
    stop.abort()
    expect(await stopped).toEqual([])
    await adas.trpc.rooms.remove.mutate({ room: room.id, username: ben.username })
    expect(await refused).toMatchObject({ name: 'MEMBERSHIP_ENDED' })
    expect(await take(bens.room(room.id).events(), 1).catch(readFailure)).toMatchObject({ name: 'ROOM_NOT_FOUND' })
    expect(await take(room.events({ after: 'yesterday' }), 1).catch(readFailure)).toMatchObject({ name: 'BAD_REQUEST' })
  })
})

describe('room events that begin now', () => {
  it('begin behind what is there when the room has been loaded, not with all that was ever written', async () => {
    const id = await makeRoom('Begun')
    const writing = adas.room(id)
    for (const text of ['one', 'two', 'three']) await writing.send(text).done
    // Asked for before the room is loaded.
    const room = bens.room(id)
    const first = take(room.events(), 1)
    await until(() => room.state.get().state === 'live')
    await writing.send('four').done
    expect(await first).toMatchObject([{ type: 'created', message: { text: 'four' } }])
    room.close()
    writing.close()
  })

  it('end at once when they are no longer wanted, and with the room when that is closed', async () => {
    const chat = createChat({ url: 'ws://127.0.0.1:9/trpc', auth: ben.token, WebSocket })
    const stop = new AbortController()
    const stopped = take(chat.room('general').events({ signal: stop.signal }), 1)
    stop.abort()
    expect(await stopped).toEqual([])
    const room = bens.room(await makeRoom('Closed'))
    const closed = take(room.events(), 1).catch(readFailure)
    room.close()
    expect(await closed).toMatchObject({ name: 'CLOSED' })
    await chat.close()
  })
})

describe('room.send', () => {
  it('tries a rejected message again when it is sent again, and says how that ends', async () => {
    const id = await makeRoom('Again')
    const room = adas.room(id)
    await adas.trpc.rooms.archive.mutate({ room: id, archived: true })
    const clientId = 'sent-again-later'
    expect(await room.send('too early', { clientId }).done.catch(readFailure)).toMatchObject({ name: 'ROOM_ARCHIVED' })
    await adas.trpc.rooms.archive.mutate({ room: id, archived: false })
    expect(await room.send('too early', { clientId }).done).toMatchObject({ text: 'too early', clientId })
    room.close()
  })

  it('to a thread that is still loading waits in the outbox like any other', async () => {
    const id = await makeRoom('Thread')
    const room = adas.room(id)
    const { seq } = await room.send('Where is the key?').done
    proxy.setFault({ toServer: { hold: true } })
    const thread = bens.thread(id, seq)
    const { clientId } = thread.send('Under the mat')
    thread.close()
    expect(inspect(bens).unsent.get()).toMatchObject([{ clientId, room: id, replyTo: { seq } }])
    proxy.setFault({})
    await bens.flush({ timeoutMs: 30_000 })
    await until(() => room.state.get().timeline.messages.some((message) => message.clientId === clientId && message.thread === seq))
    room.close()
  })

  it('resolves done with the message, once, however often the same clientId is sent', async () => {
    const room = adas.room('general')
    const sent = await Promise.all([1, 2, 3].map(() => room.send('only once', { clientId: 'the-same-one' }).done))
    expect(new Set(sent.map(({ seq }) => seq)).size).toBe(1)
    expect((await room.send('only once', { clientId: 'the-same-one' }).done).seq).toBe(sent[0]?.seq)
    room.close()
  })

  it('rejects done with the reason: refused, discarded, closed', async () => {
    const id = await makeRoom('Rejected')
    const room = adas.room(id)
    await adas.trpc.rooms.archive.mutate({ room: id, archived: true })
    const { clientId, done } = room.send('too late')
    const error = await done.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ChatError)
    expect(readFailure(error).name).toBe('ROOM_ARCHIVED')
    room.discard(clientId)
    const closing = createChat({ url: 'ws://127.0.0.1:9/trpc', auth: ada.token, WebSocket })
    const pending = closing.room('general').send('never')
    await closing.close()
    expect(await pending.done.catch(readFailure)).toMatchObject({ name: 'CLOSED' })
    room.close()
  })
})
