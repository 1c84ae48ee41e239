import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { failureOf } from '../support/stock-client'

let roomline: Roomline
let ada: Person
let ben: Person
beforeAll(async () => {
  roomline = await startRoomline()
  ada = await roomline.signUp('ada')
  ben = await roomline.signUp('ben')
})
afterAll(() => roomline[Symbol.asyncDispose]())

const scripts = [
  'Grüße aus Köln',
  'こんにちは世界',
  '안녕하세요',
  'مرحبا بالعالم',
  'שלום עולם',
  'Привет, мир',
  'नमस्ते दुनिया',
  'สวัสดีชาวโลก',
  '👩‍👩‍👧‍👦 🏳️‍🌈',
  'e\u0301 and é',
  'x\n\ty',
  '<b>&amp;</b>',
  '"\\u0000" \\',
  '\u202eRTL',
  '𝕏𝟙',
]

describe('sending', () => {
  it('delivers 200 messages in many scripts to two followers unchanged, in order and without holes in seq', async () => {
    const followers = await Promise.all([roomline.connect(ben).follow('general'), roomline.connect(ada).follow('general')])
    const sender = roomline.connect(ada)
    const texts = Array.from({ length: 200 }, (_, index) => `${scripts[index % scripts.length]} ${index}`)
    const sent = []
    for (const text of texts) sent.push(await sender.trpc.chat.send.mutate({ room: 'general', text }))
    for (const follower of followers) {
      const messages = await follower.until(200)
      expect(messages.map(({ text }) => text)).toEqual(texts)
      expect(messages).toEqual(sent)
      expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => (messages[0]?.seq ?? 0) + index))
    }
    const [first] = sent
    const { uid } = await sender.trpc.session.me.query()
    expect(first).toMatchObject({ author: { username: 'ada' }, uid, kind: 'text' })
    expect(new Date(first?.time ?? '').toISOString()).toBe(first?.time)
  })

  it('delivers what a follower missed while disconnected, once and in order', async () => {
    const reader = roomline.connect(ben)
    const followed = await reader.follow('general')
    const sender = roomline.connect(ada)
    const before = await sender.trpc.chat.send.mutate({ room: 'general', text: 'before the cut' })
    await followed.until(1)
    reader.cut()
    for (let index = 0; index < 50; index++) await sender.trpc.chat.send.mutate({ room: 'general', text: `missed ${index}` })
    const messages = await followed.until(51, 20_000)
    await sender.trpc.chat.send.mutate({ room: 'general', text: 'after' })
    await followed.until(52)
    expect(messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 51 }, (_, index) => before.seq + index))
    expect(followed.messages).toHaveLength(52)
  })

  it('keeps the order of one connection when it sends many messages at once', async () => {
    const { trpc } = roomline.connect(ada)
    await trpc.session.me.query()
    const sending: Promise<{ seq: number }>[] = []
    while (sending.length < 240) {
      for (let index = 0; index < 60; index++) sending.push(trpc.chat.send.mutate({ room: 'general', text: `${sending.length}` }))
      // The client puts everything that is sent in one turn into one frame.
      await new Promise((resolve) => setTimeout(resolve))
    }
    const seqs = (await Promise.all(sending)).map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index))
  })

  it('stores a message once when it is sent again with the same clientId, even at the same time', async () => {
    const { trpc } = roomline.connect(ada)
    const clientId = 'the-very-same-1'
    const first = await trpc.chat.send.mutate({ room: 'general', text: 'once', clientId })
    expect(await trpc.chat.send.mutate({ room: 'general', text: 'once', clientId })).toEqual(first)
    expect(await failureOf(trpc.chat.send.mutate({ room: 'general', text: 'other words', clientId }))).toBe('CLIENT_ID_REUSED')
    const raced = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        roomline.connect(ada).trpc.chat.send.mutate({ room: 'general', text: 'raced', clientId: `raced-against-itself-${index % 4}` }),
      ),
    )
    expect(new Set(raced.map(({ seq }) => seq)).size).toBe(4)
    const { rows } = await roomline.pool.query(
      `SELECT last_seq, (SELECT count(*)::int FROM messages WHERE room_id = 'general') AS count FROM rooms WHERE id = 'general'`,
    )
    expect(rows[0].last_seq).toBe(rows[0].count)
    // Another person may use the same clientId.
    const bens = await roomline.connect(ben).trpc.chat.send.mutate({ room: 'general', text: 'mine', clientId })
    expect(bens.seq).not.toBe(first.seq)
  })

  it('rejects bad input with a typed failure that names the field', async () => {
    const { trpc } = roomline.connect(ada)
    const send = (input: unknown) => failureOf(trpc.chat.send.mutate(input as never))
    for (const input of [
      undefined,
      null,
      'general',
      [],
      { room: 'general' },
      { room: 'general', text: '' },
      { room: 'general', text: '   \n ' },
      { room: 'general', text: 7 },
      { room: 'general', text: 'x'.repeat(4_001) },
      { room: 'general', text: 'nul \0' },
      { room: 'general', text: 'lone \ud800 surrogate' },
      { room: 'general', text: 'x', clientId: 'short' },
      { room: 'general', text: 'x', clientId: 'x'.repeat(65) },
      { room: 'general', text: 'x', author: 'somebody else' },
      { room: '', text: 'x' },
      { room: 'x'.repeat(65), text: 'x' },
      { room: 'nul \0', text: 'x' },
    ]) {
      expect(await send(input), JSON.stringify(input)).toBe('BAD_REQUEST')
    }
    const error = await trpc.chat.send.mutate({ room: 'general', text: '' }).catch((reason) => reason)
    expect(error.data).toMatchObject({ code: 'BAD_REQUEST', fields: { text: 'must not be empty' } })
    expect(error.data.stack).toBeUndefined()
    expect(await send({ room: 'nowhere', text: 'x' })).toBe('ROOM_NOT_FOUND')
  })

  it('accepts 4,000 characters of any script, and cuts blank lines around them and spaces at their end', async () => {
    const { trpc } = roomline.connect(ada)
    const emoji = '🦊'.repeat(4_000)
    expect((await trpc.chat.send.mutate({ room: 'general', text: `\n  \n${emoji}  \n` })).text).toBe(emoji)
    expect((await trpc.chat.send.mutate({ room: 'general', text: '\n    indented\n  less  \n\n' })).text).toBe('    indented\n  less')
  })

  it('limits how many messages a person sends per minute, and says how long to wait', async () => {
    await using limited = await startRoomline({ env: { SENDS_PER_MINUTE: '60' } })
    const { trpc } = limited.connect(await limited.signUp())
    // All at once: the limit refills by one a second.
    const answers = await Promise.allSettled(
      Array.from({ length: 21 }, (_, index) => trpc.chat.send.mutate({ room: 'general', text: `quick ${index}` })),
    )
    const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    expect(errors).toHaveLength(1)
    const [error] = errors
    expect(error.data).toMatchObject({ code: 'TOO_MANY_REQUESTS', failure: 'TOO_MANY_REQUESTS' })
    expect(error.data.retryAfterMs).toBeGreaterThan(0)
    expect(error.data.retryAfterMs).toBeLessThanOrEqual(1_000)
  })
})
