import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Message } from '../../src/contract/message'
import { limits } from '../../src/contract/rules'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
let owner: ConnectedPerson
let reader: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline()
  admin = await connectPerson(roomline, { name: 'root-admin' })
  owner = await connectPerson(roomline, { name: 'owner' })
  reader = await connectPerson(roomline, { name: 'reader' })
})
afterAll(() => roomline[Symbol.asyncDispose]())

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await roomline.postByHook(postJson(new URL(url).pathname, body, headers))
  const answer = (await response.json()) as Message & { error?: { code: string; fields?: Record<string, string> } }
  return { status: response.status, answer }
}

const isGone = async (username: string) => (await roomline.pool.query('SELECT FROM users WHERE username = $1', [username])).rowCount === 0

describe('an incoming hook', () => {
  it('writes: the message is its bot’s, arrives live, and is answered with 201', async () => {
    const room = await makeRoom('private', owner, reader)
    const followed = await reader.follow(room)
    const hook = await owner.trpc.hooks.create.mutate({ room, name: 'CI build' })
    expect(hook.user).toMatchObject({ username: 'hook-ci-build', displayName: 'CI build' })
    const { status, answer } = await post(hook.url, { text: 'main is **green**' })
    expect(status).toBe(201)
    expect(answer).toMatchObject({ room, text: 'main is **green**', kind: 'text', author: hook.user })
    const messages = await followed.until(2)
    expect(messages.map(({ kind }) => kind)).toEqual(['added', 'text'])
    expect(messages[1]).toEqual(answer)
  })

  it('its address: one that is unknown, removed or of no hook is not found', async () => {
    const room = await makeRoom('public', owner)
    const hook = await owner.trpc.hooks.create.mutate({ room, name: 'Short lived' })
    await owner.trpc.hooks.remove.mutate({ room, id: hook.id })
    for (const url of [
      hook.url,
      `${hook.url}x`,
      'http://localhost:3000/api/hooks/',
      `http://localhost:3000/api/hooks/${'x'.repeat(5_000)}`,
    ]) {
      const { status, answer } = await post(url, { text: 'hello' })
      expect([status, answer.error?.code]).toEqual([404, 'HOOK_NOT_FOUND'])
    }
    expect(await failureOf(owner.trpc.hooks.remove.mutate({ room, id: hook.id }))).toBe('HOOK_NOT_FOUND')
    expect((await owner.trpc.hooks.list.query({ room })).hooks).toEqual([])
  })

  it('a name: stands above the text, and means nothing in Markdown', async () => {
    const room = await makeRoom('public', owner, reader)
    const { url, user } = await owner.trpc.hooks.create.mutate({ room, name: 'Alerts' })
    const { answer } = await post(url, { text: 'disk full', username: '@reader *db-`1*' })
    expect(answer.text).toBe("`@reader *db-'1*`\ndisk full")
    expect(answer.mentions).toEqual([])
    expect(answer.author).toEqual(user)
    expect((await post(url, { text: 'for @reader', username: 'db-1' })).answer.mentions).toEqual(['reader'])
  })

  it('an Idempotency-Key: the same one is the same message, and with another text a conflict', async () => {
    const room = await makeRoom('public', owner)
    const { url } = await owner.trpc.hooks.create.mutate({ room, name: 'Deploys' })
    const key = { 'idempotency-key': 'deploy 17' }
    const [first, second] = [await post(url, { text: 'deployed 17' }, key), await post(url, { text: 'deployed 17' }, key)]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.answer).toEqual(first.answer)
    const other = await post(url, { text: 'deployed 18' }, key)
    expect([other.status, other.answer.error?.code]).toEqual([409, 'CLIENT_ID_REUSED'])
    expect((await post(url, { text: 'x' }, { 'idempotency-key': 'x'.repeat(300) })).status).toBe(400)
  })

  it('bad requests: are answered as everywhere', async () => {
    const room = await makeRoom('public', owner)
    const { url } = await owner.trpc.hooks.create.mutate({ room, name: 'Careless' })
    expect((await post(url, { text: '' })).answer.error).toMatchObject({ code: 'BAD_REQUEST', fields: { text: 'must not be empty' } })
    expect((await post(url, { text: 'x', color: 'red' })).answer.error?.fields).toEqual({ color: 'is unknown' })
    expect((await post(url, { text: 'x'.repeat(limits.messageText), username: 'Long' })).status).toBe(400)
    expect((await post(url, { text: '😀'.repeat(limits.messageText) })).status).toBe(201)
    expect((await post(url, { text: 'x'.repeat(70_000) })).status).toBe(413)
    expect((await post(url, { text: 'x' }, { origin: 'https://evil.example' })).answer.error?.code).toBe('FOREIGN_ORIGIN')
  })

  it('rights: its bot can be muted and removed, and does not write in an archived room', async () => {
    const room = await makeRoom('public', owner)
    const { url, user } = await owner.trpc.hooks.create.mutate({ room, name: 'Chatty' })
    await owner.trpc.rooms.mute.mutate({ room, username: user.username })
    expect((await post(url, { text: 'x' })).answer.error?.code).toBe('MUTED')
    await owner.trpc.rooms.remove.mutate({ room, username: user.username })
    expect((await post(url, { text: 'x' })).status).toBe(403)
    const archived = await makeRoom('private', owner)
    const hook = await owner.trpc.hooks.create.mutate({ room: archived, name: 'Late' })
    await owner.trpc.rooms.archive.mutate({ room: archived })
    expect((await post(hook.url, { text: 'x' })).answer.error?.code).toBe('ROOM_ARCHIVED')
    expect(await failureOf(owner.trpc.hooks.create.mutate({ room: archived, name: 'Later' }))).toBe('ROOM_ARCHIVED')
    const direct = await owner.trpc.rooms.direct.mutate({ usernames: ['reader'] })
    expect(await failureOf(owner.trpc.hooks.create.mutate({ room: direct.id, name: 'Private' }))).toBe('NOT_ALLOWED')
  })

  it('its name: may be that of a hook in another room, and is in the list of its own', async () => {
    const rooms = [await makeRoom('private', owner), await makeRoom('private', reader)]
    const [first] = rooms
    await owner.trpc.hooks.create.mutate({ room: first ?? '', name: 'GitHub' })
    const second = await reader.trpc.hooks.create.mutate({ room: rooms[1] ?? '', name: 'GitHub' })
    expect(second.user).toMatchObject({ username: 'hook-github-2', displayName: 'GitHub 2' })
    const { hooks } = await owner.trpc.hooks.list.query({ room: first ?? '' })
    expect(hooks).toMatchObject([{ name: 'GitHub', by: 'owner', user: { username: 'hook-github' } }])
    expect(hooks[0]).not.toHaveProperty('url')
    expect((await owner.trpc.bots.list.query()).bots).toEqual([])
  })

  it('too many: a room has a limited number', async () => {
    const room = await makeRoom('private', owner)
    for (let count = 0; count < limits.hooksPerRoom; count++)
      await owner.trpc.hooks.create.mutate({ room, name: `Number ${count} of many` })
    expect(await failureOf(owner.trpc.hooks.create.mutate({ room, name: 'One more' }))).toBe('TOO_MANY_HOOKS')
  })

  it('the audit log and the end of the room: both are known, and the account of its bot goes with the room', async () => {
    const room = await makeRoom('public', reader)
    const { url, user } = await reader.trpc.hooks.create.mutate({ room, name: 'Doomed' })
    const other = await reader.trpc.hooks.create.mutate({ room, name: 'Removed' })
    await reader.trpc.hooks.remove.mutate({ room, id: other.id })
    const { entries } = await admin.trpc.admin.audit.query({ actor: 'reader' })
    expect(entries.slice(0, 3).map(({ kind }) => kind)).toEqual(['room.hookRemoved', 'room.hookCreated', 'room.hookCreated'])
    await admin.trpc.admin.deleteRoom.mutate({ room })
    expect((await post(url, { text: 'x' })).status).toBe(404)
    await until(() => isGone(user.username))
  })

  it('the account of its bot: goes in the end, also when it cannot be deleted together with the hook', async () => {
    const room = await makeRoom('public', owner)
    const { id, user } = await owner.trpc.hooks.create.mutate({ room, name: 'Stubborn' })
    await roomline.pool.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
       CREATE TRIGGER refuse BEFORE UPDATE OF deleted_at ON users FOR EACH ROW EXECUTE FUNCTION refuse()`,
    )
    await owner.trpc.hooks.remove.mutate({ room, id }).catch(() => {})
    expect((await owner.trpc.hooks.list.query({ room })).hooks).toEqual([])
    await roomline.pool.query('DROP TRIGGER refuse ON users; DROP FUNCTION refuse()')
    await until(() => isGone(user.username), 15_000)
  })
})
