import { expect } from 'vitest'
import { createTestRoom } from '../../../src/sdk/testing'
import { expectAlike, failureOf, type Rules, shapeOf, textsOf } from './scene'

export const rooms: Rules = {
  'a new room has every field, and its creator owns it': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const name = scene.roomName()
    const room = await ada.client.rooms.create.mutate({ name, kind: 'public', topic: 'Talk', members: [ben.username] })
    expect(shapeOf(room)).toEqual(shapeOf(createTestRoom()))
    expect(room).toEqual(createTestRoom({ id: name.toLowerCase().replaceAll(' ', '-'), name, topic: 'Talk', role: 'owner' }))
    expect(await ben.client.rooms.get.query({ room: room.id })).toEqual({ ...room, role: 'member' })
  },

  'the id of a public room is its slug, that of a private one is random': async (scene) => {
    const ada = await scene.person('ada')
    const name = scene.roomName()
    expect((await ada.client.rooms.create.mutate({ name: `${name} – Über uns!`, kind: 'public' })).id).toMatch(/^room-\w+-über-uns$/)
    expect((await ada.client.rooms.create.mutate({ name, kind: 'private' })).id).toMatch(/^[\da-f-]{36}$/)
  },

  'a public room needs a name that is free and has a letter or digit': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const name = scene.roomName()
    await ada.client.rooms.create.mutate({ name, kind: 'public' })
    const taken = ben.client.rooms.create.mutate({ name: name.toUpperCase(), kind: 'public' })
    expect(await failureOf(taken)).toBe('ROOM_NAME_TAKEN')
    expect(await failureOf(ben.client.rooms.create.mutate({ name: '!?', kind: 'public' }))).toBe('BAD_REQUEST')
    expect(await failureOf(ben.client.rooms.create.mutate({ name: 'x'.repeat(61), kind: 'private' }))).toBe('BAD_REQUEST')
    expect(await failureOf(ben.client.rooms.create.mutate({ name, kind: 'private', members: ['nobody-at-all'] }))).toBe('USER_NOT_FOUND')
  },

  'the direct room of the same people is one, named after the others': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const adas = await ada.client.rooms.direct.mutate({ usernames: [ben.username] })
    const bens = await ben.client.rooms.direct.mutate({ usernames: [ada.username] })
    expect(adas).toMatchObject({ kind: 'direct', name: ben.username, role: 'member', people: [{ username: ben.username }] })
    expect(bens).toMatchObject({ id: adas.id, name: ada.username })
    expect(await failureOf(ada.client.rooms.direct.mutate({ usernames: ['nobody-at-all'] }))).toBe('USER_NOT_FOUND')
  },

  'a room that is absent and one that is private are the same for a stranger': async (scene) => {
    const { ada, room } = await scene.pair()
    const { client } = await scene.person('eve')
    await scene.say(ada, room, 'secret')
    const calls: ((id: string) => Promise<unknown>)[] = [
      (id) => client.rooms.get.query({ room: id }),
      (id) => client.rooms.members.query({ room: id }),
      (id) => client.rooms.join.mutate({ room: id }),
      (id) => client.rooms.leave.mutate({ room: id }),
      (id) => client.rooms.update.mutate({ room: id, topic: 'x' }),
      (id) => client.rooms.invite.mutate({ room: id, username: 'eve' }),
      (id) => client.chat.history.query({ room: id }),
      (id) => client.chat.send.mutate({ room: id, text: 'x' }),
      (id) => client.chat.edit.mutate({ room: id, seq: 1, text: 'x' }),
      (id) => client.chat.react.mutate({ room: id, seq: 1, emoji: '👍' }),
      (id) => client.chat.thread.query({ room: id, seq: 1 }),
      (id) => client.chat.pins.query({ room: id }),
      (id) => client.chat.markRead.mutate({ room: id, seq: 1 }),
      (id) => client.chat.typing.mutate({ room: id }),
      (id) => client.chat.search.query({ room: id, query: 'secret' }),
      (id) => scene.follow({ client }, id),
    ]
    for (const call of calls) {
      await expectAlike(call(room), call('there-is-no-such-room'))
      expect(await failureOf(call(room))).toBe('ROOM_NOT_FOUND')
    }
  },

  'a public room says NOT_A_MEMBER to those who have not joined': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const room = await scene.room('public', ada)
    expect(await failureOf(ben.client.chat.history.query({ room }))).toBe('NOT_A_MEMBER')
    expect(await failureOf(ben.client.chat.send.mutate({ room, text: 'x' }))).toBe('NOT_A_MEMBER')
    expect(await failureOf(scene.follow(ben, room))).toBe('NOT_A_MEMBER')
    expect(await failureOf(ben.client.rooms.get.query({ room }))).toBe('ROOM_NOT_FOUND')
  },

  'joining makes a member, who has read everything so far; joining twice is once': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const room = await scene.room('public', ada)
    await scene.say(ada, room, 'one', 'two')
    const joined = await ben.client.rooms.join.mutate({ room })
    expect(joined).toMatchObject({ id: room, role: 'member', lastSeq: 2, readSeq: 2, unread: 0 })
    expect(await ben.client.rooms.join.mutate({ room })).toEqual(joined)
    expect((await ben.client.chat.history.query({ room })).messages).toHaveLength(2)
  },

  'leaving ends the membership; the last owner of a room with others cannot leave': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    expect(await failureOf(ada.client.rooms.leave.mutate({ room }))).toBe('LAST_OWNER')
    expect(await ben.client.rooms.leave.mutate({ room })).toEqual({ room })
    expect(await failureOf(ben.client.chat.history.query({ room }))).toBe('ROOM_NOT_FOUND')
    const { messages } = await ada.client.chat.history.query({ room })
    expect(messages.map(({ kind, author }) => [kind, author.username])).toEqual([['left', ben.username]])
    expect(await ada.client.rooms.leave.mutate({ room })).toEqual({ room })
  },

  'nobody leaves or changes a direct room': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const { id: room } = await ada.client.rooms.direct.mutate({ usernames: [ben.username] })
    expect(await failureOf(ada.client.rooms.leave.mutate({ room }))).toBe('DIRECT_ROOM')
    expect(await failureOf(ada.client.rooms.invite.mutate({ room, username: ben.username }))).toBe('DIRECT_ROOM')
  },

  'a moderator renames a room, and the room says so in lines': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const name = scene.roomName()
    expect(await ada.client.rooms.update.mutate({ room, name, topic: 'New' })).toMatchObject({
      id: room,
      name,
      topic: 'New',
      lastSeq: 2,
      unread: 0,
    })
    expect(await failureOf(ben.client.rooms.update.mutate({ room, topic: 'x' }))).toBe('NOT_ALLOWED')
    const { messages } = await ben.client.chat.history.query({ room })
    expect(messages.map(({ kind, detail }) => [kind, detail])).toEqual([
      ['renamed', { name }],
      ['topic', { topic: 'New' }],
    ])
    expect(textsOf(messages)).toEqual(['', ''])
    expect(await failureOf(ada.client.chat.edit.mutate({ room, seq: 1, text: 'x' }))).toBe('MESSAGE_NOT_FOUND')
    expect(await failureOf(ada.client.rooms.update.mutate({ room }))).toBe('BAD_REQUEST')
  },

  'an archived room is read only, in no list, and can be restored': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const archived = await ada.client.rooms.archive.mutate({ room })
    expect(archived).toMatchObject({ id: room, archivedAt: expect.any(String) })
    expect((await ben.client.rooms.list.query()).some(({ id }) => id === room)).toBe(false)
    expect(await ben.client.rooms.get.query({ room })).toMatchObject({ archivedAt: expect.any(String) })
    expect(textsOf((await ben.client.chat.history.query({ room })).messages)).toEqual([''])
    expect(await failureOf(ben.client.chat.react.mutate({ room, seq: 1, emoji: '👍' }))).toBe('ROOM_ARCHIVED')
    await ada.client.rooms.archive.mutate({ room, archived: false })
    expect((await ben.client.rooms.list.query()).find(({ id }) => id === room)).toMatchObject({ archivedAt: null, unread: 2 })
  },

  'browse shows public rooms with their members, whether joined or not, and no private ones': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const name = scene.roomName()
    const { id } = await ada.client.rooms.create.mutate({ name, kind: 'public', topic: 'Talk' })
    await ada.client.rooms.create.mutate({ name: `${name} hidden`, kind: 'private' })
    const browse = () => ben.client.rooms.browse.query({ query: name.toUpperCase() })
    const found = { id, kind: 'public', name, topic: 'Talk', memberCount: 1, joined: false }
    expect(await browse()).toEqual({ rooms: [found], cursor: null })
    await ben.client.rooms.join.mutate({ room: id })
    expect(await browse()).toEqual({ rooms: [{ ...found, memberCount: 2, joined: true }], cursor: null })
    await ada.client.rooms.archive.mutate({ room: id })
    expect(await browse()).toEqual({ rooms: [], cursor: null })
  },
}
