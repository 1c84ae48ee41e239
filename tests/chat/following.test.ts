import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

async function roomOf(node = 0) {
  const person = await roomline.signUp()
  const client = roomline.connect(person, { node })
  const { id: room } = await client.trpc.rooms.create.mutate({ name: 'A room', kind: 'private' })
  const send = (text: string) => client.trpc.chat.send.mutate({ room, text })
  return { person, client, room, send }
}

const channels = async (room: string) => Number(((await roomline.redis.call('PUBSUB', 'NUMSUB', `roomline:room:${room}`)) as unknown[])[1])

describe('following', () => {
  it('starts with the next message without an id, and after the given id with one', async () => {
    const { client, room, send } = await roomOf()
    for (let index = 1; index <= 5; index++) await send(`before ${index}`)
    const fromNow = await client.follow(room)
    const fromTheStart = await client.follow(room, '0')
    const fromTheThird = await client.follow(room, '3')
    await send('live')
    expect((await fromNow.until(1)).map(({ seq }) => seq)).toEqual([6])
    expect((await fromTheStart.until(6)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
    expect((await fromTheThird.until(3)).map(({ seq }) => seq)).toEqual([4, 5, 6])
  })

  it('misses nothing that is sent while it starts', async () => {
    const { client, room, send } = await roomOf()
    const sending = (async () => {
      for (let index = 0; index < 150; index++) await send(`message ${index}`)
    })()
    const followers = await Promise.all(Array.from({ length: 10 }, () => client.follow(room, '0')))
    await sending
    for (const follower of followers) {
      const messages = await follower.until(150)
      expect(messages.map(({ version }) => version)).toEqual(Array.from({ length: 150 }, (_, index) => index + 1))
    }
  })

  it('catches up over more than one page', async () => {
    const { client, person, room } = await roomOf()
    await roomline.pool.query(
      `INSERT INTO messages (room_id, seq, version, author_id, text)
       SELECT $1, n, n, (SELECT id FROM users WHERE username = $2), 'old ' || n FROM generate_series(1, 1234) n`,
      [room, person.username],
    )
    await roomline.pool.query('UPDATE rooms SET last_seq = 1234, last_version = 1234 WHERE id = $1', [room])
    const followed = await client.follow(room, '0')
    const messages = await followed.until(1_234)
    expect(messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_234 }, (_, index) => index + 1))
  })

  it('reads a message from Postgres when its publication was lost', async () => {
    const { client, person, room, send } = await roomOf()
    const followed = await client.follow(room)
    await send('published')
    await followed.until(1)
    // Stored, but never published.
    await roomline.pool.query(
      `WITH place AS (UPDATE rooms SET last_seq = last_seq + 1, last_version = last_version + 1 WHERE id = $1 RETURNING last_seq, last_version)
       INSERT INTO messages (room_id, seq, version, author_id, text)
       SELECT $1, last_seq, last_version, (SELECT id FROM users WHERE username = $2), 'not published' FROM place`,
      [room, person.username],
    )
    await send('published again')
    expect((await followed.until(3)).map(({ text }) => text)).toEqual(['published', 'not published', 'published again'])
  })

  it('ignores junk, forged and repeated publications', async () => {
    const { client, room, send } = await roomOf()
    const followed = await client.follow(room)
    const published: string[] = []
    const spy = roomline.redis.duplicate()
    await spy.subscribe(`roomline:room:${room}`)
    spy.on('message', (_, body) => published.push(body))
    const first = await send('real')
    await until(() => published.length === 1)
    const forged = JSON.stringify({ type: 'message', message: { ...first, seq: 2, version: 2, text: 'forged' } })
    for (const body of ['', 'junk', forged, (published[0] ?? '').slice(0, 44) + forged, published[0] ?? '', published[0] ?? '']) {
      await roomline.redis.publish(`roomline:room:${room}`, body)
    }
    await send('real again')
    await followed.until(2)
    expect(followed.messages.map(({ text }) => text)).toEqual(['real', 'real again'])
    spy.disconnect()
  })

  it('keeps one Redis subscription per room and node, and drops it with the last follower', async () => {
    const { client, person, room } = await roomOf()
    expect(await channels(room)).toBe(0)
    const here = await Promise.all(Array.from({ length: 5 }, () => client.follow(room)))
    expect(await channels(room)).toBe(1)
    const elsewhere = roomline.connect(person, { node: 1 })
    await Promise.all([elsewhere.follow(room), elsewhere.follow(room)])
    expect(await channels(room)).toBe(2)
    for (const followed of here) followed.stop()
    await until(async () => (await channels(room)) === 1)
    elsewhere.cut()
    await elsewhere.close()
    await until(async () => (await channels(room)) === 0)
    // The room can be followed again.
    const again = await client.follow(room)
    await client.trpc.chat.send.mutate({ room, text: 'again' })
    await again.until(1)
  })

  it('rejects a malformed id, and one that the room has not reached', async () => {
    const { client, room, send } = await roomOf()
    await send('one')
    expect(await failureOf(client.follow(room, '2'))).toBe('CURSOR_AHEAD')
    expect(await failureOf(client.follow(room, '1000000000'))).toBe('CURSOR_AHEAD')
    for (const id of ['x', '', '-1', '1.5', '99999999999']) expect(await failureOf(client.follow(room, id)), id).toBe('BAD_REQUEST')
    const { trpc } = client
    expect(
      await failureOf(new Promise((_, reject) => trpc.chat.onMessage.subscribe({ room, lastEventId: 1 } as never, { onError: reject }))),
    ).toBe('BAD_REQUEST')
  })
})
