import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/contract/message'
import type { RoomListEvent } from '../../src/contract/room'
import { createTestMessage, createTestRoom } from '../../src/sdk/testing'
import type { RoomNews } from '../../src/server/bus/news-bus'
import { createLog } from '../../src/server/platform/log'
import { createRoomListFeed } from '../../src/server/rooms/room-list-feed'
import { until } from '../support/stock-client'

/** A feed whose room feeds, bus and rows the test controls. */
function createTestFeed() {
  const watchers = new Map<string, Set<(news: RoomNews | 'anything') => void>>()
  const topics = new Set<string>()
  const lastSeqs = new Map([['general', 1]])
  let beforeReading = async () => {}
  const listed = (userId: string) => [...lastSeqs].map(([id, lastSeq]) => ({ ...createTestRoom({ id, lastSeq, readSeq: 0 }), userId }))
  const rooms = {
    listOf: async (userId: string) => {
      const rows = listed(userId)
      await beforeReading()
      return rows
    },
    listedAmong: async (pairs: readonly { userId: string; room: string }[]) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return pairs.flatMap(({ userId, room }) => listed(userId).filter(({ id }) => id === room))
    },
  }
  const lists = createRoomListFeed({
    feeds: {
      watch: (room: string, onNews: (news: RoomNews | 'anything') => void) => {
        const ofRoom = watchers.get(room) ?? new Set()
        watchers.set(room, ofRoom.add(onNews))
        return () => ofRoom.delete(onNews)
      },
    } as never,
    tail: { onChanges: () => () => {} },
    personBus: {
      publish: () => {},
      subscribe: async (userId: string) => {
        topics.add(userId)
        return { unsubscribe: () => topics.delete(userId) }
      },
    },
    rooms: rooms as never,
    messages: { newestOf: async () => new Map<string, Message>(), newestOfPerson: async () => new Map<string, Message>() } as never,
    log: createLog({ logLevel: 'silent' }, 'test'),
  })
  return {
    lists,
    watching: () => [...watchers.values()].reduce((sum, { size }) => sum + size, 0) + topics.size,
    setReading: (wait: () => Promise<void>) => {
      beforeReading = wait
    },
    addMessage: (room: string, seq: number) => {
      lastSeqs.set(room, seq)
      for (const onNews of watchers.get(room) ?? []) onNews({ type: 'message', message: createTestMessage({ room, seq }) })
    },
    open: (userId: string) => {
      const events: RoomListEvent[] = []
      const stop = new AbortController()
      const errors: unknown[] = []
      const connection = { openSubscription: () => () => {}, untilReadable: () => undefined }
      const reading = (async () => {
        for await (const event of await lists.follow(userId, connection, stop.signal)) events.push(event)
      })().catch((error) => errors.push(error))
      return { events, errors, stop: () => stop.abort(), ended: reading }
    },
  }
}

describe('the room list feed', () => {
  it('first list: what happens while it is read follows, even in a room that another list watches', async () => {
    const test = createTestFeed()
    const ada = test.open('ada')
    await until(() => ada.events.length === 1)
    let onSent = () => {}
    test.setReading(async () => {
      test.addMessage('general', 2)
      await until(() => ada.events.length === 2)
      onSent()
    })
    const sent = new Promise<void>((resolve) => {
      onSent = resolve
    })
    const ben = test.open('ben')
    await sent
    await until(() => ben.events.some((event) => event.type === 'room' && event.room.lastSeq === 2))
    expect(ben.events[0]).toMatchObject({ type: 'list', rooms: [{ lastSeq: 1 }] })
    for (const person of [ada, ben]) person.stop()
    await test.lists.close()
  })

  it('unreachable database: the stream waits and does not end', async () => {
    const test = createTestFeed()
    let failures = 2
    test.setReading(async () => {
      if (failures-- > 0) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
    })
    const ada = test.open('ada')
    await until(() => ada.events.length === 1)
    expect(ada.errors).toEqual([])
    ada.stop()
    await test.lists.close()
  })

  it('end of a stream: leaves nothing behind, whether the list or a change is being read', async () => {
    const test = createTestFeed()
    for (let round = 0; round < 20; round++) {
      const ended = test.open('ada')
      test.setReading(async () => {
        if (round % 2 === 0) ended.stop()
        await new Promise((resolve) => setTimeout(resolve, 1))
      })
      if (round % 2 === 1) {
        await until(() => ended.events.length === 1)
        test.addMessage('general', round + 2)
        // In the middle of reading what has changed.
        await new Promise((resolve) => setTimeout(resolve, 102))
        ended.stop()
      }
      await ended.ended
    }
    await until(() => test.watching() === 0)
    await test.lists.close()
    expect(test.watching()).toBe(0)
  })
})
