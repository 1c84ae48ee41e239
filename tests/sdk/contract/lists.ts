import { expect } from 'vitest'
import type { Room, RoomListEvent } from '../../../src/sdk'
import { withRoomListEvent } from '../../../src/sdk/listed-rooms'
import { createTestRoom } from '../../../src/sdk/testing'
import { type ContractPerson, type Rules, type Scene, shapeOf } from './scene'

const listOf = (events: readonly RoomListEvent[]): readonly Room[] => events.reduce(withRoomListEvent, [] as readonly Room[])

/** What somebody's list says of a room, kept current by its events. */
async function watchRoom(scene: Scene, person: ContractPerson, room: string) {
  const { events, stop } = await scene.followList(person)
  return { events, stop, now: () => listOf(events).find(({ id }) => id === room) }
}

export const lists: Rules = {
  'rooms.list shows a room as rooms.get does, with its last message': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [sent] = await scene.say(ada, room, 'z'.repeat(300))
    const listed = (await ben.client.rooms.list.query()).find(({ id }) => id === room)
    expect(shapeOf(listed ?? {})).toEqual(shapeOf(createTestRoom()))
    expect(listed).toEqual(await ben.client.rooms.get.query({ room }))
    expect(listed?.lastMessage).toEqual({
      ...{ seq: 1, version: sent?.version, kind: 'text', detail: null, author: sent?.author, time: sent?.time },
      ...{ text: `${'z'.repeat(200)}…`, editedAt: null, deletedAt: null },
    })
  },

  'unread counts what was sent after the read mark; one’s own messages are read': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'one', 'two', 'three')
    expect(await ada.client.rooms.get.query({ room })).toMatchObject({ lastSeq: 3, readSeq: 3, unread: 0 })
    expect(await ben.client.rooms.get.query({ room })).toMatchObject({ lastSeq: 3, readSeq: 0, unread: 3 })
    await scene.say(ben, room, 'four')
    expect(await ben.client.rooms.get.query({ room })).toMatchObject({ readSeq: 4, unread: 0 })
  },

  'a read mark only moves forward, and not beyond the last message': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'one', 'two', 'three')
    expect(await ben.client.chat.markRead.mutate({ room, seq: 2 })).toMatchObject({ id: room, readSeq: 2, unread: 1 })
    expect(await ben.client.chat.markRead.mutate({ room, seq: 1 })).toMatchObject({ readSeq: 2, unread: 1 })
    expect(await ben.client.chat.markRead.mutate({ room, seq: 99 })).toMatchObject({ readSeq: 3, unread: 0 })
  },

  'markUnread makes a message and everything after it unread': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'one', 'two', 'three')
    await ben.client.chat.markRead.mutate({ room, seq: 3 })
    expect(await ben.client.chat.markUnread.mutate({ room, seq: 2 })).toMatchObject({ readSeq: 1, unread: 2 })
  },

  'unread mentions are counted, by name and of the room, and none with notify nothing': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, `@${ben.username}`, '@room', `@room @${ben.username}`, 'nobody')
    await scene.say(ada, room, `@${ada.username}`)
    expect(await ben.client.rooms.get.query({ room })).toMatchObject({ unread: 5, mentions: 3 })
    expect(await ada.client.rooms.get.query({ room })).toMatchObject({ unread: 0, mentions: 0 })
    expect(await ben.client.rooms.setNotify.mutate({ room, notify: 'nothing' })).toMatchObject({
      notify: 'nothing',
      unread: 5,
      mentions: 0,
    })
    await ben.client.rooms.setNotify.mutate({ room, notify: 'mentions' })
    expect(await ben.client.chat.markRead.mutate({ room, seq: 2 })).toMatchObject({ unread: 3, mentions: 1 })
    await ada.client.chat.remove.mutate({ room, seq: 3 })
    expect(await ben.client.rooms.get.query({ room })).toMatchObject({ unread: 3, mentions: 0 })
  },

  'onChange begins with the whole list': async (scene) => {
    const { ada, room } = await scene.pair()
    await scene.say(ada, room, 'one')
    const followed = await scene.followList(ada)
    expect(followed.events[0]).toEqual({ type: 'list', rooms: expect.any(Array) })
    expect(listOf(followed.events)).toEqual(await ada.client.rooms.list.query())
    followed.stop()
  },

  'onChange shows new messages, counts and read marks of other devices': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const list = await watchRoom(scene, ben, room)
    await scene.say(ada, room, `Hi @${ben.username}`)
    await scene.until(() => list.now()?.unread === 1)
    await scene.until(() => list.now()?.mentions === 1)
    expect(list.now()).toMatchObject({ lastSeq: 1, lastMessage: { text: `Hi @${ben.username}` } })
    await ben.client.chat.markRead.mutate({ room, seq: 1 })
    await scene.until(() => list.now()?.unread === 0 && list.now()?.mentions === 0)
    expect(list.now()).toEqual(await ben.client.rooms.get.query({ room }))
    list.stop()
  },

  'onChange shows rooms that appear and vanish': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const { events, stop } = await scene.followList(ben)
    const room = await scene.room('private', ada, ben)
    await scene.until(() => listOf(events).some(({ id }) => id === room))
    await ada.client.rooms.remove.mutate({ room, username: ben.username })
    await scene.until(() => events.some((event) => event.type === 'gone' && event.room === room))
    expect(listOf(events).some(({ id }) => id === room)).toBe(false)
    stop()
  },

  'onChange shows settings: name, topic, role, notify, favorite': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const list = await watchRoom(scene, ben, room)
    const name = scene.roomName()
    await ada.client.rooms.update.mutate({ room, name, topic: 'New' })
    await scene.until(() => list.now()?.name === name && list.now()?.topic === 'New')
    await ada.client.rooms.setRole.mutate({ room, username: ben.username, role: 'moderator' })
    await scene.until(() => list.now()?.role === 'moderator')
    await ben.client.rooms.setFavorite.mutate({ room, favorite: true })
    await ben.client.rooms.setNotify.mutate({ room, notify: 'mentions' })
    await scene.until(() => list.now()?.favorite === true && list.now()?.notify === 'mentions')
    list.stop()
  },

  'onChange shows an edit and a removal of the last message': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'before')
    const list = await watchRoom(scene, ben, room)
    await ada.client.chat.edit.mutate({ room, seq: 1, text: 'after' })
    await scene.until(() => list.now()?.lastMessage?.text === 'after')
    await ada.client.chat.remove.mutate({ room, seq: 1 })
    await scene.until(() => list.now()?.lastMessage?.text === '')
    expect(list.now()?.lastMessage).toMatchObject({ seq: 1, deletedAt: expect.any(String) })
    list.stop()
  },

  'after a lost connection the list is whole again': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const list = await watchRoom(scene, ben, room)
    scene.server.cut(ben)
    await scene.say(ada, room, 'missed')
    await scene.until(() => list.now()?.lastMessage?.text === 'missed')
    expect(list.events.filter(({ type }) => type === 'list').length).toBeGreaterThan(0)
    list.stop()
  },

  'a handle of the room list is live, and in the order of the newest message': async (scene) => {
    const ada = await scene.person('ada')
    const [first, second] = [await scene.room('private', ada), await scene.room('private', ada)]
    const handle = ada.chat.rooms.open()
    const own = () =>
      handle.state
        .get()
        .rooms.filter(({ id }) => id === first || id === second)
        .map(({ id }) => id)
    await scene.until(() => own().length === 2)
    await scene.say(ada, second, 'one')
    await scene.until(() => own()[0] === second)
    await scene.server.pass()
    await scene.say(ada, first, 'two')
    await scene.until(() => own()[0] === first)
    handle.close()
  },
}
