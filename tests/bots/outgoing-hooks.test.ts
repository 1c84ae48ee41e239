import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Message } from '../../src/contract/message'
import { limits } from '../../src/contract/rules'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

interface Received {
  headers: Record<string, string | string[] | undefined>
  body: string
  text: string
}

let roomline: Roomline
let owner: ConnectedPerson
let server: Server
/** What arrived, by path, and with what each path answers. */
const received = new Map<string, Received[]>()
const statuses = new Map<string, number>()
/** What a path waits for before it answers. */
const holds = new Map<string, Promise<void>>()
let paths = 0

beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2, env: { HOOKS_TO_LOOPBACK: '1' } })
  owner = await connectPerson(roomline, { name: 'owner' })
  server = createServer((request, response) => {
    const path = request.url ?? ''
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', async () => {
      const { message } = JSON.parse(body) as { message: Message }
      received.set(path, [...(received.get(path) ?? []), { headers: request.headers, body, text: message.text }])
      await holds.get(path)
      response.writeHead(statuses.get(path) ?? 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await roomline[Symbol.asyncDispose]()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function makeHook(status = 200, by = owner) {
  const path = `/in/${++paths}`
  statuses.set(path, status)
  const room = await makeRoom('private', by)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const hook = await by.trpc.hooks.createOutgoing.mutate({ room, name: 'Archive', url })
  const say = (text: string) => by.trpc.chat.send.mutate({ room, text })
  const texts = () => (received.get(path) ?? []).map(({ text }) => text)
  const shown = async () => (await by.trpc.hooks.list.query({ room })).outgoing[0]
  return { hook, room, path, say, texts, shown }
}

function holdAnswers(path: string): () => void {
  let release = () => {}
  holds.set(path, new Promise<void>((resolve) => (release = resolve)))
  return () => release()
}

const jobsOf = async (hook: string) =>
  (await roomline.pool.query('SELECT FROM graphile_worker.jobs WHERE key LIKE $1', [`%${hook}`])).rows.length

/** As a receiver checks it who follows Standard Webhooks. */
function isSigned({ headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signature = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64')
  return headers['webhook-signature'] === `v1,${signature}` && Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1_000) < 60
}

describe('an outgoing hook', () => {
  it('what people write: is posted in order, signed, and what programs write, lines and older messages are not', async () => {
    const { hook, room, say, texts, path } = await makeHook()
    expect(hook.secret).toMatch(/^whsec_/)
    const { token } = await owner.trpc.bots.create.mutate({ username: 'chatty', displayName: 'Chatty' })
    await owner.trpc.rooms.invite.mutate({ room, username: 'chatty' })
    const bot = roomline.connect(null, { cookie: `X-Token=${token}` })
    const wanted = Array.from({ length: 30 }, (_, number) => `line ${number}`)
    for (const text of wanted) {
      await say(text)
      await bot.trpc.chat.send.mutate({ room, text: `echo of ${text}` })
    }
    await until(() => texts().length >= wanted.length, 20_000)
    expect(texts()).toEqual(wanted)
    const [first] = received.get(path) ?? []
    expect(first && isSigned(first, hook.secret)).toBe(true)
    expect(first && isSigned({ ...first, body: `${first.body} ` }, hook.secret)).toBe(false)
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      ...{ type: 'message', hook: hook.id, room: { id: room } },
      message: { room, text: 'line 0', author: { username: 'owner' } },
    })
    const ids = (received.get(path) ?? []).map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(wanted.length)
  })

  it('an address that fails: the message is tried again, and those behind it wait', async () => {
    const { say, texts, path, shown, hook } = await makeHook(500)
    await say('first')
    await until(() => texts().length === 1)
    await until(async () => (await shown())?.failing !== null)
    expect(await shown()).toMatchObject({ failing: { error: 'answered 500', tries: 1, nextTryAt: expect.any(String) }, stoppedAt: null })
    await say('second')
    statuses.set(path, 200)
    await until(() => texts().length === 3, 20_000)
    expect(texts()).toEqual(['first', 'first', 'second'])
    const [one, two] = received.get(path) ?? []
    expect(two?.headers['webhook-id']).toBe(one?.headers['webhook-id'])
    await until(async () => (await shown())?.failing === null)
    expect((await shown())?.id).toBe(hook.id)
  })

  it('an address that has failed too often, or is gone: is stopped', async () => {
    const failing = await makeHook(503)
    await roomline.pool.query('UPDATE outgoing_hooks SET tries = 11 WHERE id = $1', [failing.hook.id])
    await failing.say('the last try')
    const gone = await makeHook(410)
    await gone.say('gone')
    for (const { shown, say, texts } of [failing, gone]) {
      await until(async () => (await shown())?.stoppedAt !== null)
      await say('unheard')
      expect(texts()).toHaveLength(1)
    }
    await until(async () => (await jobsOf(gone.hook.id)) === 0)
  })

  it('its secret: is encrypted in the database, and is not shown again', async () => {
    const { hook, shown } = await makeHook()
    const { rows } = await roomline.pool.query<{ sealed: Buffer }>('SELECT sealed_secret AS sealed FROM outgoing_hooks WHERE id = $1', [
      hook.id,
    ])
    expect(rows[0]?.sealed.includes(Buffer.from(hook.secret.replace('whsec_', ''), 'base64'))).toBe(false)
    expect(await shown()).not.toHaveProperty('secret')
  })

  it('removed: nothing more is posted', async () => {
    const { hook, room, say, texts, shown } = await makeHook()
    await say('one')
    await until(() => texts().length === 1)
    await owner.trpc.hooks.remove.mutate({ room, id: hook.id })
    await say('two')
    await until(async () => (await roomline.pool.query('SELECT FROM after_commit')).rowCount === 0)
    expect(texts()).toEqual(['one'])
    expect(await shown()).toBeUndefined()
  })

  it('while it posts: a message that is removed is left out, and after the hook is removed nothing more is posted', async () => {
    const { hook, room, path, say, texts } = await makeHook()
    const answerOne = holdAnswers(path)
    await say('one')
    await until(() => texts().length === 1)
    const regretted = await say('regretted')
    for (const text of ['two', 'three', 'four']) await say(text)
    await owner.trpc.chat.remove.mutate({ room, seq: regretted.seq })
    const answerTwo = holdAnswers(path)
    answerOne()
    await until(() => texts().length === 2)
    await owner.trpc.hooks.remove.mutate({ room, id: hook.id })
    answerTwo()
    await until(async () => (await jobsOf(hook.id)) === 0)
    expect(texts()).toEqual(['one', 'two'])
  })

  it('a person whose addresses are slow: does not hold up the hooks of others', async () => {
    const { room, path, say, texts, hook } = await makeHook()
    // On two nodes there are places for eight.
    for (let count = 0; count < 9; count++) await owner.trpc.hooks.createOutgoing.mutate({ room, name: `Slow ${count}`, url: hook.url })
    const answer = holdAnswers(path)
    await say('slow')
    await until(() => texts().length > 0)
    const other = await makeHook(200, await connectPerson(roomline, { name: 'other' }))
    await other.say('quick')
    await until(() => other.texts().length === 1, 5_000)
    answer()
    await until(() => texts().length === 10)
  })

  it('addresses inside: are refused when it is created', async () => {
    const room = await makeRoom('private', owner)
    for (const url of [
      'http://10.0.0.1/',
      'https://[::ffff:a9fe:a9fe]/',
      'https://169.254.169.254/',
      'ftp://example.com',
      'nonsense',
      'http://example.com/',
    ])
      expect(await failureOf(owner.trpc.hooks.createOutgoing.mutate({ room, name: 'Bad', url }))).toBe('BAD_REQUEST')
    for (let count = 0; count < limits.hooksPerRoom; count++)
      await owner.trpc.hooks.createOutgoing.mutate({ room, name: `Number ${count}`, url: 'https://hooks.example/' })
    expect(await failureOf(owner.trpc.hooks.create.mutate({ room, name: 'One more' }))).toBe('TOO_MANY_HOOKS')
  })
})
