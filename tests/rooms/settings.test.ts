import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoomListEvent } from '../../src/contract/room'
import { connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // The first account is the server's admin. None of the people below is.
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0) => connectPerson(roomline, { node })
const versionOf = async (room: string) =>
  (await roomline.pool.query<{ last_version: number }>('SELECT last_version FROM rooms WHERE id = $1', [room])).rows[0]?.last_version ?? 0

describe('a room', () => {
  it('update: a new name, topic and slow mode reach subscribers in order, and every room list', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('public', ada, ben)
    const events: RoomListEvent[] = []
    ben.trpc.rooms.onChange.subscribe(undefined, { onData: (event) => events.push(event) })
    const followed = await ben.follow(room)
    await until(() => events.length > 0)
    const changed = await ada.trpc.rooms.update.mutate({ room, name: 'New name', topic: 'New topic', slowModeSeconds: 30 })
    expect(changed).toMatchObject({ id: room, name: 'New name', topic: 'New topic', slowModeSeconds: 30, lastSeq: 2, unread: 0 })
    expect((await followed.until(2)).map(({ kind, detail, text }) => [kind, detail, text])).toEqual([
      ['renamed', { name: 'New name' }, ''],
      ['topic', { topic: 'New topic' }, ''],
    ])
    await until(() => events.some((event) => event.type === 'room' && event.room.name === 'New name' && event.room.unread === 2))
    await ada.trpc.rooms.update.mutate({ room, name: 'New name' })
    expect((await ada.trpc.chat.history.query({ room })).messages).toHaveLength(2)
    expect(await failureOf(ada.trpc.rooms.update.mutate({ room }))).toBe('BAD_REQUEST')
  })

  it('posting rules: others are refused where only moderators write, and slow mode says how long to wait', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('private', ada, ben)
    await ada.trpc.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'no' }))).toBe('POSTING_RESTRICTED')
    await ada.trpc.chat.send.mutate({ room, text: 'yes' })
    await ada.trpc.rooms.update.mutate({ room, postingPolicy: 'everyone', slowModeSeconds: 60 })
    const sends = await Promise.allSettled(
      Array.from({ length: 5 }, () => ben.trpc.chat.send.mutate({ room, text: 'one of five at once' })),
    )
    expect(sends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const late = await ben.trpc.chat.send.mutate({ room, text: 'and again' }).catch((error) => error)
    expect(late.data).toMatchObject({ code: 'TOO_MANY_REQUESTS', failure: 'SLOW_MODE', retryAfterMs: expect.any(Number) })
    expect(late.data.retryAfterMs).toBeGreaterThan(50_000)
    for (let index = 0; index < 3; index++) await ada.trpc.chat.send.mutate({ room, text: 'moderators need not wait' })
  })

  it('archive: the room can be read but not written in, is in no list, and comes back when restored', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('public', ada, ben)
    const { seq } = await ben.trpc.chat.send.mutate({ room, text: 'before' })
    await ada.trpc.rooms.archive.mutate({ room })
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'after' }))).toBe('ROOM_ARCHIVED')
    expect(await failureOf(ben.trpc.chat.edit.mutate({ room, seq, text: 'after' }))).toBe('ROOM_ARCHIVED')
    expect(await failureOf(ben.trpc.chat.react.mutate({ room, seq, emoji: '👍' }))).toBe('ROOM_ARCHIVED')
    expect(await failureOf(ada.trpc.rooms.update.mutate({ room, name: 'x' }))).toBe('ROOM_ARCHIVED')
    expect((await ben.trpc.chat.history.query({ room })).messages.map(({ kind }) => kind)).toEqual(['text', 'archived'])
    expect((await ben.trpc.rooms.list.query()).map(({ id }) => id)).not.toContain(room)
    const events: RoomListEvent[] = []
    ben.trpc.rooms.onChange.subscribe(undefined, { onData: (event) => events.push(event) })
    await until(() => events.length > 0)
    await ada.trpc.rooms.archive.mutate({ room, archived: false })
    await until(() => events.some((event) => event.type === 'room' && event.room.id === room))
    expect((await ben.trpc.rooms.list.query()).map(({ id }) => id)).toContain(room)
    await ben.trpc.chat.send.mutate({ room, text: 'we are back' })
  })

  it('get: shows a member their room, archived or not, and others that there is no such room', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    const room = await makeRoom('public', ada, ben)
    await ada.trpc.chat.send.mutate({ room, text: `hello @${ben.username}` })
    const listed = (await ben.trpc.rooms.list.query()).find(({ id }) => id === room)
    expect(listed).toMatchObject({ id: room, role: 'member', unread: 1, mentions: 1, archivedAt: null })
    expect(await ben.trpc.rooms.get.query({ room })).toEqual(listed)
    await ada.trpc.rooms.archive.mutate({ room })
    expect(await ben.trpc.rooms.get.query({ room })).toMatchObject({ id: room, unread: 2, archivedAt: expect.any(String) })
    const answerOf = (id: string) => cyd.trpc.rooms.get.query({ room: id }).catch(({ message, data }) => ({ message, data: { ...data } }))
    const missing = await answerOf('no-such-room')
    expect(missing).toMatchObject({ data: { code: 'NOT_FOUND', failure: 'ROOM_NOT_FOUND' } })
    expect(await answerOf(room)).toEqual(missing)
    expect(await answerOf(await makeRoom('private', ben))).toEqual(missing)
    await ada.trpc.rooms.archive.mutate({ room, archived: false })
    expect(await answerOf(room)).toEqual(missing)
    await ada.trpc.rooms.remove.mutate({ room, username: ben.username })
    expect(await failureOf(ben.trpc.rooms.get.query({ room }))).toBe('ROOM_NOT_FOUND')
  })

  it('direct room: there is one for exactly these people, whoever asks first and however often', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    const opened = await Promise.all([
      ...Array.from({ length: 5 }, () => ada.trpc.rooms.direct.mutate({ usernames: [ben.username] })),
      ...Array.from({ length: 5 }, () => ben.trpc.rooms.direct.mutate({ usernames: [ada.username, ben.username] })),
    ])
    const [{ id: room } = { id: '' }] = opened
    expect(new Set(opened.map(({ id }) => id)).size).toBe(1)
    expect(opened[0]).toMatchObject({ kind: 'direct', name: ben.username, people: [{ username: ben.username }], role: 'member' })
    expect(opened[9]).toMatchObject({ name: ada.username, people: [{ username: ada.username }] })
    const three = await cyd.trpc.rooms.direct.mutate({ usernames: [ada.username, ben.username] })
    expect(three.id).not.toBe(room)
    expect(await failureOf(cyd.trpc.chat.history.query({ room }))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(ada.trpc.rooms.leave.mutate({ room }))).toBe('DIRECT_ROOM')
    expect(await failureOf(ada.trpc.rooms.invite.mutate({ room, username: cyd.username }))).toBe('DIRECT_ROOM')
    // Nobody moderates a direct room.
    expect(await failureOf(ada.trpc.rooms.remove.mutate({ room, username: ben.username }))).toBe('NOT_ALLOWED')
    expect(await failureOf(ada.trpc.rooms.direct.mutate({ usernames: ['nobody-here'] }))).toBe('USER_NOT_FOUND')
    expect((await ada.trpc.rooms.direct.mutate({ usernames: [ada.username] })).people).toEqual([])
  })

  it('joining and leaving: take a version each, and add a line only in private rooms', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const open = await makeRoom('public', ada)
    await ben.trpc.rooms.join.mutate({ room: open })
    await ben.trpc.rooms.leave.mutate({ room: open })
    expect(await versionOf(open)).toBe(2)
    expect((await ada.trpc.chat.history.query({ room: open })).messages).toEqual([])
    const closed = await makeRoom('private', ada)
    await ada.trpc.rooms.invite.mutate({ room: closed, username: ben.username })
    await ben.trpc.rooms.leave.mutate({ room: closed })
    expect(await versionOf(closed)).toBe(4)
    expect((await ada.trpc.chat.history.query({ room: closed })).messages).toMatchObject([
      { kind: 'added', author: { username: ada.username }, detail: { user: { username: ben.username } } },
      { kind: 'left', author: { username: ben.username }, detail: null },
    ])
  })

  it('members: pages list the owners first, and everybody once', async () => {
    const ada = await person()
    const room = await makeRoom('public', ada)
    await roomline.pool.query(
      `WITH made AS (INSERT INTO users (username, display_name) SELECT 'crowd-' || n, 'Crowd ' || n FROM generate_series(1, 250) n RETURNING id)
       INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM made`,
      [room],
    )
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof ada.trpc.rooms.members.query>> = await ada.trpc.rooms.members.query({ room, cursor })
      seen.push(...page.members.map(({ user }) => user.username))
      cursor = page.cursor
    }
    expect(seen[0]).toBe(ada.username)
    expect(seen).toHaveLength(251)
    expect(new Set(seen).size).toBe(251)
    const found = await ada.trpc.rooms.members.query({ room, query: 'Crowd 24' })
    expect([found.members.length, found.count]).toEqual([11, 251])
    expect((await ada.trpc.rooms.members.query({ room, query: '%' })).members).toEqual([])
    expect(await failureOf(ada.trpc.rooms.members.query({ room, cursor: 'WzEsMl0' }))).toBe('BAD_REQUEST')
  })
})
