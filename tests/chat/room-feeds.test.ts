import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/contract/failures'
import type { Message } from '../../src/contract/message'
import { createTestMessage } from '../../src/sdk/testing'
import type { RoomNews } from '../../src/server/bus/news-bus'
import { followRoom } from '../../src/server/chat/follow-room'
import type { MessageHistory } from '../../src/server/chat/history'
import type { TailChanges } from '../../src/server/fanout/change-tail'
import { Follower } from '../../src/server/fanout/live-news'
import { createRoomFeeds } from '../../src/server/fanout/room-feeds'
import { createLog } from '../../src/server/platform/log'
import type { RoomStore } from '../../src/server/rooms/room-store'
import { until } from '../support/stock-client'

const news = (seq: number): RoomNews => ({ type: 'message', message: createTestMessage({ seq }) })
const versionOf = (received: RoomNews | 'behind' | 'closed') =>
  typeof received === 'string' || received.type !== 'message' ? received : received.message.version

describe('the news of a follower', () => {
  it('wait in order, and are dropped when there are too many', async () => {
    const live = new Follower('ada', { write: () => {}, startDelivery: () => {}, leave: () => {} })
    live.receive(news(1))
    live.receive(news(2))
    expect([versionOf(await live.next()), versionOf(await live.next())]).toEqual([1, 2])
    for (let seq = 3; seq < 1_000; seq++) live.receive(news(seq))
    expect(await live.next()).toBe('behind')
    live.receive(news(1_000))
    expect(versionOf(await live.next())).toBe(1_000)
    live.close()
    expect(await live.next()).toBe('closed')
  })
})

/** A room whose news and stored messages the test sets. */
function createTestRoom() {
  let onChanges: (changes: TailChanges | 'anything') => void = () => {}
  const stored: Message[] = []
  /** The rooms of each read of counters. */
  const reads: string[][] = []
  let failures = 0
  let beforeAnswer = async () => {}
  const members = new Set(['ada', 'ben'])
  let receive: (news: RoomNews) => void = () => {}
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const feeds = createRoomFeeds({
    log: createLog({ logLevel: 'silent' }, 'test'),
    bus: {
      publish: () => {},
      subscribe: async (_, listener) => {
        await opened
        receive = (news) => listener.onNews(news)
        return { unsubscribe: () => {} }
      },
    },
    tail: {
      onChanges: (listener) => {
        onChanges = listener
        return () => {}
      },
    },
    reader: {
      changesAfter: async (_, version) => ({ messages: stored.filter((message) => message.version > version), isLast: true }),
      lastVersions: async (rooms) => {
        if (failures-- > 0) throw new Error('away')
        reads.push(rooms)
        const versions = new Map(rooms.map((each) => [each, each === 'general' ? (stored.at(-1)?.version ?? 0) : 0]))
        await beforeAnswer()
        return versions
      },
      membersAmong: async (_, userIds) => new Set(userIds.filter((userId) => members.has(userId))),
    },
  })
  return {
    ...{ feeds, stored, members, open, reads },
    setFailures: (count: number) => {
      failures = count
    },
    /** Counters are read, and their answer comes when this ends. */
    setAnswering: (wait: () => Promise<void>) => {
      beforeAnswer = wait
    },
    receive: (received: RoomNews) => receive(received),
    change: (changes: TailChanges | 'anything') => onChanges(changes),
  }
}

describe('the feed of a room', () => {
  it('subscribes before it reads the room’s version', async () => {
    const room = createTestRoom()
    const following = room.feeds.follow('general', 'ada')
    room.stored.push(createTestMessage({ seq: 1 }))
    room.open()
    expect((await following).version).toBe(1)
    await room.feeds.close()
  })

  it('delivers only the next change, and reads the missing ones', async () => {
    const room = createTestRoom()
    room.open()
    const { live } = await room.feeds.follow('general', 'ada')
    for (let seq = 1; seq <= 4; seq++) room.stored.push(createTestMessage({ seq }))
    room.receive(news(1))
    room.receive(news(1))
    room.receive(news(4))
    room.receive(news(2))
    const received = []
    for (let count = 0; count < 4; count++) received.push(versionOf(await live.next()))
    expect(received).toEqual([1, 2, 3, 4])
    await room.feeds.close()
  })

  it('finds a change whose news were lost within a sweep', async () => {
    const room = createTestRoom()
    room.open()
    const { live } = await room.feeds.follow('general', 'ada')
    room.stored.push(createTestMessage({ seq: 1 }))
    expect(versionOf(await live.next())).toBe(1)
    await room.feeds.close()
  })

  it('finds a change of which only the tail of changes tells, long before it reads the counters of so many rooms', async () => {
    const room = createTestRoom()
    room.open()
    for (let index = 0; index < 600; index++) await room.feeds.follow(`room ${index}`, 'ada')
    const { live } = await room.feeds.follow('general', 'ada')
    const tell = async (version: number, changes: TailChanges | 'anything') => {
      room.stored.push(createTestMessage({ seq: version }))
      room.change(changes)
      expect(versionOf(await live.next())).toBe(version)
    }
    await tell(1, { rooms: new Map([['general', 1]]), memberships: [] })
    await tell(2, 'anything')
    room.setFailures(2)
    await tell(3, { rooms: new Map([['general', 3]]), memberships: [] })
    room.setFailures(1)
    await tell(4, 'anything')
    expect(Math.max(...room.reads.map((rooms) => rooms.length))).toBe(601)
    await room.feeds.close()
  })

  it('finds a change of which the tail of changes told while the feed was being opened', async () => {
    const room = createTestRoom()
    room.open()
    for (let index = 0; index < 600; index++) await room.feeds.follow(`room ${index}`, 'ada')
    room.setAnswering(async () => {
      room.setAnswering(async () => {})
      room.stored.push(createTestMessage({ seq: 1 }))
      room.change({ rooms: new Map([['general', 1]]), memberships: [] })
    })
    const { version, live } = await room.feeds.follow('general', 'ada')
    expect(version).toBe(0)
    expect(versionOf(await live.next())).toBe(1)
    await room.feeds.close()
  })

  it('reads the counters of few rooms at a time while nothing happens', async () => {
    const room = createTestRoom()
    room.open()
    for (let index = 0; index < 600; index++) await room.feeds.follow(`room ${index}`, 'ada')
    room.reads.length = 0
    await until(() => room.reads.length === 3)
    expect(room.reads.map((rooms) => rooms.length)).toEqual([10, 10, 10])
    expect(new Set(room.reads.flat()).size).toBe(30)
    await room.feeds.close()
  })

  it('holds a change back until the news of a removal before it arrived', async () => {
    const room = createTestRoom()
    room.open()
    const ada = await room.feeds.follow('general', 'ada')
    const ben = await room.feeds.follow('general', 'ben')
    room.receive(news(1))
    room.receive(news(3))
    room.receive({ type: 'membership', userId: 'ben', version: 2 })
    expect(versionOf(await ben.live.next())).toBe(1)
    expect(await ben.live.next()).toMatchObject({ type: 'membership', userId: 'ben' })
    expect([versionOf(await ada.live.next()), versionOf(await ada.live.next())]).toEqual([1, 3])
    await room.feeds.close()
  })

  it('checks the memberships before it delivers changes that it had missed', async () => {
    const room = createTestRoom()
    room.open()
    const ada = await room.feeds.follow('general', 'ada')
    const ben = await room.feeds.follow('general', 'ben')
    room.members.delete('ben')
    room.stored.push(createTestMessage({ seq: 1 }))
    room.receive(news(3))
    expect(await ben.live.next()).toEqual({ type: 'membership', userId: 'ben' })
    await until(async () => versionOf(await ada.live.next()) === 1)
    await room.feeds.close()
  })
})

describe('following a room', () => {
  const member = {
    role: 'member',
    readSeq: 0,
    notify: 'all',
    room: { id: 'general', kind: 'public', name: 'general', topic: '', lastSeq: 0 },
  } as const
  const follow = (room: ReturnType<typeof createTestRoom>, after: number | null) =>
    followRoom(
      {
        feeds: room.feeds,
        messages: {
          changesAfter: async (_: string, version: number) => ({
            messages: room.stored.filter((message) => message.version > version),
            isLast: true,
          }),
          lastVersions: async () => new Map([['general', room.stored.at(-1)?.version ?? 0]]),
        } as unknown as MessageHistory,
        rooms: {
          requireMembership: async () => {
            if (room.members.has('ada')) return member
            throw new Failure('NOT_A_MEMBER')
          },
        } as unknown as RoomStore,
      },
      { room: 'general', userId: 'ada', after, signal: new AbortController().signal, untilReadable: () => undefined },
    )

  it('is rejected for somebody who left before the feed was joined, and leaves nothing behind', async () => {
    const room = createTestRoom()
    const following = follow(room, null)
    room.members.delete('ada')
    room.open()
    await expect(following).rejects.toThrow('Join this room first')
    await until(() => room.feeds.count().rooms === 0)
    await room.feeds.close()
  })

  it('ends before a page that was read after the person left', async () => {
    const room = createTestRoom()
    room.open()
    room.stored.push(createTestMessage({ seq: 1 }))
    const stream = (await follow(room, 0))[Symbol.asyncIterator]()
    room.members.delete('ada')
    await expect(stream.next()).rejects.toThrow("You're no longer in this room")
    await until(() => room.feeds.count().rooms === 0)
    await room.feeds.close()
  })
})
