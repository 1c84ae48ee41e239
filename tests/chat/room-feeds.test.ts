import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/contract/failures'
import type { Message } from '../../src/contract/message'
import { createMessage } from '../../src/sdk/testing'
import type { RoomNews } from '../../src/server/bus/news-bus'
import { followRoom } from '../../src/server/chat/follow-room'
import type { MessageHistory } from '../../src/server/chat/history'
import { Follower } from '../../src/server/fanout/live-news'
import { createRoomFeeds } from '../../src/server/fanout/room-feeds'
import { createLog } from '../../src/server/platform/log'
import type { RoomStore } from '../../src/server/rooms/room-store'
import { until } from '../support/stock-client'

const news = (seq: number): RoomNews => ({ type: 'message', message: createMessage({ seq }) })
const versionOf = (heard: RoomNews | 'behind' | 'closed') =>
  typeof heard === 'string' || heard.type !== 'message' ? heard : heard.message.version

describe('a follower’s news', () => {
  it('wait in order, and are given up when there are too many', async () => {
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

/** A room whose news and rows the test sets. */
function createRoom() {
  const stored: Message[] = []
  const members = new Set(['ada', 'ben'])
  let hear: (news: RoomNews) => void = () => {}
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const feeds = createRoomFeeds({
    log: createLog({ logLevel: 'silent' }, 'test'),
    bus: {
      publish: () => {},
      subscribe: async (_, onNews) => {
        await opened
        hear = onNews
        return { unsubscribe: () => {} }
      },
    },
    reader: {
      changesAfter: async (_, version) => ({ messages: stored.filter((message) => message.version > version), isLast: true }),
      lastVersions: async () => new Map([['general', stored.at(-1)?.version ?? 0]]),
      membersAmong: async (_, userIds) => new Set(userIds.filter((userId) => members.has(userId))),
    },
  })
  return { feeds, stored, members, open, hear: (heard: RoomNews) => hear(heard) }
}

describe('the feed of a room', () => {
  it('waits until it is subscribed before it reads how far the room is', async () => {
    const room = createRoom()
    const following = room.feeds.follow('general', 'ada')
    room.stored.push(createMessage({ seq: 1 }))
    room.open()
    expect((await following).version).toBe(1)
    await room.feeds.close()
  })

  it('hands on only what comes next, and reads what is missing', async () => {
    const room = createRoom()
    room.open()
    const { live } = await room.feeds.follow('general', 'ada')
    for (let seq = 1; seq <= 4; seq++) room.stored.push(createMessage({ seq }))
    room.hear(news(1))
    room.hear(news(1))
    room.hear(news(4))
    room.hear(news(2))
    const heard = []
    for (let count = 0; count < 4; count++) heard.push(versionOf(await live.next()))
    expect(heard).toEqual([1, 2, 3, 4])
    await room.feeds.close()
  })

  it('finds within a sweep what no news told of', async () => {
    const room = createRoom()
    room.open()
    const { live } = await room.feeds.follow('general', 'ada')
    room.stored.push(createMessage({ seq: 1 }))
    expect(versionOf(await live.next())).toBe(1)
    await room.feeds.close()
  })

  it('keeps what is ahead until it has heard who left before it', async () => {
    const room = createRoom()
    room.open()
    const ada = await room.feeds.follow('general', 'ada')
    const ben = await room.feeds.follow('general', 'ben')
    room.hear(news(1))
    room.hear(news(3))
    room.hear({ type: 'membership', userId: 'ben', version: 2 })
    expect(versionOf(await ben.live.next())).toBe(1)
    expect(await ben.live.next()).toMatchObject({ type: 'membership', userId: 'ben' })
    expect([versionOf(await ada.live.next()), versionOf(await ada.live.next())]).toEqual([1, 3])
    await room.feeds.close()
  })

  it('looks the memberships up again before it hands on what had been missing', async () => {
    const room = createRoom()
    room.open()
    const ada = await room.feeds.follow('general', 'ada')
    const ben = await room.feeds.follow('general', 'ben')
    room.members.delete('ben')
    room.stored.push(createMessage({ seq: 1 }))
    room.hear(news(3))
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
  const follow = (room: ReturnType<typeof createRoom>, after: number | null) =>
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

  it('is refused to who left before the feed was joined, and leaves nothing behind', async () => {
    const room = createRoom()
    const following = follow(room, null)
    room.members.delete('ada')
    room.open()
    await expect(following).rejects.toThrow('Join this room first')
    await until(() => room.feeds.count().rooms === 0)
    await room.feeds.close()
  })

  it('ends before a page that was read after the person had left', async () => {
    const room = createRoom()
    room.open()
    room.stored.push(createMessage({ seq: 1 }))
    const stream = (await follow(room, 0))[Symbol.asyncIterator]()
    room.members.delete('ada')
    await expect(stream.next()).rejects.toThrow("You're no longer in this room")
    await until(() => room.feeds.count().rooms === 0)
    await room.feeds.close()
  })
})
