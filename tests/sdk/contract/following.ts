import { expect } from 'vitest'
import { failureOf, type Rules, seqsOf, textsOf } from './scene'

export const following: Rules = {
  'onMessage without a cursor begins with what comes next': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'before')
    const followed = await scene.follow(ben, room)
    const [sent] = await scene.say(ada, room, 'after')
    await scene.until(() => followed.events.length > 0)
    expect(followed.events).toEqual([sent])
    expect(followed.ids).toEqual([String(sent?.version)])
    followed.stop()
  },

  'onMessage after a cursor gives everything since, then what happens, without a gap or a repeat': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [first] = await scene.say(ada, room, 'one', 'two', 'three')
    const followed = await scene.follow(ben, room, String(first?.version))
    await scene.say(ada, room, 'four')
    await scene.until(() => followed.events.length === 3)
    expect(textsOf(followed.events)).toEqual(['two', 'three', 'four'])
    expect(followed.ids).toEqual(followed.events.map(({ version }) => String(version)))
    followed.stop()
  },

  'onMessage from 0 gives the room as it is now, each message once, by version': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'one', 'two')
    await ada.client.chat.edit.mutate({ room, seq: 1, text: 'edited' })
    const followed = await scene.follow(ben, room, '0')
    await scene.until(() => followed.events.length === 2)
    expect(textsOf(followed.events)).toEqual(['two', 'edited'])
    followed.stop()
  },

  'a cursor that the room has not reached is CURSOR_AHEAD': async (scene) => {
    const { ada, room } = await scene.pair()
    expect(await failureOf(scene.follow(ada, room, '1000000'))).toBe('CURSOR_AHEAD')
    expect(await failureOf(scene.follow(ada, room, 'no number'))).toBe('BAD_REQUEST')
  },

  'every change is an event: the whole message with its new version': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const followed = await scene.follow(ben, room)
    await scene.say(ada, room, 'text')
    const changes = [
      await ada.client.chat.edit.mutate({ room, seq: 1, text: 'edited' }),
      await ben.client.chat.react.mutate({ room, seq: 1, emoji: '👍' }),
      await ben.client.chat.unreact.mutate({ room, seq: 1, emoji: '👍' }),
      await ben.client.chat.pin.mutate({ room, seq: 1 }),
      await ben.client.chat.unpin.mutate({ room, seq: 1 }),
      await ada.client.chat.remove.mutate({ room, seq: 1 }),
    ]
    await scene.until(() => followed.events.length === 7)
    expect(followed.events.slice(1)).toEqual(changes)
    followed.stop()
  },

  'an answer comes as a message, then the answered one with its new count': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'question')
    const followed = await scene.follow(ben, room)
    const answer = await ada.client.chat.send.mutate({ room, text: 'answer', replyTo: 1 })
    await scene.until(() => followed.events.length === 2)
    expect(followed.events[0]).toEqual(answer)
    expect(followed.events[1]).toMatchObject({ seq: 1, replyCount: 1 })
    followed.stop()
  },

  'a change of the answered message is no event of its answers': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'question')
    await ada.client.chat.send.mutate({ room, text: 'answer', replyTo: 1 })
    const followed = await scene.follow(ben, room)
    await ada.client.chat.edit.mutate({ room, seq: 1, text: 'edited' })
    await scene.say(ada, room, 'last')
    await scene.until(() => followed.events.length === 2)
    expect(seqsOf(followed.events)).toEqual([1, 3])
    followed.stop()
  },

  'a lost connection is resumed: every message once and in order': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const followed = await scene.follow(ben, room, '0')
    for (let round = 0; round < 4; round++) {
      await scene.say(ada, room, `${round} a`)
      scene.server.cut(ben)
      await scene.say(ada, room, `${round} b`, `${round} c`)
      if (round % 2) await scene.until(() => ben.chat.connection.get().state === 'connected')
    }
    await scene.until(() => followed.events.length === 12)
    expect(seqsOf(followed.events)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
    followed.stop()
  },

  'an open room sends what was written while its connection was lost, in order and once': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [adas, bens] = [ada.chat.room(room), ben.chat.room(room)]
    await scene.until(() => [adas, bens].every(({ state }) => state.get().state === 'live'))
    for (let index = 0; index < 12; index++) {
      adas.send(`${index}`)
      if (index % 4 === 1) scene.server.cut(ada)
      if (index % 4 === 3) scene.server.cut(ben)
      await scene.server.pass()
    }
    const isDone = () =>
      [adas, bens].every(({ state }) => state.get().timeline.messages.length === 12 && state.get().timeline.unsent.length === 0)
    await scene.until(isDone)
    expect(textsOf(bens.state.get().timeline.messages)).toEqual(Array.from({ length: 12 }, (_, index) => `${index}`))
    expect(adas.state.get().timeline.messages).toEqual(bens.state.get().timeline.messages)
    for (const opened of [adas, bens]) opened.close()
  },

  'somebody who is removed gets nothing more: the subscription ends with MEMBERSHIP_ENDED': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [bens, adas] = [await scene.follow(ben, room), await scene.follow(ada, room)]
    await scene.say(ada, room, 'before')
    await scene.until(() => bens.events.length === 1)
    await ada.client.rooms.remove.mutate({ room, username: ben.username })
    await scene.say(ada, room, 'after')
    await scene.until(() => bens.failure !== null && adas.events.length === 3)
    expect(bens.failure).toBe('MEMBERSHIP_ENDED')
    expect(textsOf(bens.events)).toEqual(['before'])
    expect(adas.events[1]).toMatchObject({ kind: 'removed', text: '', detail: { user: { username: ben.username } } })
    adas.stop()
  },

  'a subscription that is stopped brings nothing more': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [stopped, other] = [await scene.follow(ben, room), await scene.follow(ben, room)]
    stopped.stop()
    await scene.say(ada, room, 'one')
    await scene.until(() => other.events.length === 1)
    expect(stopped.events).toEqual([])
    other.stop()
  },
}
