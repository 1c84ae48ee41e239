import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { frame } from './flood-kinds'

let roomline: Roomline
beforeAll(async () => {
  // The limits of an ordinary installation.
  const unset = ['SENDS_PER_MINUTE', 'MAX_CONNECTIONS_PER_USER', 'MAX_CONNECTIONS_PER_IP'].map((name) => [name, ''])
  roomline = await startRoomline({ env: Object.fromEntries(unset) })
})
afterAll(() => roomline[Symbol.asyncDispose]())

describe('a heavy but honest client', () => {
  it('gets an answer to each of 1,000 calls of one turn, and is not closed', async () => {
    const ada = await connectPerson(roomline)
    const read = () => ada.trpc.chat.history.query({ room: 'general', limit: 100 })
    expect(await Promise.all(Array.from({ length: 1_000 }, read))).toHaveLength(1_000)
    expect(ada.closed).toEqual([])
  })

  it('gets its PINGs answered while a thousand calls wait', async () => {
    const ada = await roomline.signUp()
    const socket = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie: ada.cookie } })
    const answers: string[] = []
    socket.on('message', (data) => answers.push(String(data)))
    await new Promise((resolve) => socket.once('open', resolve))
    const call = (id: number) => `{"id":${id},"method":"query","params":{"path":"session.me"}}`
    socket.send(`[${Array.from({ length: 1_000 }, (_, id) => call(id)).join(',')}]`)
    socket.send('PING')
    await until(() => answers.length === 1_001)
    expect(answers.indexOf('PONG')).toBeLessThan(500)
    socket.terminate()
  })

  it('comes back with 50 subscriptions and 500 waiting calls', async () => {
    const ada = await connectPerson(roomline)
    const room = await ada.trpc.rooms.create.mutate({ name: `Busy ${ada.username}`, kind: 'private' })
    const followed = await Promise.all(Array.from({ length: 50 }, () => ada.follow(room.id)))
    ada.cut()
    const answers = await Promise.all(Array.from({ length: 500 }, () => ada.trpc.session.me.query()))
    expect(answers).toHaveLength(500)
    await ada.trpc.chat.send.mutate({ room: room.id, text: 'heard by all' })
    await Promise.all(followed.map((follower) => follower.until(1)))
    expect(ada.opened).toHaveLength(2)
  })

  it('connects while somebody at its address floods without signing in', async () => {
    const ada = await roomline.signUp()
    const localAddress = '127.0.0.77'
    const port = Number(new URL(roomline.urls[0] ?? '').port)
    const statusOf = (headers: Record<string, string>) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(roomline.urls[0] ?? '', { localAddress, headers })
        socket.on('error', () => {})
        socket.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
        socket.once('open', () => resolve(101))
        socket.once('open', () => socket.terminate())
      })
    const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    const refuse = () =>
      new Promise((resolve) => {
        const socket = connect({ port, host: '127.0.0.1', localAddress }, () => socket.write(chunked))
        socket.on('error', () => {})
        socket.resume()
        socket.once('close', resolve)
      })
    await Promise.all(Array.from({ length: 100 }, refuse))
    expect(await statusOf({})).toBe(429)
    expect(await statusOf({ cookie: ada.cookie })).toBe(101)
  })

  it('shares its address with a whole office', async () => {
    const people = []
    for (let count = 0; count < 15; count++) people.push(await roomline.signUp())
    // 10 windows each, 150 sockets in all.
    const clients = people.flatMap((person) => Array.from({ length: 10 }, () => roomline.connect(person)))
    await Promise.all(clients.map(({ trpc }) => trpc.session.me.query()))
    expect(clients.every(({ opened, closed }) => opened.length === 1 && closed.length === 0)).toBe(true)
  })
})

describe('a hostile client', () => {
  /** Sends bytes behind the handshake. @returns the code that it is closed with */
  async function closeCodeOf(bytes: Buffer, { signedIn, again = false }: { signedIn: boolean; again?: boolean }): Promise<number> {
    const { cookie } = signedIn ? await roomline.signUp() : { cookie: '' }
    const socket = new WebSocket(`${roomline.urls[0]}${signedIn ? '' : '?connectionParams=1'}`, { headers: { cookie } })
    socket.on('error', () => {})
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await new Promise((resolve) => socket.once('open', resolve))
    const { _socket: wire } = socket as unknown as { _socket: ReturnType<typeof connect> }
    wire.write(bytes)
    const timer = again ? setInterval(() => wire.writableLength < 1e6 && wire.write(bytes), 5) : undefined
    const code = await closed
    clearInterval(timer)
    return code
  }
  const many = (count: number, one: Buffer) => Buffer.concat(Array.from({ length: count }, () => one))
  const fragment = (opcode: number) => frame('x', { opcode, isFinal: false })

  it.each([
    ['pings', many(100, frame('', { opcode: 9 }))],
    ['pongs', many(100, frame('', { opcode: 10 }))],
    ['PONG texts', many(100, frame('PONG'))],
    ['fragments', Buffer.concat([fragment(1), many(1_000, fragment(0))])],
  ])('is closed with 1008 for too many %s, signed in or not', async (_, bytes) => {
    expect(await closeCodeOf(bytes, { signedIn: true })).toBe(1008)
    expect(await closeCodeOf(bytes, { signedIn: false })).toBe(1008)
  })

  it.each([
    ['unknown procedures', many(200, frame('{"id":1,"method":"query","params":{"path":"no.such"}}'))],
    ['malformed messages', many(500, frame('{"id":1}'))],
    ['empty arrays', many(1_000, frame('[]'))],
    ['stops of unknown subscriptions', many(500, frame('{"id":1,"method":"subscription.stop"}'))],
  ])('is closed with 1008 for %s without an end', async (_, bytes) => {
    expect(await closeCodeOf(bytes, { signedIn: true, again: true })).toBe(1008)
  })

  it('with deep JSON gets a refusal by its id, and the next call is answered', async () => {
    const { cookie } = await roomline.signUp()
    const socket = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie } })
    const answers: string[] = []
    socket.on('message', (data) => answers.push(String(data)))
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(`{"id":5,"method":"query","params":{"path":"session.me","input":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`)
    socket.send('{"id":6,"method":"query","params":{"path":"session.me"}}')
    await until(() => answers.length === 2)
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({ id: 5, error: { data: { failure: 'BAD_REQUEST' } } })
    expect(JSON.parse(answers[1] ?? '')).toMatchObject({ id: 6, result: {} })
    socket.terminate()
  })

  it('that connects and says nothing is gone after some ten seconds', async () => {
    const { port } = new URL(roomline.urls[0] ?? '')
    const open = (text: string) => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => {})
      socket.resume()
      socket.write(text)
      return new Promise((resolve) => socket.once('close', resolve))
    }
    const since = performance.now()
    await Promise.all([open(''), open('GET /trpc HTTP/1.1\r\nHost: x\r\n')])
    // Node's own interval would make it 30 seconds and more.
    expect(performance.now() - since).toBeLessThan(25_000)
  })
})
