import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PersonPresence, PresenceEvent } from '../../src/contract/presence'
import { connectPerson } from '../support/connected-people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, type StockClient, until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'
import { redisUrl } from '../support/worker'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0, of = roomline) => connectPerson(of, { node })

/** A room of its own for a test. */
async function makeRoom(owner: { trpc: StockClient['trpc'] }, ...members: { username: string }[]): Promise<string> {
  const name = `Room ${randomUUID().slice(0, 8)}`
  const { id } = await owner.trpc.rooms.create.mutate({ name, kind: 'private', members: members.map(({ username }) => username) })
  return id
}

/** Watches a room's presence, and keeps the resulting state. */
function watch(client: { trpc: StockClient['trpc'] }, room: string) {
  const people = new Map<string, PersonPresence>()
  const events: PresenceEvent[] = []
  const errors: unknown[] = []
  const watched = {
    events,
    errors,
    people,
    last: () => events.at(-1),
    stateOf: ({ username }: { username: string }) => people.get(username)?.state,
    lastSeenOf: ({ username }: { username: string }) => people.get(username)?.lastSeen,
    typing: () => events.at(-1)?.typing ?? [],
    failure: () => (errors[0] as { data?: { failure?: string } } | undefined)?.data?.failure,
    stop: () => subscription.unsubscribe(),
  }
  const subscription = client.trpc.presence.onChange.subscribe(
    { room },
    {
      onData: (event) => {
        events.push(event)
        if (event.type === 'now') people.clear()
        for (const one of event.people) people.set(one.username, one)
      },
      onError: (error) => errors.push(error),
    },
  )
  return watched
}

describe('two people on two nodes', () => {
  it('see each other come online, go away and go offline, with the count', async () => {
    const ada = await person(0)
    const ben = await roomline.signUp()
    await ada.trpc.session.me.query()
    const room = await makeRoom(ada, ben)
    const seen = watch(ada, room)
    await until(() => seen.events.length > 0)
    expect(seen.events[0]).toEqual({
      type: 'now',
      known: true,
      count: 1,
      people: expect.arrayContaining([
        { username: ada.username, state: 'here', lastSeen: null },
        { username: ben.username, state: 'offline', lastSeen: null },
      ]),
      typing: [],
      reads: expect.arrayContaining([
        { username: ada.username, readSeq: expect.any(Number) },
        { username: ben.username, readSeq: expect.any(Number) },
      ]),
    })

    const client = roomline.connect(ben, { node: 1 })
    const seenByBen = watch(client, room)
    await until(() => seen.stateOf(ben) === 'here')
    expect(seen.last()).toMatchObject({ type: 'changed', known: true, count: 2 })
    await until(() => seenByBen.stateOf(ada) === 'here' && seenByBen.stateOf(ben) === 'here')

    expect(await client.trpc.presence.update.mutate({ away: true })).toEqual({ away: true })
    await until(() => seen.stateOf(ben) === 'away')
    expect(seen.last()).toMatchObject({ count: 2 })
    await client.trpc.presence.update.mutate({ away: false })
    await until(() => seen.stateOf(ben) === 'here')

    const leftAt = Date.now()
    await client.close()
    await until(() => seen.stateOf(ben) === 'offline')
    expect(seen.last()).toMatchObject({ count: 1 })
    const lastSeen = Date.parse(seen.lastSeenOf(ben) ?? '')
    expect(lastSeen).toBeGreaterThan(leftAt - 1_000)
    expect(lastSeen).toBeLessThan(Date.now() + 1_000)
    await until(async () => {
      const { rows } = await roomline.pool.query('SELECT last_seen_at FROM users WHERE username = $1', [ben.username])
      return Math.abs(rows[0].last_seen_at.getTime() - leftAt) < 2_000
    })
  })

  it('with two connections each, are away only when all of them are inactive', async () => {
    const ada = await person(0)
    const ben = await roomline.signUp()
    const [desk, phone] = [roomline.connect(ben, { node: 0 }), roomline.connect(ben, { node: 1 })]
    await phone.trpc.session.me.query()
    const room = await makeRoom(ada, ben)
    const seen = watch(ada, room)
    await until(() => seen.stateOf(ben) === 'here')
    // Until now, this node only knew of the phone. Its state has arrived.
    await desk.trpc.presence.update.mutate({ away: true })
    await desk.trpc.presence.update.mutate({ away: true })
    const count = seen.events.length
    await phone.trpc.presence.update.mutate({ away: true })
    await until(() => seen.stateOf(ben) === 'away')
    expect(seen.events.slice(count).flatMap(({ people }) => people.map(({ state }) => state))).toEqual(['away'])
    await desk.close()
    await phone.trpc.presence.update.mutate({ away: false })
    await until(() => seen.stateOf(ben) === 'here')
  })

  it('do not see a page reload as leaving and coming back', async () => {
    const ada = await person(0)
    const ben = await person(1)
    await ben.trpc.session.me.query()
    const room = await makeRoom(ada, ben)
    const seen = watch(ada, room)
    await until(() => seen.stateOf(ben) === 'here')
    const count = seen.events.length
    const leftAt = performance.now()
    await ben.close()
    await until(() => performance.now() - leftAt > 1_500)
    await roomline.connect(ben, { node: 1 }).trpc.presence.update.mutate({ away: true })
    await until(() => seen.stateOf(ben) === 'away')
    expect(seen.events.slice(count).flatMap(({ people }) => people.map(({ state }) => state))).toEqual(['away'])
  })

  it('do not get the last-seen time of somebody who hides it', async () => {
    const ada = await person(0)
    const [ben, cyd] = [await person(1), await person(1)]
    await Promise.all([ben.trpc.session.me.query(), cyd.trpc.session.me.query()])
    const room = await makeRoom(ada, ben, cyd)
    const seen = watch(ada, room)
    await until(() => seen.stateOf(ben) === 'here' && seen.stateOf(cyd) === 'here')
    // While they are watched, and without news of it.
    await roomline.pool.query('UPDATE users SET hide_last_seen = true WHERE username = $1', [ben.username])
    await Promise.all([ben.close(), cyd.close()])
    await until(() => seen.stateOf(ben) === 'offline' && seen.stateOf(cyd) === 'offline')
    expect(seen.lastSeenOf(cyd)).toEqual(expect.any(String))
    expect(seen.lastSeenOf(ben)).toBeNull()
    const later = watch(ada, room)
    await until(() => later.events.length > 0)
    expect(later.lastSeenOf(cyd)).toEqual(expect.any(String))
    expect(later.lastSeenOf(ben)).toBeNull()
    expect(JSON.stringify([...seen.events, ...later.events])).not.toContain(`"${ben.username}","state":"offline","lastSeen":"`)
  })

  it('see people who join the room, and no longer those who leave it', async () => {
    const ada = await person(0)
    const ben = await person(1)
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: `Open ${randomUUID().slice(0, 8)}`, kind: 'public' })
    const seen = watch(ada, room)
    await until(() => seen.events.length > 0)
    await ben.trpc.rooms.join.mutate({ room })
    await until(() => seen.stateOf(ben) === 'here')
    expect(seen.last()).toMatchObject({ count: 2 })
    const cyd = await person(1)
    await cyd.trpc.rooms.join.mutate({ room })
    await until(() => seen.stateOf(cyd) === 'here')
    await ben.trpc.rooms.leave.mutate({ room })
    await until(() => seen.stateOf(ben) === undefined)
    expect(seen.last()).toMatchObject({ type: 'now', count: 2 })
  })
})

describe('the presence of a room', () => {
  it('is available to its members only', async () => {
    const ada = await person(0)
    const ben = await person(1)
    const room = await makeRoom(ada)
    const { id: open } = await ada.trpc.rooms.create.mutate({ name: `Open ${randomUUID().slice(0, 8)}`, kind: 'public' })
    const [refused, openRefused] = [watch(ben, room), watch(ben, open)]
    await until(() => refused.errors.length > 0 && openRefused.errors.length > 0)
    expect(refused.failure()).toBe('ROOM_NOT_FOUND')
    expect(openRefused.failure()).toBe('NOT_A_MEMBER')
    expect([...refused.events, ...openRefused.events]).toEqual([])
    expect(await failureOf(ben.trpc.chat.typing.mutate({ room }))).toBe('ROOM_NOT_FOUND')
  })

  it('ends for a removed member, and continues for the others', async () => {
    const ada = await person(0)
    const ben = await person(1)
    const phone = roomline.connect(ben, { node: 0 })
    const room = await makeRoom(ada, ben)
    const [kept, ended, elsewhere] = [watch(ada, room), watch(ben, room), watch(phone, room)]
    await until(() => [kept, ended, elsewhere].every(({ events }) => events.length > 0))
    await ben.trpc.rooms.leave.mutate({ room })
    await until(() => ended.errors.length > 0 && elsewhere.errors.length > 0)
    expect([ended.failure(), elsewhere.failure()]).toEqual(['MEMBERSHIP_ENDED', 'MEMBERSHIP_ENDED'])
    await until(() => kept.stateOf(ben) === undefined)
    expect(kept.errors).toEqual([])
  })

  it('ends for a member whose removal was never announced', async () => {
    const ada = await person(0)
    const ben = await person(1)
    const room = await makeRoom(ada, ben)
    const ended = watch(ben, room)
    await until(() => ended.events.length > 0)
    await roomline.pool.query(
      `WITH gone AS (DELETE FROM memberships m USING users u WHERE u.id = m.user_id AND u.username = $1 AND m.room_id = $2)
       UPDATE rooms SET last_version = last_version + 1 WHERE id = $2`,
      [ben.username, room],
    )
    await until(() => ended.failure() === 'MEMBERSHIP_ENDED')
  })

  it('counts as a subscription, and is rejected over plain HTTP', async () => {
    await using limited = await startRoomline({ env: { MAX_SUBSCRIPTIONS_PER_CONNECTION: '2' } })
    const ada = await person(0, limited)
    const watched = [watch(ada, 'general'), watch(ada, 'general')]
    await until(() => watched.every(({ events }) => events.length > 0))
    const third = watch(ada, 'general')
    await until(() => third.failure() === 'TOO_MANY_SUBSCRIPTIONS')
    watched[0]?.stop()
    let fourth = watch(ada, 'general')
    await until(() => {
      if (fourth.errors.length > 0) fourth = watch(ada, 'general')
      return fourth.events.length > 0
    })
    const http = (limited.urls[0] ?? '').replace('ws:', 'http:')
    const headers = { authorization: `Bearer ${ada.token}` }
    const ask = async (path: string, init: RequestInit) => (await (await fetch(`${http}/${path}`, init)).json()).error?.data?.failure
    expect(await ask('presence.update', postInit({ away: true }, headers))).toBe('METHOD_NOT_ALLOWED')
    const input = encodeURIComponent(JSON.stringify({ room: 'general' }))
    const response = await fetch(`${http}/presence.onChange?input=${input}`, { headers: { ...headers, accept: 'text/event-stream' } })
    expect(await response.text()).toContain('METHOD_NOT_ALLOWED')
  })
})

const postInit = (body: unknown, headers: Record<string, string>): RequestInit => {
  const { method, headers: content } = postJson('/', body, headers)
  return { method, headers: content, body: JSON.stringify(body) }
}

describe('typing', () => {
  it('shows on the other node, ends with the message and expires by itself', async () => {
    const ada = await person(0)
    const ben = await person(1)
    const room = await makeRoom(ada, ben)
    await ben.trpc.session.me.query()
    const seen = watch(ada, room)
    await until(() => seen.stateOf(ben) === 'here')
    expect(await ben.trpc.chat.typing.mutate({ room })).toEqual({ room })
    await until(() => seen.typing().includes(ben.username))
    expect(seen.last()).toMatchObject({ type: 'changed', people: [] })
    const sentAt = performance.now()
    await ben.trpc.chat.send.mutate({ room, text: 'there it is' })
    await until(() => seen.typing().length === 0)
    expect(performance.now() - sentAt).toBeLessThan(3_000)

    await until(async () => {
      await ben.trpc.chat.typing.mutate({ room })
      return seen.typing().includes(ben.username)
    })
    const later = watch(ada, room)
    await until(() => later.typing().includes(ben.username))
    await until(() => seen.typing().length === 0 && later.typing().length === 0)
  })

  it('reaches others at most once a second, however often it is sent', async () => {
    const ada = await person(0)
    const ben = await person(1)
    const room = await makeRoom(ada, ben)
    let published = 0
    const channel = `roomline:room:${room}`
    const subscriber = roomline.redis.duplicate()
    subscriber.on('message', (_, body: string) => {
      if (body.includes('"typing"')) published++
    })
    await subscriber.subscribe(channel)
    const from = performance.now()
    for (let index = 0; index < 30; index++) await ben.trpc.chat.typing.mutate({ room })
    await ben.trpc.chat.send.mutate({ room, text: 'x' })
    await until(() => published > 0)
    expect(published).toBeLessThanOrEqual(1 + (performance.now() - from) / 1_000)
    subscriber.disconnect()
  })
})

describe('without Redis', () => {
  it('presence is unknown instead of offline, and known again when Redis is back', async () => {
    const redisAddress = new URL(redisUrl())
    const { port } = redisAddress
    const proxy = await startTcpProxy(() => Number(port))
    redisAddress.port = String(proxy.port)
    try {
      await using cut = await startRoomline({ nodes: 2, env: { REDIS_URL: redisAddress.href } })
      const ada = await person(0, cut)
      const ben = await person(1, cut)
      const room = await makeRoom(ada, ben)
      const followed = await ben.follow(room)
      const seen = watch(ada, room)
      await until(() => seen.stateOf(ben) === 'here')
      proxy.setOnline(false)
      await until(() => seen.last()?.known === false)
      expect(seen.last()).toMatchObject({ type: 'now', known: false, count: 0, people: [], typing: [] })
      const later = watch(ada, room)
      await until(() => later.events.length > 0)
      expect(later.last()).toMatchObject({ type: 'now', known: false, count: 0, people: [], typing: [] })
      await ada.trpc.chat.send.mutate({ room, text: 'a message goes its way' })
      await followed.until(1)
      proxy.setOnline(true)
      await until(() => seen.last()?.known === true && seen.stateOf(ben) === 'here' && later.stateOf(ben) === 'here')
      expect(seen.last()).toMatchObject({ count: 2 })
    } finally {
      await proxy.close()
    }
  })
})
