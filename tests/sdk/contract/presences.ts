import { expect } from 'vitest'
import type { PresenceEvent } from '../../../src/contract/presence'
import { unknownPresence, withPresence } from '../../../src/sdk/presence'
import { failureOf, type Rules, shapeOf } from './scene'

const viewOf = (events: readonly PresenceEvent[]) => events.reduce(withPresence, unknownPresence)

export const presences: Rules = {
  'presence begins with everybody in the room, and who is here': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const { events, stop } = await scene.followPresence(ben, room)
    const [first] = events
    expect(first?.type).toBe('now')
    await scene.until(() => viewOf(events).count === 2)
    expect(shapeOf(first ?? {})).toEqual(['count', 'known', 'people', 'reads', 'type', 'typing'])
    expect([...viewOf(events).people.values()].sort((a, b) => (a.username < b.username ? -1 : 1))).toEqual([
      { username: ada.username, state: 'here', lastSeen: null },
      { username: ben.username, state: 'here', lastSeen: null },
    ])
    stop()
  },

  'somebody is away while they are on every connection': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const { events, stop } = await scene.followPresence(ben, room)
    const state = () => viewOf(events).people.get(ada.username)?.state
    await scene.until(() => state() === 'here')
    expect(await ada.client.presence.update.mutate({ away: true })).toEqual({ away: true })
    await scene.until(() => state() === 'away')
    await ada.client.presence.update.mutate({ away: false })
    await scene.until(() => state() === 'here')
    stop()
  },

  'somebody who disconnects is offline, with the time when they were last seen': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const { events, stop } = await scene.followPresence(ben, room)
    const person = () => viewOf(events).people.get(ada.username)
    await scene.until(() => person()?.state === 'here')
    await ada.chat.close()
    await scene.until(() => person()?.state === 'offline' && person()?.lastSeen !== null)
    expect(viewOf(events).count).toBe(1)
    stop()
  },

  'typing is shown to the others, and ends with the message': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const { events, stop } = await scene.followPresence(ben, room)
    expect(await ada.client.chat.typing.mutate({ room })).toEqual({ room })
    await scene.until(() => viewOf(events).typing.includes(ada.username))
    await scene.say(ada, room, 'here it is')
    await scene.until(() => viewOf(events).typing.length === 0)
    stop()
  },

  'somebody who joins appears, and somebody who leaves is gone': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const cleo = await scene.person('cleo')
    const { events, stop } = await scene.followPresence(ben, room)
    await ada.client.rooms.invite.mutate({ room, username: cleo.username })
    await scene.until(() => viewOf(events).people.get(cleo.username)?.state === 'here')
    await cleo.client.rooms.leave.mutate({ room })
    await scene.until(() => !viewOf(events).people.has(cleo.username))
    stop()
  },

  'read marks are shown in a small room, but for those who hide theirs': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'one', 'two')
    const { events, stop } = await scene.followPresence(ada, room)
    const read = () => viewOf(events).reads.get(ben.username)
    await scene.until(() => read() === 0)
    await ben.client.chat.markRead.mutate({ room, seq: 2 })
    await scene.until(() => read() === 2)
    const { readers } = await ada.client.chat.readers.query({ room })
    expect(readers.map(({ user, readSeq }) => [user.username, readSeq])).toEqual([
      [ada.username, 2],
      [ben.username, 2],
    ])
    await ben.client.users.update.mutate({ hideReads: true })
    await scene.until(() => read() === undefined)
    expect((await ada.client.chat.readers.query({ room })).readers.map(({ user }) => user.username)).toEqual([ada.username])
    stop()
  },

  'presence ends with the membership, and is not for strangers': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const eve = await scene.person('eve')
    const followed = await scene.followPresence(ben, room)
    expect(await failureOf(scene.followPresence(eve, room))).toBe('ROOM_NOT_FOUND')
    await ada.client.rooms.remove.mutate({ room, username: ben.username })
    await scene.until(() => followed.failure !== null)
    expect(followed.failure).toBe('MEMBERSHIP_ENDED')
  },

  'a handle of presence is current, and whole again after a lost connection': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const handle = ben.chat.people.in(room)
    await scene.until(() => handle.state.get().people.get(ada.username)?.state === 'here')
    scene.server.cut(ben)
    await scene.until(() => !handle.state.get().known)
    await scene.until(() => handle.state.get().known && handle.state.get().people.size === 2)
    handle.close()
  },
}
