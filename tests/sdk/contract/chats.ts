import { expect } from 'vitest'
import type { ChatRoom, RoomEvent } from '../../../src/sdk'
import { ChatError } from '../../../src/sdk/chat-error'
import { type Rules, type Scene, seqsOf, textsOf } from './scene'

const untilLive = (scene: Scene, ...rooms: ChatRoom[]) => scene.until(() => rooms.every(({ state }) => state.get().state === 'live'))

const messagesOf = (room: ChatRoom) => room.state.get().timeline.messages

/** Collects events until there are as many. */
async function take(events: AsyncIterable<RoomEvent>, count: number): Promise<RoomEvent[]> {
  const taken: RoomEvent[] = []
  for await (const event of events) if (taken.push(event) === count) break
  return taken
}

/** What `createChat` makes of it. */
export const chats: Rules = {
  'send resolves with the message, under the clientId that was given': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [adas, bens] = [ada.chat.room(room), ben.chat.room(room)]
    await untilLive(scene, adas, bens)
    const { clientId, done } = adas.send('Hello', { clientId: 'my-own-id' })
    expect(clientId).toBe('my-own-id')
    expect(adas.state.get().timeline.unsent).toMatchObject([{ text: 'Hello', state: 'pending', clientId }])
    const message = await done
    await scene.until(() => messagesOf(bens).length === 1 && messagesOf(adas).length === 1)
    expect(messagesOf(bens)).toEqual([message])
    expect(adas.state.get().timeline).toMatchObject({ unsent: [], messages: [message] })
    for (const opened of [adas, bens]) opened.close()
  },

  'send rejects with the failure, and the message can be sent again': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await ada.client.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    const bens = ben.chat.room(room)
    await untilLive(scene, bens)
    const { clientId, done } = bens.send('Hello')
    const error = await done.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ChatError)
    expect(error).toMatchObject({ code: 'POSTING_RESTRICTED', failure: { retry: false } })
    expect(bens.state.get().timeline.unsent).toMatchObject([{ state: 'failed', reason: { name: 'POSTING_RESTRICTED' } }])
    await ada.client.rooms.update.mutate({ room, postingPolicy: 'everyone' })
    bens.retry(clientId)
    await scene.until(() => messagesOf(bens).length === 1 && bens.state.get().timeline.unsent.length === 0)
    bens.close()
  },

  'events say what has happened, one after the other': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const bens = ben.chat.room(room)
    await untilLive(scene, bens)
    const events = bens.events()
    const first = events.next()
    await scene.say(ada, room, 'Tea?')
    // From here on the subscription is live: changes that a client has missed would come as one.
    expect((await first).value).toMatchObject({ type: 'created', message: { text: 'Tea?' }, cursor: expect.any(String) })
    const taken = take(events, 6)
    await ada.client.chat.edit.mutate({ room, seq: 1, text: 'Coffee?' })
    await ada.client.chat.react.mutate({ room, seq: 1, emoji: '👍' })
    await ada.client.chat.pin.mutate({ room, seq: 1 })
    await ada.client.chat.send.mutate({ room, text: 'Yes', replyTo: 1 })
    await ada.client.chat.remove.mutate({ room, seq: 2 })
    const types = (await taken).map(({ type, message: { seq } }) => `${type} ${seq}`)
    expect(types).toEqual(['edited 1', 'reacted 1', 'pinned 1', 'created 2', 'answered 1', 'removed 2'])
    bens.close()
  },

  'events go on behind a cursor, also those about members': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const cleo = await scene.person('cleo')
    const bens = ben.chat.room(room)
    await scene.say(ada, room, 'one', 'two')
    const [first] = await take(bens.events({ after: '0' }), 1)
    await ada.client.rooms.invite.mutate({ room, username: cleo.username })
    const rest = await take(bens.events({ after: first?.cursor }), 2)
    expect(first).toMatchObject({ type: 'created', message: { text: 'one' } })
    expect(rest).toMatchObject([
      { type: 'created', message: { text: 'two' } },
      { type: 'membership', change: 'added', user: { username: cleo.username }, message: { author: { username: ada.username } } },
    ])
    bens.close()
  },

  'a room shows its newest page, and older ones when asked': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await Promise.all(Array.from({ length: 70 }, (_, index) => ada.client.chat.send.mutate({ room, text: `${index}` })))
    const bens = ben.chat.room(room)
    await untilLive(scene, bens)
    expect(seqsOf(messagesOf(bens))).toEqual(Array.from({ length: 50 }, (_, index) => index + 21))
    expect(bens.state.get().timeline).toMatchObject({ hasBefore: true, hasAfter: false, lastSeq: 70 })
    await bens.loadOlder()
    expect(seqsOf(messagesOf(bens))).toEqual(Array.from({ length: 70 }, (_, index) => index + 1))
    expect(bens.state.get().timeline.hasBefore).toBe(false)
    bens.close()
  },

  'a room opens around a message, and goes back to the newest': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await Promise.all(Array.from({ length: 120 }, (_, index) => ada.client.chat.send.mutate({ room, text: `${index}` })))
    const bens = ben.chat.room(room, { around: 10 })
    await untilLive(scene, bens)
    await scene.until(() => messagesOf(bens).some(({ seq }) => seq === 10))
    await bens.openNewest()
    expect(messagesOf(bens).at(-1)?.seq).toBe(120)
    await bens.openAround(60)
    expect(seqsOf(messagesOf(bens))).toContain(60)
    bens.close()
  },

  'a thread is live': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'root')
    const thread = ben.chat.thread(room, 1)
    await scene.until(() => thread.state.get().state === 'live')
    const answer = thread.send('mine')
    await ada.client.chat.send.mutate({ room, text: 'yours', replyTo: 1 })
    await answer.done
    await scene.until(() => thread.state.get().messages.length === 2 && thread.state.get().root?.replyCount === 2)
    expect(textsOf(thread.state.get().messages).sort()).toEqual(['mine', 'yours'])
    thread.close()
  },

  'acts of a room show at once, and to the others': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [adas, bens] = [ada.chat.room(room), ben.chat.room(room)]
    await untilLive(scene, adas, bens)
    await adas.send('before').done
    await scene.until(() => messagesOf(bens).length === 1)
    await adas.edit(1, 'after')
    expect(messagesOf(adas)[0]?.text).toBe('after')
    await bens.react(1, '👍')
    await scene.until(() => messagesOf(adas)[0]?.reactions.length === 1 && messagesOf(bens)[0]?.text === 'after')
    expect(messagesOf(adas)).toEqual(messagesOf(bens))
    for (const opened of [adas, bens]) opened.close()
  },

  'a room ends with the reason, and is live again for somebody who is back': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const bens = ben.chat.room(room)
    await untilLive(scene, bens)
    await scene.say(ada, room, 'before')
    await scene.until(() => messagesOf(bens).length === 1)
    await ada.client.rooms.remove.mutate({ room, username: ben.username })
    await scene.until(() => bens.state.get().state === 'ended')
    expect(bens.state.get()).toMatchObject({ reason: { name: 'MEMBERSHIP_ENDED' } })
    await ada.client.rooms.invite.mutate({ room, username: ben.username })
    bens.reopen()
    await scene.until(() => bens.state.get().state === 'live' && messagesOf(bens).length === 3)
    expect(messagesOf(bens).map(({ kind }) => kind)).toEqual(['text', 'removed', 'added'])
    bens.close()
  },

  'rejected calls have the words, codes and path that every server gives them': async (scene) => {
    const { ada, room } = await scene.pair()
    const error = await ada.client.chat.react.mutate({ room, seq: 7, emoji: '👍' }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      message: "This message doesn't exist, or it was removed.",
      shape: {
        message: "This message doesn't exist, or it was removed.",
        code: -32_004,
        data: { code: 'NOT_FOUND', httpStatus: 404, path: 'chat.react', failure: 'MESSAGE_NOT_FOUND' },
      },
    })
    const invalid = await ada.client.chat.history.query({ room: '', limit: 500 }).catch((reason: unknown) => reason)
    expect(invalid).toMatchObject({
      message: "This request isn't valid.",
      shape: {
        code: -32_600,
        data: { failure: 'BAD_REQUEST', fields: { room: 'must have 1 to 64 characters', limit: expect.any(String) } },
      },
    })
  },
}
