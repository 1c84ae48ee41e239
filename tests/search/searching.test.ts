import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'
import { searchAll, textsOf, untilIndexed } from './searches'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // The first to sign up is the admin; the people of the tests are not.
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

async function makeSharedRoom() {
  const [ada, ben] = [await connectPerson(roomline), await connectPerson(roomline, { node: 1 })]
  return { ada, ben, room: await makeRoom('private', ada, ben) }
}

const send = (person: ConnectedPerson, room: string, text: string) => person.trpc.chat.send.mutate({ room, text })
const search = async (person: ConnectedPerson, query: string) => textsOf((await person.trpc.chat.search.query({ query })).hits)

describe('search', () => {
  it('finds a message soon after it was sent, and marks what was found', async () => {
    const { ada, ben, room } = await makeSharedRoom()
    const message = await send(ada, room, 'We have many options')
    await until(async () => (await search(ben, 'optio')).length === 1)
    expect(await ben.trpc.chat.search.query({ query: 'optio' })).toEqual({
      hits: [{ message, excerpt: 'We have many options', marks: [[13, 18]] }],
      cursor: null,
    })
  })

  it('goes page by page through the caller’s own rooms, the newest first', async () => {
    const { ada, ben, room } = await makeSharedRoom()
    const stranger = await connectPerson(roomline)
    for (let index = 1; index <= 7; index++) await send(ada, room, `zucchini number ${index}`)
    await send(ben, room, 'Zucchini again')
    await untilIndexed(roomline)
    const expected = ['Zucchini again', ...[7, 6, 5, 4, 3, 2, 1].map((index) => `zucchini number ${index}`)]
    expect(await searchAll(ben, { query: 'zucchini', limit: 3 })).toEqual(expected)
    expect(await searchAll(ben, { query: 'zucchini', limit: 8 })).toEqual(expected)
    expect(await searchAll(ben, { query: 'zucchini', limit: 1, room })).toEqual(expected)
    expect(await search(stranger, 'zucchini')).toEqual([])
    expect(await failureOf(stranger.trpc.chat.search.query({ query: 'zucchini', room }))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(stranger.trpc.chat.search.query({ query: 'zucchini', room: 'no-such-room' }))).toBe('ROOM_NOT_FOUND')
  })

  it('filters by room, author, time and what a message has', async () => {
    const { ada, ben, room } = await makeSharedRoom()
    const other = await makeRoom('private', ada)
    const first = await send(ada, room, 'papaya https://example.com')
    await send(ben, room, 'papaya `code`')
    const third = await send(ada, other, 'papaya three')
    await untilIndexed(roomline)
    const of = async (filters: object, query = 'papaya') => (await searchAll(ada, { query, ...filters })).map((text) => text.slice(7))
    expect(await of({})).toEqual(['three', '`code`', 'https://example.com'])
    expect(await of({ room })).toEqual(['`code`', 'https://example.com'])
    expect(await of({ author: ada.username.toUpperCase() })).toEqual(['three', 'https://example.com'])
    expect(await of({ author: ada.username, room })).toEqual(['https://example.com'])
    expect(await of({ author: 'nobody-at-all' })).toEqual([])
    expect(await of({ has: 'link' })).toEqual(['https://example.com'])
    expect(await of({ has: 'code' }, '')).toEqual(['`code`'])
    expect(await of({ has: 'file' }, '')).toEqual([])
    expect(await of({ after: third.time })).toEqual(['three'])
    expect(await of({ before: third.time })).toEqual(['`code`', 'https://example.com'])
    expect(await of({ after: first.time, before: third.time, room }, '')).toEqual(['`code`', 'https://example.com'])
    expect(await of({ before: '1999-12-31' })).toEqual([])
    expect(await of({ after: '1999-12-31T00:00:00+02:00', room: other }, '')).toEqual(['three'])
    expect(await of({}, 'papaya -code')).toEqual(['three', 'https://example.com'])
  })

  it('has: file is what the attachments say', async () => {
    const { ada, room } = await makeSharedRoom()
    const { seq } = await send(ada, room, 'with a file')
    await untilIndexed(roomline)
    const { user } = await ada.trpc.session.me.query()
    await roomline.pool.query(`INSERT INTO attachments (uploader_id, room_id, seq, name, type, size) VALUES ($1, $2, $3, 'a', 'b', 1)`, [
      ...[user.id, room, seq],
    ])
    // What was stored with the message is there when its terms are made.
    await ada.trpc.chat.edit.mutate({ room, seq, text: 'with a file, edited' })
    await untilIndexed(roomline)
    expect(await searchAll(ada, { query: '', has: 'file' })).toEqual(['with a file, edited'])
    await roomline.pool.query('DELETE FROM attachments WHERE room_id = $1', [room])
    expect(await searchAll(ada, { query: '', has: 'file' })).toEqual([])
  })

  it('says what to do when there is nothing to look for, and refuses what no cursor or time is', async () => {
    const { ada, room } = await makeSharedRoom()
    const { trpc } = ada
    for (const query of ['', '   ', '…', '-']) expect(await failureOf(trpc.chat.search.query({ query }))).toBe('BAD_REQUEST')
    await expect(trpc.chat.search.query({ query: '-this' })).rejects.toThrow('not only what to leave out')
    await expect(trpc.chat.search.query({ query: '!' })).rejects.toThrow('Type a word')
    const cursorOf = (time: string, place: string) => Buffer.from(JSON.stringify([time, place])).toString('base64url')
    const now = new Date().toISOString()
    for (const cursor of [
      ...['junk', 'WyIxIiwiMiJd', cursorOf(now, room), cursorOf(now, `${room} 99999999999`), cursorOf(now, 'another 1')],
      ...[cursorOf('+275760-09-13T00:00:00.000Z', `${room} 1`), cursorOf('0000-01-01T00:00:00.000Z', `${room} 1`)],
    ]) {
      expect(await failureOf(trpc.chat.search.query({ query: 'x', room, cursor })), cursor).toBe('BAD_REQUEST')
    }
    const precise = `2024-01-01T00:00:00.${'0'.repeat(100)}Z`
    for (const time of ['yesterday', '2024-13-01', '2024-01-01T00:00:00', '0999-01-01', '+012024-01-01T00:00:00Z', precise]) {
      expect(await failureOf(trpc.chat.search.query({ query: 'x', after: time })), time).toBe('BAD_REQUEST')
      expect(await failureOf(trpc.chat.search.query({ query: 'x', before: time })), time).toBe('BAD_REQUEST')
    }
    expect(await failureOf(trpc.chat.search.query({ query: 'x', has: 'wings' as 'link' }))).toBe('BAD_REQUEST')
    expect(await failureOf(trpc.chat.search.query({ query: 'x'.repeat(501) }))).toBe('BAD_REQUEST')
  })
})
