import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/contract/failures'
import type { PresenceEvent } from '../../src/contract/presence'
import { limits } from '../../src/contract/rules'
import { createTestMessage, createTestUser } from '../../src/sdk/testing'
import type { RoomNews } from '../../src/server/bus/news-bus'
import type { FeedWatcher } from '../../src/server/fanout/room-feed'
import { createLog } from '../../src/server/platform/log'
import { followPresence } from '../../src/server/presence/follow-presence'
import { createMemoryPresence } from '../../src/server/presence/memory-presence'
import type { PresenceMember } from '../../src/server/presence/presence-store'
import { createRoomPresence } from '../../src/server/presence/room-presence'
import { until } from '../support/stock-client'

const log = createLog({ logLevel: 'silent' }, 'test')
const nameOf = (index: number) => `p${String(index).padStart(4, '0')}`

/** A room whose members, news and database are controlled by the test. Ids are usernames. */
function createTestRoom(size: number) {
  const memory = createMemoryPresence()
  const cluster = memory.join()
  const members = new Map<string, PresenceMember>()
  for (let index = 0; index < size; index++) {
    members.set(nameOf(index), {
      userId: nameOf(index),
      username: nameOf(index),
      hidesLastSeen: false,
      lastSeenAt: null,
      hidesReads: false,
      readSeq: null,
    })
  }
  const heard = new Set<FeedWatcher>()
  const database = { isAway: false, reads: 0 }
  const read = async (userIds: Iterable<string>) => {
    database.reads++
    if (database.isAway) throw new Error('Postgres is away')
    return [...userIds].flatMap((userId) => members.get(userId) ?? [])
  }
  const presence = createRoomPresence({
    cluster,
    log,
    store: { membersOf: () => read(members.keys()), membersAmong: (_, userIds) => read(userIds) },
    rooms: {
      requireMembership: async (_, userId) => {
        if (database.isAway) throw new Error('Postgres is away')
        if (!members.has(userId)) throw new Failure('NOT_A_MEMBER')
        return null as never
      },
    },
    feeds: {
      watch: (_, watcher) => {
        heard.add(watcher)
        return { stop: () => heard.delete(watcher) }
      },
    },
    tail: { onChanges: () => () => {} },
  })
  const watch = (userId: string, untilReadable: () => Promise<void> | undefined = () => undefined) => {
    const events: PresenceEvent[] = []
    const errors: unknown[] = []
    const watched = presence.watch('room', userId)
    void (async () => {
      for await (const event of followPresence(watched, untilReadable, watched.close)) events.push(event)
    })().catch((error) => errors.push(error))
    return { events, errors, close: () => watched.close() }
  }
  return {
    memory,
    cluster,
    members,
    database,
    presence,
    watch,
    /** The number of listeners to the room's news. */
    listeners: () => heard.size,
    hear: (news: RoomNews | 'anything') => {
      for (const watcher of heard) watcher.onNews(news)
    },
  }
}

describe('a room with many watchers', () => {
  it('names a limited number of people, online ones first, and counts all', async () => {
    const room = createTestRoom(1_000)
    for (let index = 500; index < 800; index++) room.cluster.set(nameOf(index), 'here')
    const { events } = room.watch(nameOf(0))
    await until(() => events.length === 1)
    expect(events[0]).toMatchObject({ type: 'now', count: 300 })
    expect(events[0]?.people).toHaveLength(limits.presenceNamed)
    expect(new Set(events[0]?.people.map(({ state }) => state))).toEqual(new Set(['here']))
    for (let index = 0; index < 300; index++) room.cluster.set(nameOf(index), 'here')
    await until(() => events.length === 2)
    // More changes than one event can name: the event is the whole state instead.
    expect(events[1]).toMatchObject({ type: 'now', count: 600 })
    expect(events[1]?.people).toHaveLength(limits.presenceNamed)
    room.cluster.set(nameOf(0), 'away')
    await until(() => events.length === 3)
    expect(events[2]).toEqual({
      type: 'changed',
      known: true,
      count: 600,
      people: [{ username: nameOf(0), state: 'away', lastSeen: null }],
      typing: [],
    })
    room.presence.close()
  })

  it('sends events less often the more watchers there are, the same event to all', async () => {
    const room = createTestRoom(400)
    const watchers = Array.from({ length: 160 }, (_, index) => room.watch(nameOf(index)))
    await until(() => watchers.every(({ events }) => events.length === 1))
    room.cluster.set(nameOf(0), 'here')
    await until(() => watchers.every(({ events }) => events.length === 2))
    const from = performance.now()
    let changes = 0
    // 160 watchers at 80 events a second: one event every two seconds.
    await until(() => {
      room.cluster.set(nameOf(200 + (changes++ % 200)), changes % 400 < 200 ? 'here' : 'away')
      return watchers.every(({ events }) => events.length === 4)
    })
    expect(performance.now() - from).toBeGreaterThan(3_500)
    expect(watchers.every(({ events }) => events[3] === watchers[0]?.events[3])).toBe(true)
    room.presence.close()
  })

  it('sends events within a quarter of a second when there are few watchers', async () => {
    const room = createTestRoom(3)
    const { events } = room.watch(nameOf(0))
    await until(() => events.length === 1)
    for (let round = 0; round < 4; round++) {
      const from = performance.now()
      room.cluster.set(nameOf(1), round % 2 === 0 ? 'here' : 'away')
      await until(() => events.length === round + 2)
      expect(performance.now() - from).toBeLessThan(400)
    }
    room.presence.close()
  })

  it('keeps one event, not a list, for a slow reader', async () => {
    const room = createTestRoom(3)
    let read = () => {}
    const reading = new Promise<void>((resolve) => {
      read = resolve
    })
    let isSlow = false
    const slow = room.watch(nameOf(0), () => (isSlow ? reading : undefined))
    const quick = room.watch(nameOf(1))
    await until(() => slow.events.length === 1 && quick.events.length === 1)
    isSlow = true
    for (const [round, state] of (['here', 'away', 'here'] as const).entries()) {
      room.cluster.set(nameOf(2), state)
      await until(() => quick.events.length === round + 2)
    }
    expect(slow.events).toHaveLength(1)
    isSlow = false
    read()
    await until(() => slow.events.length === 2)
    expect(slow.events[1]).toMatchObject({ type: 'now', count: 1 })
    expect(slow.events[1]?.people).toContainEqual({ username: nameOf(2), state: 'here', lastSeen: null })
    room.presence.close()
  })

  it('is closed without watchers, and starts anew with the next one', async () => {
    const room = createTestRoom(3)
    const first = room.watch(nameOf(0))
    const second = room.watch(nameOf(1))
    await until(() => first.events.length === 1 && second.events.length === 1)
    expect(room.listeners()).toBe(1)
    first.close()
    expect(room.listeners()).toBe(1)
    second.close()
    expect(room.listeners()).toBe(0)
    room.members.delete(nameOf(2))
    room.cluster.set(nameOf(1), 'here')
    const third = room.watch(nameOf(0))
    await until(() => third.events.length === 1)
    expect(third.events[0]?.people.map(({ username, state }) => `${username} ${state}`)).toEqual([
      `${nameOf(0)} offline`,
      `${nameOf(1)} here`,
    ])
    room.presence.close()
    expect(room.listeners()).toBe(0)
  })
})

describe('while Postgres is unavailable', () => {
  it('watchers still see people come and go, without last-seen times, and nobody counts as removed', async () => {
    const room = createTestRoom(3)
    room.cluster.set(nameOf(1), 'here')
    const { events, errors } = room.watch(nameOf(0))
    await until(() => events.length === 1)
    room.database.isAway = true
    room.hear('anything')
    room.cluster.set(nameOf(1), 'offline')
    room.cluster.set(nameOf(2), 'here')
    const told = () => events.slice(1).flatMap(({ people }) => people)
    await until(() => told().length === 2)
    expect(told()).toContainEqual({ username: nameOf(1), state: 'offline', lastSeen: null })
    expect(told()).toContainEqual({ username: nameOf(2), state: 'here', lastSeen: null })
    const { reads } = room.database
    await until(() => room.database.reads > reads + 1)
    expect(told()).toHaveLength(2)
    const late = room.watch(nameOf(2))
    room.database.isAway = false
    await until(() => late.events.length === 1)
    await until(() => told().length === 3)
    expect(told()[2]).toEqual({ username: nameOf(1), state: 'offline', lastSeen: expect.any(String) })
    expect(errors).toEqual([])
    room.presence.close()
  })
})

describe('typing in a room', () => {
  const typing = (username: string): RoomNews => ({ type: 'typing', userId: username, username })
  const message = (seq: number, username: string): RoomNews => ({
    type: 'message',
    message: createTestMessage({ seq, author: createTestUser({ id: username, username }) }),
  })

  it('continues when somebody changes an older message of the typing person', async () => {
    const room = createTestRoom(3)
    const { events } = room.watch(nameOf(0))
    await until(() => events.length === 1)
    room.hear(message(7, nameOf(1)))
    room.hear(typing(nameOf(1)))
    await until(() => events.at(-1)?.typing.includes(nameOf(1)) ?? false)
    // For example, somebody reacts to it.
    room.hear(message(7, nameOf(1)))
    room.hear(typing(nameOf(2)))
    await until(() => events.at(-1)?.typing.includes(nameOf(2)) ?? false)
    expect(events.at(-1)?.typing).toEqual([nameOf(1), nameOf(2)])
    room.hear(message(8, nameOf(1)))
    await until(() => !events.at(-1)?.typing.includes(nameOf(1)))
    expect(events.at(-1)?.typing).toEqual([nameOf(2)])
    room.presence.close()
  })

  it('is not sent when there are so many watchers that it would arrive too late', async () => {
    const room = createTestRoom(600)
    const watchers = Array.from({ length: 500 }, (_, index) => room.watch(nameOf(index)))
    await until(() => watchers.every(({ events }) => events.length === 1))
    for (let index = 0; index < 100; index++) room.hear(typing(nameOf(index)))
    room.cluster.set(nameOf(599), 'here')
    await until(() => watchers.every(({ events }) => events.length === 2), 15_000)
    expect(watchers[0]?.events[1]).toMatchObject({ people: [{ username: nameOf(599) }], typing: [] })
    room.presence.close()
  })
})
