import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../src/contract/rules'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { createStockClient, failureOf, type StockClient, until } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
let ada: ConnectedPerson
let bob: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  admin = await connectPerson(roomline, { name: 'root-admin' })
  ada = await connectPerson(roomline, { name: 'ada' })
  bob = await connectPerson(roomline, { name: 'bob' })
})
afterAll(() => roomline[Symbol.asyncDispose]())

let made = 0
const createBot = (owner: ConnectedPerson) =>
  owner.trpc.bots.create.mutate({ username: `robot-${++made}`, displayName: `Robot number ${made}` })

/** Whoever signs in with a token, as a program does. */
function connectToken(token: string, how: 'header' | 'params', node = 0): StockClient {
  const url = roomline.urls[node] ?? ''
  return how === 'header'
    ? createStockClient({ url, headers: { authorization: `Bearer ${token}` } })
    : createStockClient({ url: `${url}?connectionParams=1`, connectionParams: { token } })
}

const callHttp = (token: string, path = 'session.me') =>
  fetch(`${roomline.urls[0]?.replace('ws:', 'http:')}/${path}`, { headers: { authorization: `Bearer ${token}` } })

describe('bots', () => {
  it('a new bot: its token is accepted in a header, in connectionParams, over HTTP and by the web server, and does not expire', async () => {
    const { user, token } = await createBot(ada)
    expect(token).toMatch(/^rlb_[\w-]{43}$/)
    for (const how of ['header', 'params'] as const) {
      const client = connectToken(token, how)
      const me = await client.trpc.session.me.query()
      expect(me.user).toEqual(user)
      expect(Date.parse(me.expiresAt)).toBeGreaterThan(Date.parse('2900-01-01'))
      await client.close()
    }
    const answer = (await (await callHttp(token)).json()) as { result: { data: { user: unknown } } }
    expect(answer.result.data.user).toEqual(user)
    const session = await roomline.web.session(
      new Request('http://localhost:3000/api/session', { headers: { authorization: `Bearer ${token}` } }),
    )
    expect(await session.json()).toMatchObject({ user })
    const refreshed = await roomline.web.refresh(postJson('/api/refresh', {}, { authorization: `Bearer ${token}` }))
    expect(refreshed.status).toBe(200)
    const profile = await ada.trpc.users.get.query({ username: user.username })
    expect(profile.role).toBe('bot')
  })

  it('its token: only a hash of it is in the database', async () => {
    const { token } = await createBot(ada)
    const { rows } = await roomline.pool.query('SELECT * FROM bots')
    expect(JSON.stringify(rows.map((row) => ({ ...row, token_hash: row.token_hash.toString('latin1') })))).not.toContain(token)
    expect((await callHttp(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`)).status).toBe(401)
    expect((await callHttp('rlb_')).status).toBe(401)
  })

  it('a bot in rooms: joins a public room, sends and reacts, and sees no private room until somebody adds it', async () => {
    const { user, token } = await createBot(ada)
    const { trpc, close } = connectToken(token, 'header')
    expect(await trpc.rooms.list.query()).toEqual([])
    const open = await makeRoom('public', ada)
    await trpc.rooms.join.mutate({ room: open })
    const sent = await trpc.chat.send.mutate({ room: open, text: 'I am a program' })
    expect(sent.author).toEqual(user)
    await trpc.chat.react.mutate({ room: open, seq: sent.seq, emoji: '👍' })
    const closed = await makeRoom('private', bob)
    expect(await failureOf(trpc.rooms.join.mutate({ room: closed }))).toBe('ROOM_NOT_FOUND')
    await bob.trpc.rooms.invite.mutate({ room: closed, username: user.username })
    expect((await trpc.chat.send.mutate({ room: closed, text: 'thank you' })).room).toBe(closed)
    await close()
  })

  it('a bot: creates no bots and no rooms, gets no password, and never becomes an admin', async () => {
    const { user, token } = await createBot(ada)
    const { trpc, close } = connectToken(token, 'header')
    expect(await failureOf(trpc.bots.create.mutate({ username: 'child', displayName: 'Child' }))).toBe('NOT_ALLOWED')
    expect(await failureOf(trpc.rooms.create.mutate({ name: 'Mine', kind: 'public' }))).toBe('NOT_ALLOWED')
    expect(await failureOf(trpc.users.changePassword.mutate({ current: '', password }))).toBe('NO_PASSWORD')
    expect(await failureOf(trpc.security.confirm.mutate({ password }))).not.toBe('')
    expect(await failureOf(admin.trpc.admin.setRole.mutate({ username: user.username, role: 'admin' }))).toBe('NOT_ALLOWED')
    expect(await failureOf(admin.trpc.admin.resetLink.mutate({ username: user.username }))).toBe('NOT_ALLOWED')
    const login = await roomline.web.login(postJson('/api/login', { username: user.username, password }))
    expect(login.status).toBe(401)
    await close()
  })

  it('rotating: closes the sockets with 4401 on every node, and only the new token works', async () => {
    const { user, token } = await createBot(ada)
    const clients = [0, 1].map((node) => connectToken(token, 'header', node))
    for (const { trpc } of clients) await trpc.session.me.query()
    const rotatedAt = performance.now()
    const rotated = await ada.trpc.bots.rotate.mutate({ username: user.username })
    await until(() => clients.every(({ closed }) => closed.includes(4401)), 2_000)
    expect(performance.now() - rotatedAt).toBeLessThan(2_000)
    expect((await callHttp(token)).status).toBe(401)
    expect((await callHttp(rotated.token)).status).toBe(200)
    for (const client of clients) await client.close()
  })

  it('removing: closes the sockets, frees the name, and leaves the messages', async () => {
    const { user, token } = await createBot(ada)
    const room = await makeRoom('public', bob)
    const client = connectToken(token, 'header', 1)
    await client.trpc.rooms.join.mutate({ room })
    await client.trpc.chat.send.mutate({ room, text: 'my last words' })
    await ada.trpc.bots.remove.mutate({ username: user.username })
    await until(() => client.closed.includes(4401), 2_000)
    expect((await callHttp(token)).status).toBe(401)
    const { messages } = await bob.trpc.chat.history.query({ room })
    expect(messages.at(-1)).toMatchObject({ text: 'my last words', author: { displayName: 'Deleted user' } })
    const again = await ada.trpc.bots.create.mutate({ username: user.username, displayName: user.displayName })
    expect(again.user.username).toBe(user.username)
    await client.close()
  })

  it('bots of others: are not listed, and can be changed by nobody but an admin', async () => {
    const { user } = await createBot(ada)
    expect((await bob.trpc.bots.list.query()).bots).toEqual([])
    expect(await failureOf(bob.trpc.bots.rotate.mutate({ username: user.username }))).toBe('BOT_NOT_FOUND')
    expect(await failureOf(bob.trpc.bots.remove.mutate({ username: user.username }))).toBe('BOT_NOT_FOUND')
    expect(await failureOf(ada.trpc.bots.rotate.mutate({ username: 'bob' }))).toBe('BOT_NOT_FOUND')
    const mine = (await ada.trpc.bots.list.query()).bots.find((bot) => bot.user.id === user.id)
    expect(mine).toMatchObject({ owner: 'ada', isActive: true, lastSeenAt: null, disabledAt: null })
    const seen = (await admin.trpc.bots.list.query()).bots.map((bot) => bot.user.username)
    expect(seen).toContain(user.username)
    expect((await admin.trpc.bots.rotate.mutate({ username: user.username })).token).toMatch(/^rlb_/)
  })

  it('an owner who is disabled: their bots are out, and stay out until they are given new tokens', async () => {
    const carl = await connectPerson(roomline)
    const { user, token } = await createBot(carl)
    const client = connectToken(token, 'header')
    await client.trpc.session.me.query()
    await admin.trpc.admin.disable.mutate({ username: carl.username })
    await until(() => client.closed.includes(4401), 2_000)
    await admin.trpc.admin.enable.mutate({ username: carl.username })
    expect((await callHttp(token)).status).toBe(401)
    const { bots } = await admin.trpc.bots.list.query()
    expect(bots.find((bot) => bot.user.id === user.id)?.isActive).toBe(false)
    const back = roomline.connect(await roomline.signIn(carl.username))
    expect((await callHttp((await back.trpc.bots.rotate.mutate({ username: user.username })).token)).status).toBe(200)
    await client.close()
  })

  it('an owner who deletes their account: the bot keeps its name, without a token, for an admin to look after', async () => {
    const dora = await connectPerson(roomline)
    const { user, token } = await createBot(dora)
    await dora.trpc.users.deleteAccount.mutate({ password })
    expect((await callHttp(token)).status).toBe(401)
    const { bots } = await admin.trpc.bots.list.query()
    expect(bots.find((bot) => bot.user.id === user.id)).toMatchObject({ owner: null, isActive: false })
  })

  it('names: those of people and of other bots are taken', async () => {
    const { user } = await createBot(ada)
    const create = (username: string, displayName: string) => failureOf(ada.trpc.bots.create.mutate({ username, displayName }))
    expect(await create('bob', 'Another')).toBe('USERNAME_TAKEN')
    expect(await create('unheard-of', user.displayName)).toBe('NAME_TAKEN')
    expect(await create('a', 'Too short')).toBe('BAD_REQUEST')
  })

  it('too many: one person has a limited number', async () => {
    const erin = await connectPerson(roomline)
    for (let count = 0; count < limits.botsPerPerson; count++) await createBot(erin)
    expect(await failureOf(createBot(erin))).toBe('TOO_MANY_BOTS')
  })

  it('the audit log: has who created, rotated and removed a bot', async () => {
    const { user } = await createBot(bob)
    await bob.trpc.bots.rotate.mutate({ username: user.username })
    await bob.trpc.bots.remove.mutate({ username: user.username })
    const { entries } = await admin.trpc.admin.audit.query({ actor: 'bob', kind: 'bot' })
    expect(entries.slice(0, 3).map(({ kind, subject }) => [kind, subject?.id])).toEqual([
      ['bot.removed', user.id],
      ['bot.rotated', user.id],
      ['bot.created', user.id],
    ])
  })
})
