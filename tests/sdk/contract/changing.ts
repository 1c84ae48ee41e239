import { expect } from 'vitest'
import type { Message } from '../../../src/sdk'
import { failureOf, type Rules, type Scene, seqsOf, shapeOf, textsOf } from './scene'

const readAt = async (scene: Scene, person: Parameters<Scene['say']>[0], room: string, seq: number): Promise<Message> => {
  const { messages } = await person.client.chat.history.query({ room, around: seq, limit: 1 })
  const [message] = messages
  if (!message) throw new Error(`there is no message ${seq} in ${scene.constructor.name}`)
  return message
}

export const changing: Rules = {
  'an edit is the same message with a new text and a higher version': async (scene) => {
    const { ada, room } = await scene.pair()
    const [sent] = await scene.say(ada, room, 'before')
    const edited = await ada.client.chat.edit.mutate({ room, seq: 1, text: 'after' })
    expect(edited).toEqual({ ...sent, text: 'after', version: edited.version, editedAt: expect.any(String) })
    expect(edited.version).toBeGreaterThan(sent?.version ?? 0)
    expect(edited.editedAt).toBe(new Date(edited.editedAt ?? '').toISOString())
  },

  'an edit that changes nothing is no change': async (scene) => {
    const { ada, room } = await scene.pair()
    const [sent] = await scene.say(ada, room, 'the same')
    expect(await ada.client.chat.edit.mutate({ room, seq: 1, text: 'the same' })).toEqual(sent)
  },

  'only its author can edit a message': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ben, room, 'of ben')
    expect(await failureOf(ada.client.chat.edit.mutate({ room, seq: 1, text: 'of ada' }))).toBe('NOT_ALLOWED')
  },

  'a removal empties a message and keeps its place': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, `secret @${ben.username}`, 'next')
    await ben.client.chat.react.mutate({ room, seq: 1, emoji: '👍' })
    await ada.client.chat.pin.mutate({ room, seq: 1 })
    const removed = await ada.client.chat.remove.mutate({ room, seq: 1 })
    expect(removed).toMatchObject({ seq: 1, text: '', mentions: [], reactions: [], pinnedAt: null, deletedAt: expect.any(String) })
    expect(seqsOf((await ben.client.chat.history.query({ room })).messages)).toEqual([1, 2])
  },

  'a moderator can remove what others wrote, a member cannot': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'of ada')
    await scene.say(ben, room, 'of ben')
    expect(await failureOf(ben.client.chat.remove.mutate({ room, seq: 1 }))).toBe('NOT_ALLOWED')
    expect(await ada.client.chat.remove.mutate({ room, seq: 2 })).toMatchObject({ text: '' })
  },

  'in a direct room nobody removes what others wrote': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const { id: room } = await ada.client.rooms.direct.mutate({ usernames: [ben.username] })
    await scene.say(ada, room, 'of ada')
    expect(await failureOf(ben.client.chat.remove.mutate({ room, seq: 1 }))).toBe('NOT_ALLOWED')
  },

  'a removed message cannot be changed or answered any more': async (scene) => {
    const { ada, room } = await scene.pair()
    await scene.say(ada, room, 'gone')
    await ada.client.chat.remove.mutate({ room, seq: 1 })
    const { chat } = ada.client
    for (const call of [
      () => chat.edit.mutate({ room, seq: 1, text: 'x' }),
      () => chat.remove.mutate({ room, seq: 1 }),
      () => chat.react.mutate({ room, seq: 1, emoji: '👍' }),
      () => chat.pin.mutate({ room, seq: 1 }),
      () => chat.send.mutate({ room, text: 'x', replyTo: 1 }),
      () => chat.edit.mutate({ room, seq: 2, text: 'x' }),
      () => chat.send.mutate({ room, text: 'x', replyTo: 2 }),
    ]) {
      expect(await failureOf(call())).toBe('MESSAGE_NOT_FOUND')
    }
  },

  'reactions are counted by emoji, in the order of the first of each': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'Tea?')
    await ben.client.chat.react.mutate({ room, seq: 1, emoji: '☕' })
    await ben.client.chat.react.mutate({ room, seq: 1, emoji: '👍' })
    const { reactions } = await ada.client.chat.react.mutate({ room, seq: 1, emoji: '☕' })
    expect(reactions).toEqual([
      { emoji: '☕', usernames: [ben.username, ada.username], count: 2 },
      { emoji: '👍', usernames: [ben.username], count: 1 },
    ])
  },

  'the same reaction twice is one, and no change': async (scene) => {
    const { ada, room } = await scene.pair()
    await scene.say(ada, room, 'x')
    const once = await ada.client.chat.react.mutate({ room, seq: 1, emoji: '❤' })
    expect(once.reactions).toEqual([{ emoji: '❤️', usernames: [ada.username], count: 1 }])
    expect(await ada.client.chat.react.mutate({ room, seq: 1, emoji: '❤️' })).toEqual(once)
  },

  'a reaction is taken back by its author alone': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'x')
    await ada.client.chat.react.mutate({ room, seq: 1, emoji: '👍' })
    const unchanged = await ben.client.chat.unreact.mutate({ room, seq: 1, emoji: '👍' })
    expect(unchanged.reactions).toHaveLength(1)
    expect((await ada.client.chat.unreact.mutate({ room, seq: 1, emoji: '👍' })).reactions).toEqual([])
  },

  'what is not one emoji is BAD_REQUEST': async (scene) => {
    const { ada, room } = await scene.pair()
    await scene.say(ada, room, 'x')
    for (const emoji of ['x', '👍👍', ''])
      expect(await failureOf(ada.client.chat.react.mutate({ room, seq: 1, emoji }))).toBe('BAD_REQUEST')
  },

  'a message has at most twenty different emoji': async (scene) => {
    const { ada, room } = await scene.pair()
    await scene.say(ada, room, 'x')
    const emojis = [...'😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒😓']
    for (const emoji of emojis) await ada.client.chat.react.mutate({ room, seq: 1, emoji })
    expect(await failureOf(ada.client.chat.react.mutate({ room, seq: 1, emoji: '👍' }))).toBe('TOO_MANY_REACTIONS')
  },

  'an answer shows what it answers, and raises its count and version': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [question] = await scene.say(ada, room, 'Tea?')
    const answer = await ben.client.chat.send.mutate({ room, text: 'Gladly', replyTo: 1 })
    expect(answer.replyTo).toEqual({ seq: 1, author: question?.author, text: 'Tea?' })
    expect(answer.thread).toBe(1)
    const now = await readAt(scene, ada, room, 1)
    expect(now).toMatchObject({ replyCount: 1, thread: null })
    expect(now.version).toBeGreaterThan(answer.version)
  },

  'an answer shows the answered message as it is when it is read, cut to 200 characters': async (scene) => {
    const { ada, room } = await scene.pair()
    await scene.say(ada, room, 'before')
    const answer = await ada.client.chat.send.mutate({ room, text: 'answer', replyTo: 1 })
    await ada.client.chat.edit.mutate({ room, seq: 1, text: 'y'.repeat(300) })
    const later = await readAt(scene, ada, room, 2)
    expect(later.replyTo?.text).toBe(`${'y'.repeat(200)}…`)
    expect(later.version).toBe(answer.version)
    await ada.client.chat.remove.mutate({ room, seq: 1 })
    expect((await readAt(scene, ada, room, 2)).replyTo).toMatchObject({ seq: 1, text: '' })
  },

  'answers to answers are in the same thread': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'root', 'something else')
    await ben.client.chat.send.mutate({ room, text: 'first', replyTo: 1 })
    await ada.client.chat.send.mutate({ room, text: 'second', replyTo: 3 })
    for (const seq of [1, 3, 4]) {
      const thread = await ben.client.chat.thread.query({ room, seq })
      expect(shapeOf(thread)).toEqual(['hasBefore', 'messages', 'root'])
      expect([thread.root.text, textsOf(thread.messages), thread.hasBefore]).toEqual(['root', ['first', 'second'], false])
    }
    expect(await ben.client.chat.thread.query({ room, seq: 2 })).toMatchObject({ root: { seq: 2 }, messages: [], hasBefore: false })
  },

  'a thread is read page by page, and keeps its removed root': async (scene) => {
    const { ada, room } = await scene.pair()
    await scene.say(ada, room, 'root')
    for (let index = 0; index < 5; index++) await ada.client.chat.send.mutate({ room, text: `${index}`, replyTo: 1 })
    await ada.client.chat.remove.mutate({ room, seq: 1 })
    const newest = await ada.client.chat.thread.query({ room, seq: 1, limit: 2 })
    expect([newest.root.text, textsOf(newest.messages), newest.hasBefore]).toEqual(['', ['3', '4'], true])
    const before = await ada.client.chat.thread.query({ room, seq: 1, limit: 3, before: 5 })
    expect([textsOf(before.messages), before.hasBefore]).toEqual([['0', '1', '2'], false])
    expect(await failureOf(ada.client.chat.thread.query({ room, seq: 99 }))).toBe('MESSAGE_NOT_FOUND')
  },

  'pins are listed with the latest first, and pinning twice changes nothing': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'one', 'two', 'three')
    const pinned = await ben.client.chat.pin.mutate({ room, seq: 3 })
    expect(pinned.pinnedAt).toEqual(expect.any(String))
    await scene.server.pass()
    await ben.client.chat.pin.mutate({ room, seq: 1 })
    expect(await ada.client.chat.pin.mutate({ room, seq: 3 })).toEqual(pinned)
    expect(seqsOf((await ada.client.chat.pins.query({ room })).messages)).toEqual([1, 3])
    expect((await ada.client.chat.unpin.mutate({ room, seq: 1 })).pinnedAt).toBeNull()
    expect((await ada.client.chat.pins.query({ room })).messages).toEqual([pinned])
  },
}
