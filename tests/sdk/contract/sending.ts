import { expect } from 'vitest'
import { createTestMessage } from '../../../src/sdk/testing'
import { failureOf, type Rules, seqsOf, shapeOf, textsOf } from './scene'

export const sending: Rules = {
  'a message has every field, and its author, text and time': async (scene) => {
    const { ada, room } = await scene.pair()
    const me = await ada.client.session.me.query()
    const message = await ada.client.chat.send.mutate({ room, text: 'Hello' })
    expect(shapeOf(message)).toEqual(shapeOf(createTestMessage()))
    expect(message).toEqual({
      ...createTestMessage({ room, text: 'Hello', author: me.user, uid: me.uid }),
      seq: 1,
      version: message.version,
      time: new Date(message.time).toISOString(),
    })
  },

  'seqs are 1, 2, 3 and versions rise': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const sent = [...(await scene.say(ada, room, 'one', 'two')), ...(await scene.say(ben, room, 'three'))]
    expect(seqsOf(sent)).toEqual([1, 2, 3])
    expect(sent.map(({ version }) => version)).toEqual(sent.map(({ version }) => version).sort((a, b) => a - b))
    expect(new Set(sent.map(({ version }) => version)).size).toBe(3)
  },

  'sends of one turn are all stored, each with a seq of its own': async (scene) => {
    const { ada, room } = await scene.pair()
    const sent = await Promise.all(Array.from({ length: 20 }, (_, index) => ada.client.chat.send.mutate({ room, text: `${index}` })))
    expect(seqsOf(sent).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  },

  'a clientId that is sent again gives the same message': async (scene) => {
    const { ada, room } = await scene.pair()
    const input = { room, text: 'once', clientId: 'client-id-1' }
    const first = await ada.client.chat.send.mutate(input)
    expect(first.clientId).toBe('client-id-1')
    expect(await ada.client.chat.send.mutate(input)).toEqual(first)
    expect((await ada.client.chat.history.query({ room })).messages).toEqual([first])
  },

  'a clientId that is sent twice at once gives the same message': async (scene) => {
    const { ada, room } = await scene.pair()
    const input = { room, text: 'once', clientId: 'client-id-2' }
    const [one, other] = await Promise.all([ada.client.chat.send.mutate(input), ada.client.chat.send.mutate(input)])
    expect(one).toEqual(other)
  },

  'a clientId with another text or another answered message is CLIENT_ID_REUSED': async (scene) => {
    const { ada, room } = await scene.pair()
    await ada.client.chat.send.mutate({ room, text: 'the text', clientId: 'client-id-3' })
    expect(await failureOf(ada.client.chat.send.mutate({ room, text: 'another', clientId: 'client-id-3' }))).toBe('CLIENT_ID_REUSED')
    const answer = ada.client.chat.send.mutate({ room, text: 'the text', replyTo: 1, clientId: 'client-id-3' })
    expect(await failureOf(answer)).toBe('CLIENT_ID_REUSED')
  },

  'a clientId belongs to its author and its room': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const other = await scene.room('private', ada)
    const clientId = 'client-id-4'
    const sent = await Promise.all([
      ada.client.chat.send.mutate({ room, text: 'of ada', clientId }),
      ben.client.chat.send.mutate({ room, text: 'of ben', clientId }),
      ada.client.chat.send.mutate({ room: other, text: 'elsewhere', clientId }),
    ])
    expect(textsOf(sent)).toEqual(['of ada', 'of ben', 'elsewhere'])
  },

  'a message that was sent again shows what has become of it': async (scene) => {
    const { ada, room } = await scene.pair()
    const input = { room, text: 'first words', clientId: 'client-id-5' }
    await ada.client.chat.send.mutate(input)
    const edited = await ada.client.chat.edit.mutate({ room, seq: 1, text: 'other words' })
    expect(await ada.client.chat.send.mutate(input)).toEqual(edited)
  },

  'blank lines around a text and spaces at its end are cut, its indentation stays': async (scene) => {
    const { ada, room } = await scene.pair()
    const [sent] = await scene.say(ada, room, '\n \n  indented\nmore  \n\n')
    expect(sent?.text).toBe('  indented\nmore')
  },

  'an empty, an invisible and a too long text are BAD_REQUEST with the field': async (scene) => {
    const { ada, room } = await scene.pair()
    for (const text of ['', '  \n ', '\u200b', 'x'.repeat(4_001)]) {
      const error = await ada.client.chat.send.mutate({ room, text }).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ data: { failure: 'BAD_REQUEST', code: 'BAD_REQUEST', httpStatus: 400, path: 'chat.send' } })
      expect(error).toMatchObject({ data: { fields: { text: expect.any(String) } } })
    }
    expect((await scene.say(ada, room, '💬'.repeat(4_000)))[0]?.seq).toBe(1)
  },

  'unknown keys are BAD_REQUEST': async (scene) => {
    const { ada, room } = await scene.pair()
    const error = await ada.client.chat.send.mutate({ room, text: 'x', colour: 'red' } as never).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ data: { failure: 'BAD_REQUEST', fields: { colour: 'is unknown' } } })
  },

  'mentions name members and @room, in order, and nobody else': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const stranger = await scene.person('eve')
    const text = `@${ben.username}, @${stranger.username}, @room, \`@${ada.username}\`, @${ada.username.toUpperCase()}.`
    const [sent] = await scene.say(ada, room, text)
    expect(sent?.mentions).toEqual(
      [ada.username, ben.username, '@room'].sort((a, b) => Number(a === '@room') - Number(b === '@room') || (a < b ? -1 : 1)),
    )
  },

  'an edit reads the mentions again': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, `@${ben.username}`)
    expect((await ada.client.chat.edit.mutate({ room, seq: 1, text: '@room' })).mentions).toEqual(['@room'])
    expect((await ada.client.chat.edit.mutate({ room, seq: 1, text: 'nobody' })).mentions).toEqual([])
  },

  'a member without the right to write is told why': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await ada.client.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    expect(await failureOf(ben.client.chat.send.mutate({ room, text: 'x' }))).toBe('POSTING_RESTRICTED')
    await ada.client.rooms.update.mutate({ room, postingPolicy: 'everyone' })
    await ada.client.rooms.mute.mutate({ room, username: ben.username })
    expect(await failureOf(ben.client.chat.send.mutate({ room, text: 'x' }))).toBe('MUTED')
    await ada.client.rooms.unmute.mutate({ room, username: ben.username })
    await ada.client.rooms.archive.mutate({ room })
    expect(await failureOf(ben.client.chat.send.mutate({ room, text: 'x' }))).toBe('ROOM_ARCHIVED')
  },

  'slow mode says how long to wait, and does not concern moderators': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await ada.client.rooms.update.mutate({ room, slowModeSeconds: 600 })
    await scene.say(ada, room, 'one', 'two')
    await scene.say(ben, room, 'three')
    const error = await ben.client.chat.send.mutate({ room, text: 'four' }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ data: { failure: 'SLOW_MODE', code: 'TOO_MANY_REQUESTS', httpStatus: 429 } })
    const { retryAfterMs } = (error as { data: { retryAfterMs: number } }).data
    expect(retryAfterMs).toBeGreaterThan(500_000)
    expect(retryAfterMs).toBeLessThanOrEqual(600_000)
  },
}
