import { randomBytes, randomUUID } from 'node:crypto'
import { get } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createTokenSigner } from '../../src/sdk/server/sign-token'
import { startRealtimeNode } from '../../src/server/realtime-node'
import { connectPerson } from '../support/connected-people'
import { keepLog } from '../support/log-lines'
import { type Roomline, startRoomline } from '../support/roomline'
import { startTcpProxy } from '../support/tcp-proxy'

const secret = 'Yk3vQpR8wZ1nTfXc7LbD0mHsJgUe5Ai2oNq9'
const tokenFor = createTokenSigner(secret)

let roomline: Roomline
beforeAll(async () => {
  // The limits of an ordinary installation.
  roomline = await startRoomline({
    env: { APP_TOKEN_SECRETS: secret, SENDS_PER_MINUTE: '', MAX_CONNECTIONS_PER_USER: '', MAX_CONNECTIONS_PER_IP: '' },
  })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const randomToken = () => `rlb_${randomBytes(32).toString('base64url')}`
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** A client at an address of its own. */
function clientAt(localAddress: string, port: number) {
  const upgrade = (token: string) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/trpc`, { localAddress, headers: bearer(token) })
      socket.on('error', () => resolve(0))
      socket.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
      socket.once('open', () => resolve(101))
      socket.once('open', () => socket.terminate())
    })
  const call = (token: string) =>
    new Promise<number>((resolve) => {
      const url = `http://127.0.0.1:${port}/trpc/session.me`
      get(url, { localAddress, headers: bearer(token), agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      }).on('error', () => resolve(0))
    })
  const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
  const beRefused = () =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress }, () => socket.write(chunked))
      socket.on('error', () => {})
      socket.resume()
      socket.once('close', resolve)
    })
  /** From then on only those who are signed in are let in from there. */
  const spendBudget = () => Promise.all(Array.from({ length: 100 }, beRefused))
  return { upgrade, call, spendBudget }
}

const portOf = ({ urls }: Roomline) => Number(new URL(urls[0] ?? '').port)

it('a flood of made-up tokens from an address over its budget: is refused without a statement on bots', async () => {
  const client = clientAt('127.0.0.81', portOf(roomline))
  await client.spendBudget()
  const held = await roomline.pool.connect()
  try {
    await held.query('BEGIN')
    await held.query('LOCK TABLE bots IN ACCESS EXCLUSIVE MODE')
    const statuses = await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 ? client.upgrade : client.call)(randomToken())))
    // 0: closed without an answer.
    expect(statuses.filter((status) => status !== 429 && status !== 0)).toEqual([])
    expect(statuses).toContain(429)
    const { rows } = await held.query("SELECT FROM pg_locks WHERE relation = 'bots'::regclass AND NOT granted")
    expect(rows).toHaveLength(0)
  } finally {
    await held.query('ROLLBACK')
    held.release()
  }
})

it('the new token of an app from an address over its budget: makes nobody', async () => {
  const client = clientAt('127.0.0.82', portOf(roomline))
  await client.spendBudget()
  const id = randomUUID()
  const token = await tokenFor({ id, name: 'Not yet' })
  expect(await client.upgrade(token)).toBe(429)
  expect(await client.call(token)).toBe(429)
  const { rows } = await roomline.pool.query('SELECT FROM users WHERE external_subject = $1', [id])
  expect(rows).toHaveLength(0)
})

it('the token of a bot or an app that was let in before: its owner comes in, and nobody with a copy that is not signed', async () => {
  const owner = await connectPerson(roomline)
  const { token: botToken } = await owner.trpc.bots.create.mutate({
    username: `robot-${owner.username}`.slice(0, 32),
    displayName: 'Turns',
  })
  const appToken = await tokenFor({ id: randomUUID(), name: 'Seen before' })
  const client = clientAt('127.0.0.83', portOf(roomline))
  for (const token of [botToken, appToken]) expect(await client.call(token)).toBe(200)
  await client.spendBudget()
  for (const token of [botToken, appToken]) {
    expect(await client.upgrade(token)).toBe(101)
    expect(await client.upgrade(`${token.slice(0, -4)}AAAA`)).toBe(429)
  }
})

it('a bot’s token while Postgres is away: calls are UNAVAILABLE, sockets are refused or wait, and the process lives', async () => {
  const database = new URL(roomline.config.databaseUrl ?? '')
  const line = await startTcpProxy(() => Number(database.port || 5432))
  const databaseUrl = Object.assign(new URL(database), { hostname: '127.0.0.1', port: String(line.port) }).href
  const node = await startRealtimeNode({ ...roomline.config, databaseUrl }, keepLog().log)
  const rejections: unknown[] = []
  const keep = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', keep)
  try {
    const client = clientAt('127.0.0.84', node.port)
    expect(await client.call(randomToken())).toBe(401)
    line.setOnline(false)
    expect(await client.call(randomToken())).toBe(503)
    expect(await client.upgrade(randomToken())).toBe(101)
    await client.spendBudget()
    expect(await client.upgrade(randomToken())).toBe(429)
    expect(rejections).toEqual([])
    line.setOnline(true)
    expect(await clientAt('127.0.0.85', node.port).call(randomToken())).toBe(401)
  } finally {
    process.off('unhandledRejection', keep)
    await node.close()
    await line.close()
  }
})
