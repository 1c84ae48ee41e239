import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createChat, type Room, type RoomListHandle } from '../../src/sdk'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** Somebody's device, whose sockets the test can cut. */
function device(person: Person, node: number) {
  const sockets = new Set<WebSocket>()
  class CuttableSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url)
      sockets.add(this)
      this.on('error', () => {})
      this.on('close', () => sockets.delete(this))
    }
  }
  const client = createChat({
    url: roomline.urls[node] ?? '',
    auth: person.token,
    WebSocket: CuttableSocket as unknown as typeof globalThis.WebSocket,
  })
  return {
    client,
    list: client.rooms.open(),
    cut: () => {
      for (const socket of sockets) socket.terminate()
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

const listed = (list: RoomListHandle, room: string): Room | undefined => list.state.get().rooms.find(({ id }) => id === room)

describe('the room list on two devices', () => {
  it('rooms: a new one, its new name and its removal reach both devices', async () => {
    const [adas, bens] = [await roomline.signUp(), await roomline.signUp()]
    await using ada = device(adas, 0)
    await using phone = device(bens, 0)
    await using laptop = device(bens, 1)
    const both = [phone.list, laptop.list]
    await until(() => both.every((list) => list.state.get().state === 'live'))
    expect(both.map((list) => list.state.get().rooms.map(({ id }) => id))).toEqual([['general'], ['general']])

    const { id } = await ada.client.trpc.rooms.create.mutate({ name: 'Allotment', kind: 'private', members: [bens.username] })
    await until(() => both.every((list) => listed(list, id)?.name === 'Allotment'))
    await ada.client.trpc.rooms.update.mutate({ room: id, name: 'Orchard' })
    await until(() => both.every((list) => listed(list, id)?.name === 'Orchard'))
    await ada.client.trpc.rooms.setRole.mutate({ room: id, username: bens.username, role: 'moderator' })
    await until(() => both.every((list) => listed(list, id)?.role === 'moderator'))
    await ada.client.trpc.rooms.remove.mutate({ room: id, username: bens.username })
    await until(() => both.every((list) => !listed(list, id)))
    expect(listed(ada.list, id)).toMatchObject({ role: 'owner', name: 'Orchard' })
  })

  it('newest message: its beginning is shown, and follows edits and its removal', async () => {
    const [adas, bens] = [await roomline.signUp(), await roomline.signUp()]
    await using ada = device(adas, 0)
    await using ben = device(bens, 1)
    const { id } = await ada.client.trpc.rooms.create.mutate({ name: 'Beginnings', kind: 'private', members: [bens.username] })
    const text = () => listed(ben.list, id)?.lastMessage?.text
    const { seq } = await ada.client.trpc.chat.send.mutate({ room: id, text: 'The code is 4711' })
    await until(() => text() === 'The code is 4711')
    await ada.client.trpc.chat.edit.mutate({ room: id, seq, text: '4712 '.repeat(100) })
    await until(() => text() === `${'4712 '.repeat(40)}…`)
    expect(listed(ben.list, id)?.lastMessage).toMatchObject({ seq, kind: 'text', author: { username: adas.username }, deletedAt: null })
    // A new device reads what the others were told.
    await using phone = device(bens, 0)
    await until(() => listed(phone.list, id) !== undefined)
    expect(listed(phone.list, id)).toEqual(listed(ben.list, id))
    await ada.client.trpc.chat.remove.mutate({ room: id, seq })
    await until(() => text() === '')
    expect(listed(ben.list, id)?.lastMessage?.deletedAt).not.toBe(null)
  })

  it('unread: both devices count until one of them reads', async () => {
    const [adas, bens] = [await roomline.signUp(), await roomline.signUp()]
    await using ada = device(adas, 1)
    await using phone = device(bens, 0)
    await using laptop = device(bens, 1)
    const both = [phone.list, laptop.list]
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Counting', kind: 'private', members: [bens.username] })
    await until(() => both.every((list) => listed(list, room)))
    await ada.client.trpc.chat.send.mutate({ room, text: 'one' })
    await ada.client.trpc.chat.send.mutate({ room, text: `two, @${bens.username}` })
    await until(() => both.every((list) => listed(list, room)?.unread === 2 && listed(list, room)?.lastMessage?.seq === 2))
    for (const list of both) {
      expect(listed(list, room)).toMatchObject({ mentions: 1, readSeq: 0, lastSeq: 2, lastMessage: { seq: 2 } })
      expect(list.state.get().rooms[0]?.id).toBe(room)
    }
    // Sending marks the room as read.
    await until(() => listed(ada.list, room)?.lastSeq === 2)
    expect(listed(ada.list, room)).toMatchObject({ unread: 0, mentions: 0 })

    await phone.client.trpc.chat.markRead.mutate({ room, seq: 2 })
    await until(() => both.every((list) => listed(list, room)?.unread === 0))
    for (const list of both) expect(listed(list, room)).toMatchObject({ mentions: 0, readSeq: 2 })
    await laptop.client.trpc.rooms.setNotify.mutate({ room, notify: 'nothing' })
    await until(() => both.every((list) => listed(list, room)?.notify === 'nothing'))
  })

  it('reconnect: the list catches up with what changed meanwhile', async () => {
    const [adas, bens] = [await roomline.signUp(), await roomline.signUp()]
    await using ada = device(adas, 0)
    await using ben = device(bens, 1)
    const { id: left } = await ada.client.trpc.rooms.create.mutate({ name: 'Left behind', kind: 'private', members: [bens.username] })
    await until(() => listed(ben.list, left) !== undefined)
    ben.cut()
    await ada.client.trpc.rooms.remove.mutate({ room: left, username: bens.username })
    const { id: found } = await ada.client.trpc.rooms.create.mutate({ name: 'Found', kind: 'private', members: [bens.username] })
    await until(() => listed(ben.list, found) !== undefined && !listed(ben.list, left))
    expect(ben.list.state.get().state).toBe('live')
  })

  it('restored room: is listed as soon as something in it changes for the member, even while others write', async () => {
    const [adas, bens] = [await roomline.signUp(), await roomline.signUp()]
    await using ada = device(adas, 0)
    await using ben = device(bens, 0)
    const { id: room } = await ada.client.trpc.rooms.create.mutate({ name: 'Back again', kind: 'private', members: [bens.username] })
    await until(() => [ada, ben].every(({ list }) => listed(list, room)))
    // In the first rounds the memberships are new and read once more after a second, which would hide the fault.
    for (let round = 0; round < 8; round++) {
      await ada.client.trpc.rooms.archive.mutate({ room })
      await until(() => [ada, ben].every(({ list }) => !listed(list, room)))
      await ada.client.trpc.rooms.archive.mutate({ room, archived: false })
      await ada.client.trpc.chat.markRead.mutate({ room, seq: 0 })
      await until(() => listed(ada.list, room) !== undefined)
      // One read finds the room changed for everybody who has it, and for somebody who does not have it yet.
      await Promise.all([
        ada.client.trpc.chat.send.mutate({ room, text: 'on we go' }),
        ben.client.trpc.chat.markRead.mutate({ room, seq: 0 }),
      ])
      await until(() => listed(ben.list, room) !== undefined)
    }
  })

  it('close: nothing arrives any more', async () => {
    const [adas, bens] = [await roomline.signUp(), await roomline.signUp()]
    await using ada = device(adas, 0)
    await using ben = device(bens, 0)
    const another = ben.client.rooms.open()
    await until(() => [ben.list, another].every((list) => list.state.get().state === 'live'))
    ben.list.close()
    const { id } = await ada.client.trpc.rooms.create.mutate({ name: 'Unheard', kind: 'private', members: [bens.username] })
    await until(() => listed(another, id) !== undefined)
    expect(listed(ben.list, id)).toBeUndefined()
  })
})
