import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../src/contract/rules'
import { connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // The first to sign up is the admin; the people of the tests are not.
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0) => connectPerson(roomline, { node })

async function createSharedRoom() {
  const [ada, ben] = [await person(), await person(1)]
  return { ada, ben, room: await makeRoom('private', ada, ben) }
}

type Talker = Awaited<ReturnType<typeof person>>
const say = (who: Talker, room: string, text: string, replyTo?: number) =>
  who.trpc.chat.send.mutate({ room, text, ...(replyTo !== undefined && { replyTo }) })
const seqsOf = (messages: readonly { seq: number }[]) => messages.map(({ seq }) => seq)

describe('a thread', () => {
  it('answers: belong to the first message of their chain, sent one by one, together, live and caught up', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const followed = await ben.follow(room)
    expect(await say(ada, room, 'a question')).toMatchObject({ seq: 1, thread: null })
    expect(await say(ben, room, 'another question')).toMatchObject({ seq: 2, thread: null })
    expect(await say(ben, room, 'an answer', 1)).toMatchObject({ seq: 3, thread: 1 })
    expect(await say(ada, room, 'about the answer', 3)).toMatchObject({ seq: 4, thread: 1, replyTo: { seq: 3 } })
    const together = await Promise.all([4, 2, 3, 2].map((to, index) => say(ada, room, `together ${index}`, to)))
    expect(together.map(({ thread }) => thread)).toEqual([1, 2, 1, 2])
    const live = new Map((await followed.until(8)).map((message) => [message.seq, message.thread]))
    await until(() => followed.messages.some(({ seq }) => seq === 8))
    for (const { seq, thread } of followed.messages) live.set(seq, thread)
    const caughtUp = await roomline.connect(ada, { node: 1 }).follow(room, '0')
    await until(() => new Set(seqsOf(caughtUp.messages)).size === 8)
    const { messages } = await ada.trpc.chat.history.query({ room })
    expect([...live].sort()).toEqual(messages.map(({ seq, thread }) => [seq, thread]).sort())
    expect(new Map(caughtUp.messages.map(({ seq, thread }) => [seq, thread]))).toEqual(live)
    // What is sent again is what was stored.
    const once = { room, text: 'only once', clientId: 'said only once', replyTo: 4 }
    const [first, second] = await Promise.all([ada.trpc.chat.send.mutate(once), ada.trpc.chat.send.mutate(once)])
    expect([first.thread, second.thread]).toEqual([1, 1])
  })

  it('pages: any message of it opens it, newest page first, ascending and without the root', async () => {
    const { ada, ben, room } = await createSharedRoom()
    await say(ada, room, 'the beginning')
    let last = 1
    for (let index = 0; index < 12; index++) {
      await say(ben, room, 'something else')
      last = (await say(ada, room, `answer ${index}`, index % 3 === 0 ? 1 : last)).seq
    }
    const answers = Array.from({ length: 12 }, (_, index) => 3 + 2 * index)
    const newest = await ben.trpc.chat.thread.query({ room, seq: answers[5] ?? 0, limit: 5 })
    expect(newest).toMatchObject({ root: { seq: 1, text: 'the beginning', thread: null }, hasBefore: true })
    expect(seqsOf(newest.messages)).toEqual(answers.slice(-5))
    const older = await ben.trpc.chat.thread.query({ room, seq: 1, before: answers[7] ?? 0, limit: 5 })
    expect(seqsOf(older.messages)).toEqual(answers.slice(2, 7))
    const oldest = await ben.trpc.chat.thread.query({ room, seq: 1, before: answers[2] ?? 0, limit: 2 })
    expect([seqsOf(oldest.messages), oldest.hasBefore]).toEqual([answers.slice(0, 2), false])
    const { messages } = await ben.trpc.chat.history.query({ room, limit: 100 })
    const whole = await ben.trpc.chat.thread.query({ room, seq: 1, limit: 100 })
    expect(whole.messages).toEqual(messages.filter(({ thread }) => thread === 1))
    expect(whole.root).toEqual(messages[0])
    expect(await ben.trpc.chat.thread.query({ room, seq: 2 })).toEqual({ root: messages[1], messages: [], hasBefore: false })
    expect(await failureOf(ben.trpc.chat.thread.query({ room, seq: 99 }))).toBe('MESSAGE_NOT_FOUND')
    expect(await failureOf(ben.trpc.chat.thread.query({ room, seq: 1, limit: 101 }))).toBe('BAD_REQUEST')
  })

  it('removed messages: the root and the answers keep their places; a line about the room has no answers', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const root = await say(ada, room, 'soon gone')
    const answer = await say(ben, room, 'an answer', root.seq)
    const later = await say(ben, room, 'a later one', answer.seq)
    await ada.trpc.chat.remove.mutate({ room, seq: root.seq })
    await ben.trpc.chat.remove.mutate({ room, seq: answer.seq })
    const thread = await ada.trpc.chat.thread.query({ room, seq: later.seq })
    expect(thread.root).toMatchObject({ seq: root.seq, text: '', deletedAt: expect.any(String) })
    expect(thread.messages.map(({ seq, text }) => [seq, text])).toEqual([
      [answer.seq, ''],
      [later.seq, 'a later one'],
    ])
    expect(await say(ada, room, 'it goes on', later.seq)).toMatchObject({ thread: root.seq })
    await ada.trpc.rooms.update.mutate({ room, topic: 'A line' })
    const [line] = (await ada.trpc.chat.history.query({ room, limit: 1 })).messages
    expect(await ada.trpc.chat.thread.query({ room, seq: line?.seq ?? 0 })).toEqual({ root: line, messages: [], hasBefore: false })
  })

  it('somebody who was removed: sees neither threads nor pins nor places in time', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const { seq } = await say(ada, room, 'between us')
    await ada.trpc.chat.pin.mutate({ room, seq })
    await ada.trpc.rooms.remove.mutate({ room, username: ben.username })
    const calls = [
      () => ben.trpc.chat.thread.query({ room, seq }),
      () => ben.trpc.chat.pins.query({ room }),
      () => ben.trpc.chat.at.query({ room, time: '2020-01-01' }),
      () => ben.trpc.chat.readers.query({ room }),
      () => ben.trpc.chat.pin.mutate({ room, seq }),
    ]
    for (const call of calls) expect(await failureOf(call())).toBe('ROOM_NOT_FOUND')
  })

  it('migration: gives existing answers their threads, however long the chain', async () => {
    const ada = await person()
    const room = await makeRoom('private', ada)
    for (const replyTo of [0, 0, 1, 3, 4, 2, 6, 5]) await say(ada, room, 'hello', replyTo || undefined)
    const fill = /DO \$\$[\s\S]*?\$\$;/.exec(
      await readFile(new URL('../../prisma/migrations/20261126190000_threads/migration.sql', import.meta.url), 'utf8'),
    )?.[0]
    const { pool } = roomline
    const read = async () =>
      (await pool.query('SELECT seq, thread, version FROM messages WHERE room_id = $1 ORDER BY seq', [room])).rows as {
        thread: number | null
      }[]
    const before = await read()
    expect(before.map(({ thread }) => thread)).toEqual([null, null, 1, 1, 1, 2, 2, 1])
    await pool.query('ALTER TABLE messages DROP CONSTRAINT messages_thread_of_answers')
    await pool.query('UPDATE messages SET thread = NULL WHERE room_id = $1', [room])
    await pool.query(fill ?? '')
    expect(await read()).toEqual(before)
  })
})

describe('a place in time', () => {
  it('boundaries: the first message at or after the time, exactly, and none after the last', async () => {
    const ada = await person()
    const room = await makeRoom('public', ada)
    const at = async (time: string) => (await ada.trpc.chat.at.query({ room, time })).seq
    expect(await at('2020-01-01')).toBe(null)
    const size = 300
    const startMs = Date.UTC(2025, 0, 1)
    // Two messages a minute, both at the same moment.
    await roomline.pool.query(
      `WITH r AS (UPDATE rooms SET last_seq = $2, last_version = $2 WHERE id = $1)
       INSERT INTO messages (room_id, seq, version, author_id, text, time)
       SELECT $1, n, n, u.id, 'tick', '2025-01-01T00:00:00Z'::timestamptz + (n - 1) / 2 * interval '1 minute'
       FROM users u, generate_series(1, $2::int) n WHERE u.username = $3`,
      [room, size, ada.username],
    )
    const minute = (index: number, offsetMs = 0) => new Date(startMs + index * 60_000 + offsetMs).toISOString()
    for (let index = 0; index < size / 2; index++) {
      expect(await at(minute(index)), `minute ${index}`).toBe(2 * index + 1)
      if (index % 10 === 0) expect(await at(minute(index, -1))).toBe(2 * index + 1)
      if (index % 10 === 0) expect(await at(minute(index, 1))).toBe(index === size / 2 - 1 ? null : 2 * index + 3)
    }
    expect(await at('1999-12-31')).toBe(1)
    expect(await at('2025-01-01T01:00:00+01:00')).toBe(1)
    expect(await at(minute(size / 2 - 1, 1))).toBe(null)
    expect(await failureOf(ada.trpc.chat.at.query({ room, time: 'yesterday' }))).toBe('BAD_REQUEST')
    // Times of one statement may be in any order.
    await roomline.pool.query(
      `UPDATE messages SET time = '2025-01-01T01:00:00Z'::timestamptz + (seq * 7919 % 5) * interval '1 ms' WHERE room_id = $1 AND seq BETWEEN 120 AND 130`,
      [room],
    )
    for (let ms = 0; ms < 6; ms++) {
      const { rows } = await roomline.pool.query<{ seq: number }>(
        'SELECT min(seq) AS seq FROM messages WHERE room_id = $1 AND time >= $2',
        [room, minute(60, ms)],
      )
      expect(await at(minute(60, ms)), `${ms} ms`).toBe(rows[0]?.seq)
    }
  })
})

describe('pins', () => {
  it('a pin is a change of the message: once, for everybody, newest first, and gone with the message', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const followed = await ben.follow(room)
    const [one, two, three] = [await say(ada, room, 'one'), await say(ben, room, 'two'), await say(ada, room, 'three')]
    const pinned = await ben.trpc.chat.pin.mutate({ room, seq: one.seq })
    expect(pinned).toEqual({ ...one, version: 4, pinnedAt: expect.any(String) })
    expect(await ada.trpc.chat.pin.mutate({ room, seq: one.seq })).toEqual(pinned)
    expect((await followed.until(4))[3]).toEqual(pinned)
    await ada.trpc.chat.pin.mutate({ room, seq: three.seq })
    await ada.trpc.chat.pin.mutate({ room, seq: two.seq })
    const pins = async () => seqsOf((await ben.trpc.chat.pins.query({ room })).messages)
    expect(await pins()).toEqual([two.seq, three.seq, one.seq])
    await ada.trpc.chat.edit.mutate({ room, seq: three.seq, text: 'three, edited' })
    expect((await ben.trpc.chat.pins.query({ room })).messages[1]).toMatchObject({ text: 'three, edited', pinnedAt: expect.any(String) })
    const unpinned = await ben.trpc.chat.unpin.mutate({ room, seq: two.seq })
    expect(unpinned).toMatchObject({ seq: two.seq, pinnedAt: null })
    expect(await ada.trpc.chat.unpin.mutate({ room, seq: two.seq })).toEqual(unpinned)
    await ada.trpc.chat.remove.mutate({ room, seq: three.seq })
    expect(await pins()).toEqual([one.seq])
    for (const seq of [three.seq, 99]) expect(await failureOf(ada.trpc.chat.pin.mutate({ room, seq }))).toBe('MESSAGE_NOT_FOUND')
    const resumed = await roomline.connect(ben, { node: 0 }).follow(room, '3')
    await until(() => resumed.messages.length >= 3)
    expect(new Map(resumed.messages.map(({ seq, pinnedAt }) => [seq, pinnedAt !== null]))).toEqual(
      new Map([
        [one.seq, true],
        [two.seq, false],
        [three.seq, false],
      ]),
    )
  })

  it('who may not write: may not pin either', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const { seq } = await say(ada, room, 'pin me')
    await ada.trpc.rooms.mute.mutate({ room, username: ben.username })
    expect(await failureOf(ben.trpc.chat.pin.mutate({ room, seq }))).toBe('MUTED')
    await ada.trpc.rooms.unmute.mutate({ room, username: ben.username })
    await ada.trpc.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    expect(await failureOf(ben.trpc.chat.pin.mutate({ room, seq }))).toBe('POSTING_RESTRICTED')
    expect(await failureOf(ben.trpc.chat.unpin.mutate({ room, seq }))).toBe('POSTING_RESTRICTED')
    expect(await ada.trpc.chat.pin.mutate({ room, seq })).toMatchObject({ pinnedAt: expect.any(String) })
    await ada.trpc.rooms.archive.mutate({ room })
    expect(await failureOf(ada.trpc.chat.unpin.mutate({ room, seq }))).toBe('ROOM_ARCHIVED')
    expect((await ben.trpc.chat.pins.query({ room })).messages).toHaveLength(1)
  })

  it('limit: there are never more than a hundred, also when many pin at once', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const count = limits.pinsPerRoom + 5
    for (let index = 0; index < count; index++) await say(ada, room, `message ${index}`)
    const outcomes = await Promise.allSettled(
      Array.from({ length: count }, (_, index) => (index % 2 ? ada : ben).trpc.chat.pin.mutate({ room, seq: index + 1 })),
    )
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(rejected.map(({ reason }) => reason.data.failure)).toEqual(rejected.map(() => 'TOO_MANY_PINS'))
    expect(rejected).toHaveLength(5)
    const { messages } = await ada.trpc.chat.pins.query({ room })
    expect(messages).toHaveLength(limits.pinsPerRoom)
    // One that is pinned already is no further pin.
    expect(await ada.trpc.chat.pin.mutate({ room, seq: messages[0]?.seq ?? 0 })).toEqual(messages[0])
  })
})
