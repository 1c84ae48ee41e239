import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Message } from '../../src/contract/message'
import { createOutbox, type OutboxMessage, type OutboxQuery } from '../../src/sdk/server/outbox'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
let owner: ConnectedPerson
let token: string
let query: OutboxQuery
beforeAll(async () => {
  roomline = await startRoomline()
  owner = await connectPerson(roomline, { name: 'owner' })
  token = (await owner.trpc.bots.create.mutate({ username: 'shop', displayName: 'The shop' })).token
  query = (text, values) => roomline.pool.query(text, values)
})
afterAll(() => roomline[Symbol.asyncDispose]())

let tables = 0
async function makeOutbox() {
  const outbox = createOutbox({ query, table: `outbox_${++tables}` })
  await query(outbox.createTable, [])
  const room = await makeRoom('private', owner)
  await owner.trpc.rooms.invite.mutate({ room, username: 'shop' })
  const left = async () =>
    (await roomline.pool.query<{ key: string; failure: string | null }>(`SELECT key, failure FROM outbox_${tables} ORDER BY place`)).rows
  const texts = async () =>
    (await owner.trpc.chat.history.query({ room, limit: 100 })).messages.filter(({ kind }) => kind === 'text').map(({ text }) => text)
  return { outbox, room, left, texts, table: `outbox_${tables}` }
}

/** Posts over plain HTTP, as the bot. */
async function post(room: string, text: string, { key, replyTo }: { key: string; replyTo?: number }): Promise<Message> {
  const response = await fetch(`${roomline.urls[0]?.replace('ws:', 'http:')}/chat.send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ room, text, clientId: key, ...(replyTo && { replyTo }) }),
  })
  const answer = (await response.json()) as { result: { data: Message }; error?: { message: string; data: { failure: string } } }
  if (answer.error) throw { name: answer.error.data.failure, words: answer.error.message, retry: response.status >= 500 }
  return answer.result.data
}

describe('the outbox of an app', () => {
  it('a row that is committed: is posted, and one that is rolled back is not', async () => {
    const { outbox, room, left, texts } = await makeOutbox()
    const relay = outbox.relay({ post }, { everyMs: 50 })
    const client = await roomline.pool.connect()
    const inTransaction: OutboxQuery = (text, values) => client.query(text, values)
    await client.query('BEGIN')
    await outbox.post({ room, text: 'never', key: 'rolled back' }, inTransaction)
    await client.query('ROLLBACK')
    await client.query('BEGIN')
    await outbox.post({ room, text: 'shipped', key: 'order 1' }, inTransaction)
    await outbox.post({ room, text: 'shipped', key: 'order 1' }, inTransaction)
    await client.query('COMMIT')
    client.release()
    await until(async () => (await texts()).length > 0 && (await left()).length === 0)
    expect(await texts()).toEqual(['shipped'])
    await relay.close()
  })

  it('an answer that is lost, a relay that is killed, and two relays at once: each message is there once, in order', async () => {
    const { outbox, room, left, texts } = await makeOutbox()
    const wanted = Array.from({ length: 40 }, (_, number) => `line ${number}`)
    for (const text of wanted) await outbox.post({ room, text, key: text })
    let posts = 0
    const losing = async (...args: Parameters<typeof post>) => {
      const answer = await post(...args)
      if (++posts % 3 === 0) throw { name: 'DISCONNECTED', words: 'lost', retry: true }
      return answer
    }
    // The first posts one, and dies before it notes it.
    const killed = createOutbox({
      query: (text, values) => (text.startsWith('DELETE') ? new Promise(() => {}) : query(text, values)),
      table: `outbox_${tables}`,
    })
    killed.relay({ post })
    await until(async () => (await texts()).length > 0)
    const relays = [0, 1].map(() => outbox.relay({ post: losing }, { everyMs: 5 }))
    await until(async () => (await left()).length === 0)
    expect(await texts()).toEqual(wanted)
    await Promise.all(relays.map((relay) => relay.close()))
  })

  it('a message that is refused: stays with its reason, is reported once, and holds nothing up', async () => {
    const { outbox, room, left, texts } = await makeOutbox()
    const stranger = await makeRoom('private', owner)
    await outbox.post({ room: stranger, text: 'x', key: 'a' })
    await outbox.post({ room, text: ' ', key: 'b' })
    await outbox.post({ room, text: 'good', key: 'c' })
    const reported: [string, OutboxMessage | null][] = []
    const relay = outbox.relay({ post }, { everyMs: 20, onError: ({ name }, message) => reported.push([name, message]) })
    await until(async () => (await left()).length === 2 && (await texts()).length === 1)
    expect((await left()).map(({ key, failure }) => [key, failure])).toEqual([
      ['a', 'ROOM_NOT_FOUND'],
      ['b', 'BAD_REQUEST'],
    ])
    await relay.close()
    expect(reported.map(([name, message]) => [name, message?.key])).toEqual([
      ['ROOM_NOT_FOUND', 'a'],
      ['BAD_REQUEST', 'b'],
    ])
  })

  it('an onError that throws: does not end the relay', async () => {
    const { outbox, room, left, texts } = await makeOutbox()
    await outbox.post({ room, text: ' ', key: 'a' })
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    let calls = 0
    const relay = outbox.relay(
      { post: (...args) => (++calls === 1 ? Promise.reject({ name: 'UNAVAILABLE', words: 'later', retry: true }) : post(...args)) },
      {
        everyMs: 20,
        onError: () => {
          throw new Error('of the app')
        },
      },
    )
    await until(async () => (await left())[0]?.failure === 'BAD_REQUEST')
    await outbox.post({ room, text: 'after all', key: 'b' })
    await until(async () => (await texts()).length === 1)
    await relay.close()
    expect(said).toHaveBeenCalledTimes(2)
    said.mockRestore()
  })

  it('a room that has to wait: does not hold up the others', async () => {
    const { outbox, room, texts } = await makeOutbox()
    for (let number = 0; number < 120; number++) await outbox.post({ room: 'busy', text: 'x', key: `${number}` })
    await outbox.post({ room, text: 'through', key: 'k' })
    const relay = outbox.relay({
      post: (where, ...rest) =>
        where === 'busy' ? Promise.reject({ name: 'UNAVAILABLE', words: 'later', retry: true }) : post(where, ...rest),
    })
    await until(async () => (await texts()).length === 1)
    await relay.close()
  })

  it('a database that is away: is reported and tried again; a name that is no table is refused', async () => {
    const { outbox, room, texts, table } = await makeOutbox()
    await outbox.post({ room, text: 'after all', key: 'k' })
    let isAway = true
    const reported: string[] = []
    const flaky = createOutbox({ query: (text, values) => (isAway ? Promise.reject(new Error('away')) : query(text, values)), table })
    const relay = flaky.relay({ post }, { everyMs: 10, onError: ({ words }) => reported.push(words) })
    await until(() => reported.length > 1)
    isAway = false
    relay.runNow()
    await until(async () => (await texts()).length === 1)
    expect(new Set(reported)).toEqual(new Set(['away']))
    await relay.close()
    expect(() => createOutbox({ query, table: 'x; DROP TABLE y' })).toThrow('not the name of a table')
  })
})
