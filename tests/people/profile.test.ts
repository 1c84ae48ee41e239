import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // The first account is the admin.
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (name?: string, node = 0) => connectPerson(roomline, { name, node })

describe('a person’s profile', () => {
  it('can be changed field by field', async () => {
    const ada = await person()
    const me = await ada.trpc.users.me.query()
    expect(me).toEqual({
      id: expect.any(String),
      username: ada.username,
      displayName: ada.username,
      avatar: null,
      status: '',
      role: 'member',
      timeZone: null,
      hideLastSeen: false,
      hideReads: false,
    })
    expect(await ada.trpc.users.update.mutate({ displayName: '  Ada Lovelace ' })).toEqual({ ...me, displayName: 'Ada Lovelace' })
    expect(await ada.trpc.users.update.mutate({ status: 'counting 🧮', hideLastSeen: true })).toEqual({
      ...me,
      displayName: 'Ada Lovelace',
      status: 'counting 🧮',
      hideLastSeen: true,
    })
    expect(await ada.trpc.users.update.mutate({ status: '', avatar: '/files/ada.png' })).toMatchObject({
      status: '',
      avatar: '/files/ada.png',
    })
    expect(await ada.trpc.users.update.mutate({ avatar: null })).toMatchObject({ avatar: null, displayName: 'Ada Lovelace' })
  })

  it('is visible to others without its private fields', async () => {
    const ada = await person()
    const ben = await person()
    await ada.trpc.users.update.mutate({ displayName: 'Ada', status: 'away', hideLastSeen: true })
    const seen = await ben.trpc.users.get.query({ username: ada.username.toUpperCase() })
    expect(seen).toEqual({
      id: expect.any(String),
      username: ada.username,
      displayName: 'Ada',
      avatar: null,
      status: 'away',
      role: 'member',
      timeZone: null,
    })
    expect(await failureOf(ben.trpc.users.get.query({ username: 'nobody-of-that-name' }))).toBe('USER_NOT_FOUND')
  })

  it('a new name appears on the next message, on every open connection', async () => {
    const ada = await person()
    const adaElsewhere = roomline.connect(await roomline.signIn(ada.username), { node: 1 })
    const ben = await person(undefined, 1)
    const followed = await ben.follow('general')
    await adaElsewhere.trpc.chat.send.mutate({ room: 'general', text: 'under the old name' })
    await ada.trpc.users.update.mutate({ displayName: 'Countess' })
    await adaElsewhere.trpc.chat.send.mutate({ room: 'general', text: 'under the new one' })
    const names = (await followed.until(2)).map(({ author }) => author.displayName)
    expect(names).toEqual([ada.username, 'Countess'])
    await until(async () => (await adaElsewhere.trpc.session.me.query()).user.displayName === 'Countess')
    const { messages } = await ben.trpc.chat.history.query({ room: 'general', limit: 2 })
    expect(messages.map(({ author }) => author.displayName)).toEqual(['Countess', 'Countess'])
  })

  it.each([
    ['nothing to change', {}],
    ['an empty name', { displayName: '   ' }],
    ['a long name', { displayName: 'x'.repeat(65) }],
    ['a name with NUL', { displayName: 'a\0b' }],
    ['half a character', { status: '\ud83d' }],
    ['a long status', { status: 'x'.repeat(141) }],
    ['a picture on another server', { avatar: 'https://evil.example/x.png' }],
    ['a picture on another server, without its scheme', { avatar: '//evil.example/x.png' }],
    ['a script for a picture', { avatar: 'javascript:alert(1)' }],
    ['a role', { role: 'admin' }],
    ['another’s id', { displayName: 'x', id: '0' }],
    ['a word for yes', { hideLastSeen: 'yes' }],
  ])('refuses %s', async (_, change) => {
    const ada = await person()
    expect(await failureOf(ada.trpc.users.update.mutate(change as never))).toBe('BAD_REQUEST')
    expect(await ada.trpc.users.me.query()).toMatchObject({ displayName: ada.username, status: '', avatar: null, role: 'member' })
  })
})

describe('searching for people', () => {
  it('finds parts of either name in any letter case, exact matches first', async () => {
    const ada = await person('grete')
    const names = [
      ['xx-grete', 'Somebody'],
      ['grete-hermann', 'Grete Hermann'],
      ['zoe', 'Über-GRETE'],
      ['heinz', 'Heinz'],
    ] as const
    for (const [username, displayName] of names) await (await person(username)).trpc.users.update.mutate({ displayName })
    const find = async (query: string, limit?: number) => {
      const { users, cursor } = await ada.trpc.users.search.query({ query, ...(limit && { limit }) })
      expect(cursor).toBeNull()
      return users.map(({ username }) => username)
    }
    expect(await find('GreTe')).toEqual(['grete', 'grete-hermann', 'xx-grete', 'zoe'])
    expect(await find('grete', 2)).toEqual(['grete', 'grete-hermann'])
    expect(await find('üBER')).toEqual(['zoe'])
    expect(await find('', 3)).toHaveLength(3)
    expect(await ada.trpc.users.search.query({ query: 'heinz' })).toEqual({
      users: [
        { id: expect.any(String), username: 'heinz', displayName: 'Heinz', avatar: null, status: '', role: 'member', timeZone: null },
      ],
      cursor: null,
    })
  })

  it('matches the query literally', async () => {
    const ada = await person('per_cent')
    await (await person('perxcent')).trpc.users.update.mutate({ displayName: '100 % \\o/' })
    const find = async (query: string) => (await ada.trpc.users.search.query({ query })).users.map(({ username }) => username)
    expect(await find('per_')).toEqual(['per_cent'])
    expect(await find('%')).toEqual(['perxcent'])
    expect(await find('\\')).toEqual(['perxcent'])
    expect(await find(`' OR 1=1 --`)).toEqual([])
  })

  it('leaves out disabled and deleted people', async () => {
    const ada = await person()
    for (const [username, column] of [
      ['gone-disabled', 'disabled_at'],
      ['gone-deleted', 'deleted_at'],
    ] as const) {
      await person(username)
      await ada.trpc.users.get.query({ username })
      await roomline.pool.query(`UPDATE users SET ${column} = now() WHERE username = $1`, [username])
      expect(await failureOf(ada.trpc.users.get.query({ username }))).toBe('USER_NOT_FOUND')
    }
    expect((await ada.trpc.users.search.query({ query: 'gone-' })).users).toEqual([])
  })

  it('is rejected for guests, who still have their own profile', async () => {
    const ada = await roomline.signUp()
    await roomline.pool.query(`UPDATE users SET role = 'guest' WHERE username = $1`, [ada.username])
    const guest = roomline.connect(ada)
    expect(await failureOf(guest.trpc.users.search.query({ query: 'a' }))).toBe('NOT_ALLOWED')
    expect(await failureOf(guest.trpc.users.get.query({ username: ada.username }))).toBe('NOT_ALLOWED')
    expect(await guest.trpc.users.update.mutate({ status: 'visiting' })).toMatchObject({ role: 'guest', status: 'visiting' })
    expect(await guest.trpc.session.list.query()).toHaveLength(1)
  })

  it.each([
    ['a long query', { query: 'x'.repeat(65) }],
    ['no limit to it', { query: 'x', limit: 51 }],
    ['none at all', { query: 'x', limit: 0 }],
    ['an unknown key', { query: 'x', deleted: true }],
    ['NUL', { query: '\0' }],
    ['a pattern', { query: { contains: 'x' } }],
  ])('refuses %s', async (_, input) => {
    const { trpc } = await person()
    expect(await failureOf(trpc.users.search.query(input as never))).toBe('BAD_REQUEST')
    expect(await failureOf(trpc.users.get.query({ username: 'zoe', extra: 1 } as never))).toBe('BAD_REQUEST')
    expect(await failureOf(trpc.users.get.query({ username: 'no such name' }))).toBe('BAD_REQUEST')
    expect(await failureOf(trpc.users.me.query({ extra: 1 } as never))).toBe('BAD_REQUEST')
  })
})
