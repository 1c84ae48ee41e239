import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RoomListEvent } from '../../src/contract/room'
import { connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0) => connectPerson(roomline, { node })

it('people by username: in the order asked, once each, and to guests only who shares a room with them', async () => {
  const [ada, ben, guest] = [await person(), await person(), await person()]
  await ada.trpc.users.update.mutate({ displayName: `Ada ${ada.username}` })
  const usernames = [ben.username, ada.username.toUpperCase(), 'nobody-like-this', ben.username]
  const found = await ben.trpc.users.named.query({ usernames })
  expect(found).toEqual([
    { id: expect.any(String), username: ben.username, displayName: ben.username, avatar: null },
    { id: expect.any(String), username: ada.username, displayName: `Ada ${ada.username}`, avatar: null },
  ])
  expect(await ben.trpc.users.named.query({ usernames: [] })).toEqual([])
  expect(await failureOf(ben.trpc.users.named.query({ usernames: Array(101).fill('ada') }))).toBe('BAD_REQUEST')
  await makeRoom('private', ada, guest)
  await roomline.pool.query(`DELETE FROM memberships WHERE room_id = 'general'`)
  await roomline.pool.query(`UPDATE users SET role = 'guest' WHERE username = $1`, [guest.username])
  const again = roomline.connect(guest)
  expect((await again.trpc.users.named.query({ usernames })).map(({ username }) => username)).toEqual([ada.username])
})

it('time zone: names of the database of time zones, seen by others, and taken back with null', async () => {
  const [ada, ben] = [await person(), await person()]
  const seen = async () => (await ben.trpc.users.get.query({ username: ada.username })).timeZone
  expect(await seen()).toBe(null)
  expect(await ada.trpc.users.update.mutate({ timeZone: 'europe/madrid' })).toMatchObject({ timeZone: 'Europe/Madrid' })
  expect(await seen()).toBe('Europe/Madrid')
  for (const timeZone of ['Mars/Olympus', '+02:00', '', 'Europe/Madrid '.repeat(10)])
    expect(await failureOf(ada.trpc.users.update.mutate({ timeZone })), timeZone).toBe('BAD_REQUEST')
  await ada.trpc.users.update.mutate({ timeZone: null })
  expect(await seen()).toBe(null)
})

it('favorite rooms: are the same on all devices of the person, and nobody else’s', async () => {
  const [ada, ben] = [await person(0), await person(0)]
  const room = await makeRoom('private', ada, ben)
  const listOf = (client: { trpc: typeof ada.trpc }) => {
    const events: RoomListEvent[] = []
    client.trpc.rooms.onChange.subscribe(undefined, { onData: (event) => events.push(event) })
    return events
  }
  const favoriteIn = (events: RoomListEvent[]) =>
    events
      .flatMap((event) => (event.type === 'gone' ? [] : event.type === 'list' ? event.rooms : [event.room]))
      .findLast(({ id }) => id === room)?.favorite
  const [other, bens] = [listOf(roomline.connect(ada, { node: 1 })), listOf(ben)]
  await until(() => favoriteIn(other) === false && favoriteIn(bens) === false)
  expect(await ada.trpc.rooms.setFavorite.mutate({ room, favorite: true })).toMatchObject({ id: room, favorite: true })
  await until(() => favoriteIn(other) === true)
  expect((await ada.trpc.rooms.list.query()).find(({ id }) => id === room)?.favorite).toBe(true)
  expect((await ben.trpc.rooms.get.query({ room })).favorite).toBe(false)
  await ada.trpc.rooms.setFavorite.mutate({ room, favorite: false })
  await until(() => favoriteIn(other) === false)
})
