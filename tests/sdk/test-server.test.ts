import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { describe, expect, it, vi } from 'vitest'
import { type AppRouter, createMemoryOutbox } from '../../src/sdk'
import { readFailure } from '../../src/sdk/chat-error'
import { createTestServer, type TestServer } from '../../src/sdk/testing'

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) => readFailure(error),
  )

/** Ada and Ben in a room, with Ada's view of it. */
async function withAda(server: TestServer) {
  server.room('general', { members: ['ada', 'ben'] })
  const ada = server.connect('ada')
  const room = ada.room('general')
  await server.settled()
  const texts = () => room.state.get().timeline.messages.map(({ text }) => text)
  const unsent = () => room.state.get().timeline.unsent.map(({ text, state }) => [text, state])
  return { ada, room, texts, unsent }
}

describe('a server in memory', () => {
  it('shows what others say, and what one says oneself, once it is settled', async () => {
    await using server = createTestServer()
    const { room, texts, unsent } = await withAda(server)
    expect(room.state.get().state).toBe('live')
    server.say('ben', 'general', 'Hi')
    room.send('Hello')
    expect(unsent()).toEqual([['Hello', 'pending']])
    await server.settled()
    expect(texts()).toEqual(['Hi', 'Hello'])
    expect(unsent()).toEqual([])
    expect(server.messages('general')).toEqual(room.state.get().timeline.messages)
  })

  it('people and rooms are as they were ordered', async () => {
    await using server = createTestServer()
    expect(server.user('ada', { displayName: 'Ada Lovelace', role: 'admin' })).toEqual({
      ...{ id: 'user-of-ada', username: 'ada', displayName: 'Ada Lovelace', avatar: null },
    })
    server.room('news', {
      name: 'News',
      topic: 'All of it',
      kind: 'private',
      roles: { ada: 'owner' },
      members: ['ben'],
      postingPolicy: 'moderators',
    })
    const direct = server.room('', { kind: 'direct', members: ['ada', 'ben'] })
    expect(server.room('', { kind: 'direct', members: ['ben', 'ada'] })).toBe(direct)
    const [ada, ben] = [server.connect('ada'), server.connect('ben')]
    expect(await ada.rooms.get('news')).toMatchObject({ name: 'News', topic: 'All of it', kind: 'private', role: 'owner' })
    expect(await ben.rooms.get(direct)).toMatchObject({ kind: 'direct', name: 'Ada Lovelace' })
    expect(await failureOf(ben.room('news').send('x').done)).toMatchObject({ name: 'POSTING_RESTRICTED' })
    expect(() => server.say('ben', 'nowhere', 'x')).toThrow('there is no room "nowhere"')
    expect((await ada.people.get('ada')).role).toBe('admin')
  })

  it('works with no call of settled at all, where a call is awaited', async () => {
    await using server = createTestServer()
    server.room('general', { members: ['ada'] })
    const ada = server.connect('ada')
    const { seq } = await ada.room('general').send('Hello').done
    expect(seq).toBe(1)
    for await (const event of ada.room('general').events({ after: '0' })) {
      expect(event).toMatchObject({ type: 'created', message: { text: 'Hello' } })
      break
    }
  })

  it('messages have the time of the clock, which stands still until it is moved', async () => {
    await using server = createTestServer({ now: '2026-03-01T08:00:00Z' })
    server.room('general')
    expect(server.say('ben', 'general', 'one').time).toBe('2026-03-01T08:00:00.000Z')
    await server.clock.advance(90_000)
    expect(server.say('ben', 'general', 'two').time).toBe('2026-03-01T08:01:30.000Z')
    server.clock.set('2026-04-01T00:00:00Z')
    expect(server.say('ben', 'general', 'three').time).toBe('2026-04-01T00:00:00.000Z')
    expect(() => server.clock.set('tomorrow')).toThrow('tomorrow is not a time')
  })

  it('typing ends after six seconds', async () => {
    await using server = createTestServer()
    const { ada } = await withAda(server)
    const presence = ada.people.in('general')
    server.type('ben', 'general')
    await server.settled()
    expect(presence.state.get().typing).toEqual(['ben'])
    await server.clock.advance(6_000)
    expect(presence.state.get().typing).toEqual([])
  })

  it('a procedure that it does not have is rejected with words that name it', async () => {
    await using server = createTestServer()
    const { ada } = await withAda(server)
    const failure = await failureOf(ada.trpc.rooms.createInvite.mutate({ room: 'general' }))
    expect(failure).toMatchObject({ name: 'NO_SUCH_PROCEDURE', retry: false, words: expect.stringContaining('rooms.createInvite') })
  })

  it('five minutes of silence pass quickly, with the connection kept alive', async () => {
    await using server = createTestServer()
    const { ada, texts } = await withAda(server)
    const states = new Set<string>()
    ada.connection.subscribe(() => states.add(ada.connection.get().state))
    await server.clock.advance(5 * 60_000)
    server.say('ben', 'general', 'still there?')
    await server.settled()
    expect([texts(), [...states]]).toEqual([['still there?'], []])
  })
})

describe('settled', () => {
  it('needs no real time: no timer is set for later than now', async () => {
    await using server = createTestServer()
    const { room, texts } = await withAda(server)
    const timers = vi.spyOn(globalThis, 'setTimeout')
    try {
      for (let index = 0; index < 10; index++) room.send(`${index}`)
      server.disconnect()
      await server.clock.advance(60_000)
      expect(texts()).toHaveLength(10)
      expect(timers.mock.calls.length).toBeGreaterThan(0)
      expect(timers.mock.calls.map(([, ms]) => ms ?? 0).filter((ms) => ms > 0)).toEqual([])
    } finally {
      timers.mockRestore()
    }
  })

  it('waits for everything that an answer causes', async () => {
    await using server = createTestServer()
    const { ada } = await withAda(server)
    let steps = 0
    const chain = async () => {
      for (; steps < 20; steps++) await ada.rooms.list()
    }
    void chain()
    await server.settled()
    expect(steps).toBe(20)
  })

  it('does not wait for what waits for the clock', async () => {
    await using server = createTestServer()
    const { room, unsent } = await withAda(server)
    server.delay('chat.send', 60_000)
    room.send('slow')
    await server.settled()
    expect(unsent()).toEqual([['slow', 'pending']])
  })
})

describe('faults', () => {
  it('disconnect: the client reconnects when time passes, and has what it missed', async () => {
    await using server = createTestServer()
    const { ada, room, texts, unsent } = await withAda(server)
    server.disconnect('ada')
    await server.settled()
    expect(ada.connection.get()).toMatchObject({ state: 'connecting', lastError: { name: 'DISCONNECTED' } })
    server.say('ben', 'general', 'missed')
    room.send('written offline')
    await server.settled()
    expect([texts(), unsent()]).toEqual([[], [['written offline', 'pending']]])
    await server.clock.advance(3_000)
    expect(ada.connection.get().state).toBe('connected')
    expect([texts(), unsent()]).toEqual([['missed', 'written offline'], []])
  })

  it('disconnect with a code: the client comes back, or not, as the code says', async () => {
    await using server = createTestServer()
    const { ada } = await withAda(server)
    server.disconnect(null, 4429)
    await server.settled()
    expect(ada.connection.get()).toMatchObject({ state: 'connecting', lastError: { name: 'TOO_MANY_CONNECTIONS' } })
    await server.clock.advance(3_000)
    expect(ada.connection.get().state).toBe('connected')
    server.disconnect('ada', 1008)
    await server.settled()
    expect(ada.connection.get()).toMatchObject({ state: 'refused' })
  })

  it('dropAnswers: the call is carried out, its outcome is unknown, and the outbox finds it out', async () => {
    await using server = createTestServer()
    const { ada, room, texts, unsent } = await withAda(server)
    const stop = server.dropAnswers('chat.send')
    room.send('once')
    const call = failureOf(ada.trpc.chat.send.mutate({ room: 'general', text: 'by a call' }))
    await server.settled()
    expect(server.messages('general')).toHaveLength(2)
    await server.clock.advance(20_000)
    expect(await call).toMatchObject({ name: 'TIMED_OUT', retry: true })
    stop()
    await server.clock.advance(30_000)
    expect([texts().sort(), unsent()]).toEqual([['by a call', 'once'], []])
  })

  it('revoke: the client is signed out, and signs in again when it may', async () => {
    await using server = createTestServer()
    const { ada, room, texts } = await withAda(server)
    server.revoke('ada')
    await server.settled()
    expect(ada.connection.get()).toMatchObject({ state: 'signed-out', reason: { name: 'UNAUTHORIZED' } })
    room.send('later')
    server.allow('ada')
    ada.connection.reopen()
    await server.settled()
    expect([ada.connection.get().state, texts()]).toEqual(['connected', ['later']])
  })

  it('reject: a call fails once by its name, and works the next time', async () => {
    await using server = createTestServer()
    const { room, texts, unsent } = await withAda(server)
    server.reject('chat.send', 'MUTED')
    const { clientId, done } = room.send('no')
    expect(await failureOf(done)).toMatchObject({ name: 'MUTED', words: expect.any(String) })
    expect(unsent()).toEqual([['no', 'failed']])
    room.retry(clientId)
    await server.settled()
    expect([texts(), unsent()]).toEqual([['no'], []])
  })

  it('reject: several times, or until it is ended, and for procedures that the server does not have', async () => {
    await using server = createTestServer()
    const { ada } = await withAda(server)
    const stop = server.reject('users.changePassword', 'WRONG_PASSWORD', { times: Number.POSITIVE_INFINITY })
    const change = () => failureOf(ada.trpc.users.changePassword.mutate({ current: 'x', password: 'new password 1' }))
    expect([(await change())?.name, (await change())?.name]).toEqual(['WRONG_PASSWORD', 'WRONG_PASSWORD'])
    stop()
    expect((await change())?.name).toBe('NO_SUCH_PROCEDURE')
  })

  it('reject: a subscription ends with the failure', async () => {
    await using server = createTestServer()
    server.room('general', { members: ['ada'] })
    server.reject('chat.onMessage', 'MEMBERSHIP_ENDED')
    const room = server.connect('ada').room('general')
    await server.settled()
    expect(room.state.get()).toMatchObject({ state: 'ended', reason: { name: 'MEMBERSHIP_ENDED' } })
    room.reopen()
    await server.settled()
    expect(room.state.get().state).toBe('live')
  })

  it('delay: a call waits for the clock', async () => {
    await using server = createTestServer()
    const { ada } = await withAda(server)
    const stop = server.delay('rooms.list', 5_000)
    let rooms: unknown[] | null = null
    void ada.rooms.list().then((listed) => (rooms = listed))
    await server.clock.advance(4_999)
    expect(rooms).toBeNull()
    await server.clock.advance(1)
    expect(rooms).toHaveLength(1)
    stop()
    expect(await ada.rooms.list()).toHaveLength(1)
  })

  it('reorder: answers come in another order, the same one with the same seed; a room stays in its own', async () => {
    const ordersOf = async (seed: number) => {
      await using server = createTestServer({ seed })
      const { ada, texts } = await withAda(server)
      const stop = server.reorder()
      const answered: number[] = []
      const calls = Array.from({ length: 10 }, async (_, index) => {
        await ada.trpc.chat.send.mutate({ room: 'general', text: `${index}` })
        answered.push(index)
      })
      await Promise.all(calls)
      await server.settled()
      stop()
      return { answered, texts: texts() }
    }
    const inOrder = Array.from({ length: 10 }, (_, index) => index)
    const first = await ordersOf(7)
    expect(first.answered.toSorted((a, b) => a - b)).toEqual(inOrder)
    expect(first.answered).not.toEqual(inOrder)
    expect(first.texts).toEqual(inOrder.map(String))
    expect(await ordersOf(7)).toEqual(first)
    expect((await ordersOf(8)).answered).not.toEqual(first.answered)
  })

  it('restart: nothing is lost, and nobody notices', async () => {
    await using server = createTestServer()
    const { ada, room, texts } = await withAda(server)
    const states = new Set<string>()
    ada.connection.subscribe(() => states.add(ada.connection.get().state))
    const { uid } = await ada.people.me()
    room.send('before')
    server.restart()
    room.send('meanwhile')
    await server.clock.advance(10_000)
    server.say('ben', 'general', 'after')
    await server.settled()
    expect(texts()).toEqual(['before', 'meanwhile', 'after'])
    expect([[...states], (await ada.people.me()).uid === uid]).toEqual([[], false])
  })

  it('another client sends what one left in the storage, once', async () => {
    await using server = createTestServer()
    server.room('general', { members: ['ada'] })
    const outbox = createMemoryOutbox()
    const first = server.connect('ada', { outbox })
    const room = first.room('general')
    await server.settled()
    server.disconnect()
    room.send('left behind')
    await server.settled()
    await first.close()
    server.connect('ada', { outbox })
    await server.settled()
    expect(server.messages('general').map(({ text }) => text)).toEqual(['left behind'])
  })
})

it('apps make their own client with the options of the server', async () => {
  await using server = createTestServer()
  server.room('general', { members: ['ada'] })
  const { createChat } = await import('../../src/sdk')
  const chat = createChat(server.optionsFor('ada'))
  expect((await chat.people.me()).user.username).toBe('ada')
  await chat.close()
})

it('the stock client of tRPC works with it too', async () => {
  await using server = createTestServer()
  server.room('general', { members: ['ada'] })
  const socket = createWSClient({
    url: server.url,
    WebSocket: server.WebSocket as unknown as typeof WebSocket,
    connectionParams: { token: server.tokenFor('ada') },
  })
  const trpc = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
  const events: string[] = []
  const subscription = trpc.chat.onMessage.subscribe({ room: 'general' }, { onData: ({ data }) => events.push(data.text) })
  await server.settled()
  expect(await trpc.chat.send.mutate({ room: 'general', text: 'Hello' })).toMatchObject({ seq: 1, author: { username: 'ada' } })
  await server.settled()
  expect(events).toEqual(['Hello'])
  subscription.unsubscribe()
  await socket.close()
})

it('a client without a session of this server is signed out', async () => {
  await using server = createTestServer()
  const { createChat } = await import('../../src/sdk')
  for (const auth of ['another token', undefined]) {
    const { auth: _, ...options } = server.optionsFor('ada')
    const chat = createChat({ ...options, ...(auth && { auth }) })
    await server.settled()
    expect(chat.connection.get()).toMatchObject({ state: 'signed-out', reason: { name: 'UNAUTHORIZED' } })
    await chat.close()
  }
})
