import { describe, expect, it } from 'vitest'
import type { RoomListEvent } from '../../src/contract/room'
import { createTestMessage, createTestRoom } from '../../src/sdk/testing'
import type { TailChanges } from '../../src/server/fanout/change-tail'
import type { FeedWatcher } from '../../src/server/fanout/room-feed'
import { createLog } from '../../src/server/platform/log'
import type { ListStore, RoomSummary } from '../../src/server/rooms/list-store'
import { createRoomListFeed } from '../../src/server/rooms/room-list-feed'
import { until } from '../support/stock-client'

/** A feed whose room feeds, bus and rows the test controls. */
function createTestFeed() {
  const watchers = new Map<string, Set<FeedWatcher>>()
  const topics = new Set<string>()
  let onChanges: (changes: TailChanges | 'anything') => void = () => {}
  let failures = 0
  const mayFail = () => {
    if (failures-- > 0) throw new Error('away')
  }
  const lastSeqs = new Map([['general', 1]])
  let beforeReading = async () => {}
  let afterReadingParts = () => new Promise<void>((resolve) => setTimeout(resolve, 5))
  let readSeq = 0
  let reads = 0
  let subscriptions = 0
  const summaryOf = (id: string): RoomSummary => {
    const lastSeq = lastSeqs.get(id) ?? 0
    const { name, topic, kind, postingPolicy, slowModeSeconds, archivedAt, people, lastMessage } = createTestRoom({ id })
    return { ...{ id, name, topic, kind, postingPolicy, slowModeSeconds, archivedAt, people, lastMessage }, lastSeq, version: lastSeq }
  }
  const store: ListStore = {
    roomsOf: async (userIds) => {
      mayFail()
      const found = new Map(userIds.map((userId) => [userId, [...lastSeqs.keys()]]))
      await beforeReading()
      return found
    },
    summariesOf: async (rooms) => rooms.filter((id) => lastSeqs.has(id)).map(summaryOf),
    partsAmong: async (pairs) => {
      reads++
      const part = { role: 'member', readSeq, mentions: 0, notify: 'all', favorite: false, mutedUntil: null } as const
      await afterReadingParts()
      return pairs.map(({ room }) => (lastSeqs.has(room) ? { ...part, version: lastSeqs.get(room) ?? 0 } : null))
    },
  }
  const lists = createRoomListFeed({
    feeds: {
      watch: (room: string, watcher: FeedWatcher) => {
        const ofRoom = watchers.get(room) ?? new Set()
        watchers.set(room, ofRoom.add(watcher))
        return { stop: () => ofRoom.delete(watcher) }
      },
    },
    tail: {
      onChanges: (listener) => {
        onChanges = listener
        return () => {}
      },
    },
    personBus: {
      publish: () => {},
      subscribe: async (userId: string) => {
        topics.add(userId)
        return { unsubscribe: () => topics.delete(userId) }
      },
    },
    lists: store,
    rooms: {
      membersAmong: async (_, userIds) => {
        mayFail()
        return new Set(userIds)
      },
    },
    log: createLog({ logLevel: 'silent' }, 'test'),
  })
  return {
    lists,
    change: (changes: TailChanges | 'anything') => onChanges(changes),
    setFailures: (count: number) => {
      failures = count
    },
    /** Without any news. */
    setRoom: (room: string, seq: number | null) => {
      if (seq === null) lastSeqs.delete(room)
      else lastSeqs.set(room, seq)
    },
    watching: () => [...watchers.values()].reduce((sum, { size }) => sum + size, 0) + topics.size,
    setReadSeq: (seq: number) => {
      readSeq = seq
    },
    setReadingParts: (wait: () => Promise<void>) => {
      afterReadingParts = wait
    },
    /** How many statements have read own parts. */
    reads: () => reads,
    subscriptions: () => subscriptions,
    setReading: (wait: () => Promise<void>) => {
      beforeReading = wait
    },
    addMessage: (room: string, seq: number) => {
      lastSeqs.set(room, seq)
      for (const watcher of watchers.get(room) ?? [])
        watcher.onNews({ type: 'message', message: createTestMessage({ room, seq, version: seq }) })
    },
    open: (userId: string, stop = new AbortController()) => {
      const events: RoomListEvent[] = []
      const errors: unknown[] = []
      const openSubscription = () => {
        subscriptions++
        return () => void subscriptions--
      }
      const connection = { openSubscription, untilReadable: () => undefined }
      const reading = (async () => {
        for await (const event of await lists.follow({ id: userId, username: userId }, connection, stop.signal, null)) events.push(event)
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
    const shown = (event: RoomListEvent) => (event.type === 'list' ? event.rooms : event.type === 'room' ? [event.room] : [])
    await until(() => ben.events.flatMap(shown).at(-1)?.lastSeq === 2)
    expect(ben.events[0]).toMatchObject({ type: 'list', rooms: [{ id: 'general' }] })
    for (const person of [ada, ben]) person.stop()
    await test.lists.close()
  })

  it('tail of changes: shows a changed membership, and a restored room to everybody who is in it', async () => {
    const test = createTestFeed()
    const people = [test.open('ada'), test.open('ben')]
    const [ada, ben] = people
    await until(() => people.every(({ events }) => events.length === 1))
    test.setRoom('hall', 3)
    test.change({ rooms: new Map(), memberships: [{ room: 'hall', userId: 'ada' }] })
    await until(() => ada?.events.some((event) => event.type === 'room' && event.room.id === 'hall') === true)
    expect(ben?.events).toHaveLength(1)
    test.setFailures(1)
    test.change({ rooms: new Map(), memberships: [{ room: 'hall', userId: null }] })
    await until(() => ben?.events.some((event) => event.type === 'room' && event.room.id === 'hall') === true)
    for (const person of people) person.stop()
    await test.lists.close()
  })

  it('tail of changes: after a gap in it, every list is read again', async () => {
    const test = createTestFeed()
    const ada = test.open('ada')
    await until(() => ada.events.length === 1)
    test.setRoom('hall', 3)
    test.setRoom('general', null)
    test.setFailures(1)
    test.change('anything')
    await until(() => ada.events.length === 3)
    expect(ada.events).toEqual(
      expect.arrayContaining([
        { type: 'gone', room: 'general' },
        { type: 'room', room: expect.objectContaining({ id: 'hall' }) },
      ]),
    )
    ada.stop()
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

  it('end of a stream: one that was stopped before it began counts no more', async () => {
    const test = createTestFeed()
    const stopped = new AbortController()
    stopped.abort()
    void test.open('ada', stopped)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(test.subscriptions()).toBe(0)
    expect(test.watching()).toBe(0)
    await test.lists.close()
  })

  it('a slow read: does not take back what a later one has found', async () => {
    const test = createTestFeed()
    const devices = [test.open('ada')]
    await until(() => devices[0]?.events.length === 1)
    const readMark = { rooms: new Map(), memberships: [{ room: 'general', userId: 'ada' }] }
    let endSlow = () => {}
    const slow = new Promise<void>((resolve) => {
      endSlow = resolve
    })
    test.setReadingParts(() => slow)
    const before = test.reads()
    test.change(readMark)
    await until(() => test.reads() === before + 1)
    test.setReadingParts(async () => {})
    test.setReadSeq(1)
    test.change(readMark)
    devices.push(test.open('ada'))
    await until(() => devices[1]?.events.length === 1)
    endSlow()
    const readSeqOf = ({ events }: { events: RoomListEvent[] }) =>
      events.flatMap((event) => (event.type === 'list' ? event.rooms : event.type === 'room' ? [event.room] : [])).at(-1)?.readSeq
    // What was read slowly has been dealt with when this has come.
    test.addMessage('general', 2)
    await until(() => devices.every(({ events }) => JSON.stringify(events.at(-1)).includes('"lastSeq":2')))
    expect(devices.map(readSeqOf)).toEqual([1, 1])
    for (const device of devices) device.stop()
    await test.lists.close()
  })

  it('many devices of a person that open at once read their list once, and none that has left', async () => {
    const test = createTestFeed()
    let isHeld = true
    test.setReading(() => until(() => !isHeld))
    const leaving = Array.from({ length: 50 }, () => test.open('ben'))
    const devices = Array.from({ length: 50 }, () => test.open('ada'))
    await new Promise((resolve) => setTimeout(resolve, 10))
    for (const device of leaving) device.stop()
    isHeld = false
    await until(() => devices.every(({ events }) => events.length === 1))
    expect(test.reads()).toBe(1)
    for (const device of devices) device.stop()
    await test.lists.close()
    expect(test.watching()).toBe(0)
  })

  it('many subscriptions of a client that does not read: only one list waits for it', async () => {
    const test = createTestFeed()
    let written = 0
    let drained: { promise: Promise<void>; resolve(): void } | null = null
    const untilReadable = () => drained?.promise
    const writer = {
      head: '{"id":1',
      isReadable: () => drained === null,
      untilReadable,
      joinWrites: () => {},
      write: () => {
        written++
        let resolve = () => {}
        drained = { promise: new Promise<void>((done) => (resolve = done)), resolve: () => resolve() }
      },
      fail: (error: unknown) => expect(error).toBe(null),
    }
    const read = () => {
      const { resolve } = drained ?? { resolve: () => {} }
      drained = null
      resolve()
    }
    const stop = new AbortController()
    const connection = { openSubscription: () => () => {}, untilReadable }
    for (let count = 0; count < 20; count++) {
      void test.lists.follow({ id: 'ada', username: 'ada' }, connection, stop.signal, (subscription) => {
        subscription.start(writer)
        return (async function* () {})()
      })
    }
    for (let lists = 1; lists <= 20; lists++) {
      await until(() => written >= lists)
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(written).toBe(lists)
      read()
    }
    stop.abort()
    await test.lists.close()
  })
})
