import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { Failure, type FailureName } from '../../src/contract/failures'
import { type Chat, ChatError, type ChatOptions, type ConnectionStatus, readFailure } from '../../src/sdk'
import { startChat } from '../../src/sdk/chat'
import { failureNamed } from '../../src/sdk/chat-error'
import { defaultTimings, type Timings } from '../../src/sdk/connection/timings'
import { errorFrames } from '../../src/server/trpc'
import { until } from '../support/stock-client'
import { type BareServer, startBareServer } from './bare-server'

const quick: Timings = { ...defaultTimings, silenceMs: 150, pongMs: 150, pongAfterSleepMs: 100, closeMs: 100, explainAfterMs: 100 }

/** A client that records every status. */
function connect(options: ChatOptions, timings: Partial<Timings> = {}) {
  const client = startChat({ WebSocket: WebSocket, ...options }, { ...defaultTimings, ...timings })
  const history: ConnectionStatus[] = [client.connection.get()]
  client.connection.subscribe(() => history.push(client.connection.get()))
  /** Without repeats of the same state. */
  const states = () => history.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1])
  return { client, history, states, [Symbol.asyncDispose]: () => client.close() }
}

const isConnected = (client: Chat) => () => client.connection.get().state === 'connected'
const failure = (call: Promise<unknown>) => call.then(() => null, readFailure)
const callsIn = (frame: string) => (frame.startsWith('[') ? (JSON.parse(frame) as unknown[]).length : 1)

function sleepSync(ms: number) {
  const wakeAt = performance.now() + ms
  while (performance.now() < wakeAt);
}

async function startWebLikeServer(answer: 'page' | 'nothing', port = 0) {
  const http = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<!doctype html>')
  })
  // Some web servers never answer an upgrade request for a path they do not know.
  if (answer === 'nothing') http.on('upgrade', () => {})
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections()
      http.close()
    },
  }
}

describe('connecting', () => {
  it('signs in and is accepted before tRPC sends anything', async () => {
    await using server = await startBareServer({ answers: (call) => call.id !== 'hello' || isReady })
    let isReady = false
    await using ada = connect({ url: server.url, auth: 'token of ada', user: 'ada' })
    const answer = ada.client.trpc.rooms.list.query()
    await until(() => server.opened[0]?.frames.length === 2)
    expect(server.opened[0]?.frames.map((frame) => JSON.parse(frame))).toEqual([
      { method: 'connectionParams', data: { protocol: '2', token: 'token of ada', user: 'ada' } },
      { id: 'hello', method: 'query', params: { path: 'session.me' } },
    ])
    expect(ada.client.connection.get()).toEqual({ state: 'connecting', attempt: 1, nextTryAt: null, lastError: null })
    isReady = true
    server.sockets.values().next().value?.terminate()
    await answer
    expect(ada.client.connection.get()).toEqual({ state: 'connected' })
  })

  it('says only which protocol it speaks when it relies on the cookie', async () => {
    await using server = await startBareServer()
    await using ada = connect({ url: server.url.replace('ws:', 'http:') })
    await until(isConnected(ada.client))
    expect(server.opened[0]?.params).toEqual({ protocol: '2' })
  })

  it('is refused with words that say what to do when the server no longer understands it', async () => {
    await using server = await startBareServer({ accept: () => 'CLIENT_OUTDATED' })
    await using ada = connect({ url: server.url, auth: 'token of ada' })
    await until(() => ada.client.connection.get().state === 'refused')
    expect(ada.client.connection.get()).toMatchObject({
      reason: { name: 'CLIENT_OUTDATED', retry: false, words: expect.stringMatching(/update/) },
    })
    expect(server.opened).toHaveLength(1)
  })

  it('reports why it cannot connect, and keeps trying if that can change', async () => {
    const { url, port, close } = await startBareServer()
    await close()
    await using ada = connect({ url })
    await until(() => ada.history.some((status) => status.state === 'connecting' && status.attempt === 2 && status.nextTryAt !== null))
    const waiting = ada.history.find((status) => status.state === 'connecting' && status.nextTryAt !== null)
    expect(waiting).toMatchObject({ attempt: 2, lastError: { name: 'DISCONNECTED', retry: true, words: "Couldn't reach the server." } })
    await using _ = await startBareServer({ port })
    await until(isConnected(ada.client))
  })

  it('waits longer after each attempt while the server turns it away', async () => {
    using _ = vi.spyOn(Math, 'random').mockReturnValue(0.5)
    let isFull = true
    const asked: number[] = []
    await using server = await startBareServer({
      accept: () => {
        asked.push(performance.now())
        return isFull ? 'TOO_MANY_CONNECTIONS' : { lastsMs: 3_600_000 }
      },
    })
    await using ada = connect({ url: server.url })
    await until(() => asked.length >= 4, 20_000)
    expect(ada.client.connection.get()).toMatchObject({ state: 'connecting', lastError: { name: 'TOO_MANY_CONNECTIONS', retry: true } })
    const [first = 0, second = 0, third = 0, fourth = 0] = asked
    // Half of the longest pauses. Timers of Node can be a millisecond early.
    expect(second - first).toBeGreaterThan(240)
    expect(third - second).toBeGreaterThan(490)
    expect(fourth - third).toBeGreaterThan(990)
    isFull = false
    await until(isConnected(ada.client), 20_000)
  })

  it('retries at once when the open connection is lost while its replacement is turned away', async () => {
    let isFull = false
    let refused = 0
    await using server = await startBareServer({
      accept: () => {
        if (isFull) refused++
        return isFull ? 'TOO_MANY_CONNECTIONS' : { lastsMs: 3_600_000 }
      },
    })
    await using ada = connect({ url: server.url })
    await until(isConnected(ada.client))
    const held = new Promise((resolve) => setTimeout(resolve, 5_500))
    const [serving] = server.sockets
    isFull = true
    serving?.send('{"id":null,"method":"reconnect"}')
    await until(() => refused >= 4, 25_000)
    await held
    expect(ada.client.connection.get()).toEqual({ state: 'connected' })
    isFull = false
    // It may be connected again before anybody asks.
    let lostAt = 0
    ada.client.connection.subscribe(() => {
      if (ada.client.connection.get().state === 'connecting') lostAt ||= performance.now()
    })
    serving?.close(1012)
    await until(() => lostAt > 0)
    await until(isConnected(ada.client), 20_000)
    expect(performance.now() - lostAt).toBeLessThan(2_500)
  })

  it.each([
    ['nonsense', /is not a URL/],
    ['ftp://localhost/trpc', /cannot start with ftp:/],
    ['ws://ada:secret@localhost/trpc', /credentials/],
    ['ws://localhost/trpc#here', /fragment/],
  ])('throws at once for an address that cannot be one: %s', (url, message) => {
    expect(() => connect({ url })).toThrow(message)
  })
})

describe('a client that can never connect: refused within two seconds, with everything opened on it', () => {
  /** Opens one handle of each kind, and waits until all have ended. */
  async function expectEnd(client: Chat, state: 'refused' | 'signed-out', name: string) {
    const startedAt = performance.now()
    const room = client.room('general')
    const list = client.rooms.open()
    const presence = client.people.in('general')
    const call = failure(client.trpc.rooms.list.query())
    const subscription = new Promise((resolve) => {
      client.trpc.chat.onMessage.subscribe({ room: 'general' }, { onError: (error) => resolve(readFailure(error)) })
    })
    const { clientId } = room.send('into the void')
    await until(() => client.connection.get().state === state)
    const tookMs = performance.now() - startedAt
    const reason = expect.objectContaining({ name, retry: false })
    expect(client.connection.get()).toEqual({ state, reason })
    expect(room.state.get()).toMatchObject({ state: 'ended', reason })
    expect(room.state.get().timeline.unsent).toMatchObject([{ clientId, state: 'failed', reason }])
    expect(list.state.get()).toMatchObject({ state: 'ended', reason })
    expect(presence.state.get()).toMatchObject({ known: false, ended: reason })
    expect(await call).toEqual(reason)
    expect(await subscription).toEqual(reason)
    // Handles and calls from now on end too.
    expect(client.room('other').state.get()).toMatchObject({ state: 'ended', reason })
    expect(await failure(client.trpc.rooms.list.query())).toEqual(reason)
    expect(await client.flush()).toBe(false)
    return tookMs
  }

  it.each(['page', 'nothing'] as const)('a web server answers the upgrade with %s', async (answer) => {
    await using web = await startWebLikeServer(answer)
    await using ada = connect({ url: web.url })
    const tookMs = await expectEnd(ada.client, 'refused', 'NOT_ROOMLINE')
    expect(ada.client.connection.get()).toMatchObject({ reason: { words: expect.stringContaining('realtimeUrl') } })
    process.stdout.write(`  a web server that answers with ${answer}: refused after ${Math.round(tookMs)} ms\n`)
  })

  it('a wrong path, which the reason names', async () => {
    await using server = await startBareServer()
    await using ada = connect({ url: server.url.replace('/trpc', '/elsewhere') })
    await expectEnd(ada.client, 'refused', 'NO_SUCH_PROCEDURE')
    expect(ada.client.connection.get()).toMatchObject({ reason: { words: expect.stringContaining('/elsewhere') } })
  })

  it('an origin that the server does not allow', async () => {
    await using server = await startBareServer()
    class ForeignSocket extends WebSocket {
      constructor(url: string | URL) {
        super(url, { headers: { origin: 'https://elsewhere.example' } })
      }
    }
    await using ada = connect({ url: server.url, WebSocket: ForeignSocket as unknown as typeof globalThis.WebSocket })
    await expectEnd(ada.client, 'refused', 'FOREIGN_ORIGIN')
  })

  it('a cookie that now belongs to somebody else', async () => {
    await using server = await startBareServer({ accept: ({ user }) => (user === 'ada' ? 'ANOTHER_USER' : { lastsMs: 1_000 }) })
    await using ada = connect({ url: server.url, user: 'ada' })
    await expectEnd(ada.client, 'refused', 'ANOTHER_USER')
    expect(server.opened).toHaveLength(1)
  })

  it.each([{ auth: 'a wrong token' }, {}])('signed out with %o', async (options) => {
    await using server = await startBareServer({ accept: () => 'UNAUTHORIZED' })
    await using ada = connect({ url: server.url, ...options })
    const tookMs = await expectEnd(ada.client, 'signed-out', 'UNAUTHORIZED')
    expect(server.opened).toHaveLength(1)
    process.stdout.write(`  ${options.auth ?? 'no token'}: signed out after ${Math.round(tookMs)} ms\n`)
  })

  it('but a client that was connected before keeps trying, whatever answers at its address', async () => {
    const server = await startBareServer()
    await using ada = connect({ url: server.url })
    await until(isConnected(ada.client))
    await server.close()
    {
      await using _ = await startWebLikeServer('page', server.port)
      await until(() => ada.history.some((status) => status.state === 'connecting' && status.lastError?.name === 'NOT_ROOMLINE'))
    }
    await using _ = await startBareServer({ port: server.port })
    await until(isConnected(ada.client))
    expect(ada.states()).not.toContain('refused')
  })
})

describe('a connection', () => {
  it('stays connected while it moves to a new socket, whatever code the old one closes with', async () => {
    // On the socket in use this code would end the session.
    await using server = await startBareServer({ farewell: 4401 })
    await using ada = connect({ url: server.url })
    await until(isConnected(ada.client))
    server.sockets.values().next().value?.send('{"id":null,"method":"reconnect"}')
    await until(() => server.opened.length === 2 && server.closedWith.length === 1)
    await ada.client.trpc.rooms.list.query()
    expect(ada.states()).toEqual(['connecting', 'connected'])
  })

  it('receives frames that arrive right after the answer to the sign-in', async () => {
    await using server = await startBareServer({ afterHello: (opened) => (opened === 1 ? '{"id":null,"method":"reconnect"}' : null) })
    await using ada = connect({ url: server.url })
    await until(() => server.opened.length === 2 && server.sockets.size === 1)
    expect(ada.states()).toEqual(['connecting', 'connected'])
  })

  it('is given up when the server goes silent, without a closing handshake', async () => {
    await using server = await startBareServer()
    await using ada = connect({ url: server.url }, quick)
    await until(isConnected(ada.client))
    const call = failure(ada.client.trpc.rooms.list.query())
    await call
    server.freeze()
    const lost = failure(ada.client.trpc.rooms.list.query())
    expect(await lost).toMatchObject({ name: 'DISCONNECTED', retry: true })
    await until(() => server.opened.length === 2)
    await until(isConnected(ada.client))
    expect(ada.states()).toEqual(['connecting', 'connected', 'connecting', 'connected'])
  })

  it('is kept while the server answers pings', async () => {
    await using server = await startBareServer()
    await using ada = connect({ url: server.url }, quick)
    await until(() => (server.opened[0]?.frames.filter((frame) => frame === 'PING').length ?? 0) >= 3)
    expect(server.opened).toHaveLength(1)
    expect(ada.client.connection.get().state).toBe('connected')
  })

  it('is kept when its own process was suspended while the server answered', async () => {
    await using server = await startBareServer()
    let naps = 0
    class SleepySocket extends WebSocket {
      override send(data: string) {
        super.send(data)
        // After the ping was sent.
        if (data === 'PING' && naps++ === 0) queueMicrotask(() => sleepSync(1_500))
      }
    }
    await using ada = connect(
      { url: server.url, WebSocket: SleepySocket as unknown as typeof globalThis.WebSocket },
      { ...quick, pongAfterSleepMs: 10_000 },
    )
    await until(() => (server.opened[0]?.frames.filter((frame) => frame === 'PING').length ?? 0) >= 3)
    expect(ada.states()).toEqual(['connecting', 'connected'])
  })

  it('opens more sockets while one hangs, and keeps the first that opens', async () => {
    await using server = await startBareServer()
    let hanging = 0
    class SometimesHanging extends WebSocket {
      constructor(url: string | URL) {
        // A listener that never answers acts like a network that has lost the first packets.
        super(hanging++ === 0 ? hung.url.replace('http', 'ws') : url)
      }
    }
    await using hung = await startWebLikeServer('nothing')
    await using ada = connect(
      { url: server.url, WebSocket: SometimesHanging as unknown as typeof globalThis.WebSocket },
      { extraSocketEveryMs: 100, explainAfterMs: 60_000 },
    )
    await until(isConnected(ada.client))
    expect(hanging).toBe(2)
    expect(ada.states()).toEqual(['connecting', 'connected'])
  })

  it('rejects a call that is not answered in time', async () => {
    await using server = await startBareServer({ answers: ({ id }) => id === 'hello' })
    await using ada = connect({ url: server.url, timeoutMs: 100 })
    expect(await failure(ada.client.trpc.rooms.list.query())).toMatchObject({ name: 'TIMED_OUT', retry: true })
    const { url, close } = await startBareServer()
    await close()
    await using offline = connect({ url, timeoutMs: 100 })
    expect(await failure(offline.client.trpc.rooms.list.query())).toMatchObject({ name: 'TIMED_OUT', retry: true })
  })
})

describe('in a browser', () => {
  /** The events of a page, which Node lacks. */
  const page = new EventTarget()
  const useBrowser = () => vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  afterEach(() => vi.unstubAllGlobals())

  it('connects at once when the network is back, however long the current delay', async () => {
    useBrowser()
    let isFull = true
    await using server = await startBareServer({ accept: () => (isFull ? 'TOO_MANY_CONNECTIONS' : { lastsMs: 3_600_000 }) })
    await using ada = connect({ url: server.url })
    // Without the event it could take half a minute.
    const isWaitingLong = () => {
      const status = ada.client.connection.get()
      return status.state === 'connecting' && (status.nextTryAt ?? 0) - Date.now() > 200
    }
    await until(isWaitingLong, 20_000)
    isFull = false
    const before = server.opened.length
    page.dispatchEvent(new Event('online'))
    await until(isConnected(ada.client))
    expect(server.opened.length).toBe(before + 1)
  })

  it('gives up a dead connection two seconds after the network is back', async () => {
    useBrowser()
    await using server = await startBareServer()
    await using ada = connect({ url: server.url })
    await until(isConnected(ada.client))
    server.freeze()
    const startedAt = performance.now()
    page.dispatchEvent(new Event('online'))
    await until(() => ada.client.connection.get().state === 'connecting')
    const tookMs = Math.round(performance.now() - startedAt)
    process.stdout.write(`  after "online": a dead connection was given up after ${tookMs} ms\n`)
    await until(isConnected(ada.client))
    expect(tookMs).toBeLessThan(defaultTimings.silenceMs)
  })
})

it.each([1002, 1003, 1007, 1008])('close code %i: the client does not connect again', async (code) => {
  await using server = await startBareServer()
  await using ada = connect({ url: server.url })
  await until(isConnected(ada.client))
  server.sockets.values().next().value?.close(code)
  await until(() => ada.client.connection.get().state === 'refused')
  expect(ada.client.connection.get()).toMatchObject({ reason: { name: 'UNKNOWN', retry: false } })
})

it.each([1012, 4408, 4429])('close code %i: the client connects again', async (code) => {
  await using server = await startBareServer()
  await using ada = connect({ url: server.url })
  await until(isConnected(ada.client))
  server.sockets.values().next().value?.close(code)
  await until(() => server.opened.length === 2 && isConnected(ada.client)())
  expect(ada.states()).toEqual(['connecting', 'connected', 'connecting', 'connected'])
})

describe('frames', () => {
  it('are split to the calls and bytes that the server accepts, and every call is answered', async () => {
    await using server = await startBareServer()
    await using ada = connect({ url: server.url })
    await Promise.all(Array.from({ length: 1_500 }, () => ada.client.trpc.rooms.list.query()))
    const text = 'x'.repeat(4_000)
    await Promise.all(Array.from({ length: 750 }, () => ada.client.trpc.chat.send.mutate({ room: 'general', text })))
    const frames = server.opened[0]?.frames ?? []
    const most = Math.max(...frames.map(callsIn))
    const longest = Math.max(...frames.map((frame) => Buffer.byteLength(frame)))
    process.stdout.write(`  1,500 calls and 3 MB in ${frames.length} frames, at most ${most} calls and ${longest} bytes\n`)
    expect(most).toBe(1_000)
    expect(longest).toBeLessThanOrEqual(1024 * 1024)
    expect(server.opened).toHaveLength(1)
  })

  it('leave out a call that is too big, and the others are answered', async () => {
    await using server = await startBareServer()
    await using ada = connect({ url: server.url })
    const text = 'é'.repeat(600_000)
    const [big, small] = await Promise.all([
      failure(ada.client.trpc.chat.send.mutate({ room: 'general', text })),
      failure(ada.client.trpc.rooms.list.query()),
    ])
    expect([big?.name, small]).toEqual(['TOO_BIG', null])
    expect(await failure(ada.client.trpc.chat.send.mutate({ room: 'general', text }))).toMatchObject({ name: 'TOO_BIG', retry: false })
    expect(server.opened).toHaveLength(1)
  })

  it('that the server still finds too big reject their calls with TOO_BIG, and the client connects again', async () => {
    await using server = await startBareServer()
    await using ada = connect({ url: server.url }, { frameBytes: 4 * 1024 * 1024 })
    const text = 'x'.repeat(1_200_000)
    expect(await failure(ada.client.trpc.chat.send.mutate({ room: 'general', text }))).toMatchObject({ name: 'TOO_BIG' })
    await until(isConnected(ada.client))
    await ada.client.trpc.rooms.list.query()
  })
})

describe('an auth function', () => {
  const valid =
    (server: { tokens: Set<string> }) =>
    ({ token = '' }: Record<string, string>) =>
      server.tokens.has(token) ? { lastsMs: 3_600_000 } : ('UNAUTHORIZED' as const)

  it('is called before the session expires, and the connection moves to the new session', async () => {
    let given = 0
    await using server = await startBareServer({ accept: ({ token }) => ({ lastsMs: token === '1' ? 1_500 : 3_600_000 }) })
    await using bot = connect({ url: server.url, auth: async () => String(++given) })
    await until(() => server.opened.length === 2 && server.sockets.size === 1)
    expect(server.opened.map(({ params }) => params.token)).toEqual(['1', '2'])
    expect(bot.states()).toEqual(['connecting', 'connected'])
  })

  it('is called again when its token is rejected; the same token or a second rejection ends the client', async () => {
    const tokens = new Set(['good'])
    await using server = await startBareServer({ accept: valid({ tokens }) })
    const given = ['stale', 'good']
    await using bot = connect({ url: server.url, auth: () => given.shift() ?? null })
    await until(isConnected(bot.client))
    expect(given).toEqual([])
    await using same = connect({ url: server.url, auth: () => 'bad' })
    await until(() => same.client.connection.get().state === 'signed-out')
    let asked = 0
    await using other = connect({ url: server.url, auth: () => `bad ${asked++}` })
    await until(() => other.client.connection.get().state === 'signed-out')
    expect(asked).toBe(2)
    expect(other.client.connection.get()).toMatchObject({ reason: { name: 'UNAUTHORIZED' } })
  })

  it('signs in again when the session is over, with a short interruption', async () => {
    const tokens = new Set(['1', '2'])
    let given = 0
    await using server = await startBareServer({ accept: valid({ tokens }) })
    await using bot = connect({ url: server.url, auth: () => String(++given) })
    await until(isConnected(bot.client))
    tokens.delete('1')
    server.sockets.values().next().value?.close(4401)
    await until(() => server.opened.length === 2)
    await until(isConnected(bot.client))
    expect(bot.states()).toEqual(['connecting', 'connected', 'connecting', 'connected'])
    expect(server.opened[1]?.params.token).toBe('2')
  })

  it('ends the client when it fails for good, and is called again after any other error', async () => {
    await using server = await startBareServer()
    const refuse = () => Promise.reject(new ChatError(failureNamed('INVALID_CREDENTIALS')))
    await using refused = connect({ url: server.url, auth: refuse })
    await until(() => refused.client.connection.get().state === 'signed-out')
    expect(refused.client.connection.get()).toMatchObject({ reason: { name: 'INVALID_CREDENTIALS' } })
    let asked = 0
    await using patient = connect({
      url: server.url,
      auth: () => {
        if (asked++ === 0) throw new TypeError('fetch failed')
        return 'token'
      },
    })
    await until(isConnected(patient.client))
    expect(patient.history).toContainEqual(
      expect.objectContaining({ state: 'connecting', lastError: expect.objectContaining({ words: 'fetch failed' }) }),
    )
  })

  it('is not needed with a cookie: the connection moves to the session that the cookie has by then', async () => {
    let accepted = 0
    await using server = await startBareServer({ accept: () => ({ lastsMs: accepted++ === 0 ? 1_500 : 3_600_000 }) })
    await using ada = connect({ url: server.url })
    await until(() => server.opened.length === 2 && server.sockets.size === 1)
    expect(ada.states()).toEqual(['connecting', 'connected'])
  })
})

/** A frame about the latest subscription. */
async function refuseSubscription(server: BareServer, path: string, name: FailureName) {
  const asked = () =>
    (server.opened.at(-1)?.frames ?? [])
      .flatMap((frame) => JSON.parse(frame) as { id: number; params?: { path: string } })
      .filter(({ params }) => params?.path === path)
  await until(() => asked().length > 0)
  server.opened.at(-1)?.socket.send(errorFrames(new Failure(name), [asked().at(-1)?.id ?? null]).join())
}

const subscriptionsOf = (server: BareServer, path: string) =>
  server.opened.flatMap(({ frames }) => frames).filter((frame) => frame.includes(path)).length

it('a subscription that is rejected because the session is over starts again with the client', async () => {
  let isSignedIn = true
  await using server: BareServer = await startBareServer({
    accept: () => (isSignedIn ? { lastsMs: 3_600_000 } : 'UNAUTHORIZED'),
    answers: (call) => call.method !== 'subscription',
  })
  await using ada = connect({ url: server.url })
  const list = ada.client.rooms.open()
  await refuseSubscription(server, 'rooms.onChange', 'UNAUTHORIZED')
  await ada.client.trpc.session.me.query()
  expect(list.state.get().state).toBe('loading')
  isSignedIn = false
  server.opened.at(-1)?.socket.close(4401)
  await until(() => list.state.get().state === 'ended')
  isSignedIn = true
  ada.client.connection.reopen()
  await until(() => server.opened[1]?.frames.some((frame) => frame.includes('rooms.onChange')) === true)
  expect(list.state.get().state).toBe('loading')
})

it('a handle that the server has ended subscribes again when it is opened once more', async () => {
  await using server: BareServer = await startBareServer({ answers: (call) => call.method !== 'subscription' })
  await using ada = connect({ url: server.url })
  const first = ada.client.rooms.open()
  await refuseSubscription(server, 'rooms.onChange', 'NOT_ALLOWED')
  await until(() => first.state.get().state === 'ended')
  const second = ada.client.rooms.open()
  await until(() => subscriptionsOf(server, 'rooms.onChange') === 2)
  expect([first, second].map(({ state }) => state.get().state)).toEqual(['loading', 'loading'])
})

it('a client that was signed out can be reopened, and everything opened on it continues', async () => {
  let isSignedIn = false
  await using server: BareServer = await startBareServer({ accept: () => (isSignedIn ? { lastsMs: 3_600_000 } : 'UNAUTHORIZED') })
  await using ada = connect({ url: server.url })
  const list = ada.client.rooms.open()
  await until(() => list.state.get().state === 'ended')
  isSignedIn = true
  ada.client.connection.reopen()
  await until(() => server.opened.at(-1)?.frames.some((frame) => frame.includes('rooms.onChange')) === true)
  expect(list.state.get().state).toBe('loading')
  expect(ada.client.connection.get().state).toBe('connected')
  await ada.client.trpc.rooms.list.query()
  await ada.client.close()
  expect(ada.client.connection.get()).toEqual({ state: 'closed' })
  ada.client.connection.reopen()
  expect(await failure(ada.client.trpc.rooms.list.query())).toMatchObject({ name: 'CLOSED', retry: false })
})
