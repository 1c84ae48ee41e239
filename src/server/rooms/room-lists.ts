import type { Room, RoomListEvent } from '../../contract/room'
import type { NewsBus, PersonNews } from '../bus/news-bus'
import type { CallerConnection } from '../caller'
import type { RoomFeeds } from '../fanout/room-feeds'
import { startEvery } from '../platform/background'
import { untilAvailable } from '../platform/database'
import type { Log } from '../platform/log'
import type { NewestMessages, RoomLists } from './needs'
import type { RoomStore } from './room-store'
import { readRoomList, toRoom } from './rooms'

/** What happens in a room within this comes together. */
const pauseMs = 100
/** A pause is so many times as long as reading took: a busy node reads less often. */
const restFactor = 4
const longestPauseMs = 1_000
/** How often memberships that changed are looked for, so that news that Redis lost are no later than this. */
const tailMs = 1_000
/** A row is stamped when it is written and seen when it is committed: what was stamped so long ago is looked at again. */
const overlapMs = 10_000
const pairsAtOnce = 1_000

interface Reader {
  /** By room, as it is now; null for one that is gone. */
  pending: Map<string, Room | null>
  wake(): void
}

/** One person's list on this node, shared by all their devices here. */
interface PersonList {
  readonly userId: string
  readonly readers: Set<Reader>
  /** What was told last of each room in the list. */
  readonly told: Map<string, string>
  unsubscribe(): void
}

interface WatchedRoom {
  readonly people: Set<PersonList>
  unwatch(): void
}

interface RoomListParts {
  feeds: Pick<RoomFeeds, 'watch'>
  personBus: NewsBus<PersonNews>
  rooms: RoomStore
  messages: NewestMessages
  log: Log
}

export function createRoomLists({ feeds, personBus, rooms, messages, log }: RoomListParts): RoomLists & { close(): Promise<void> } {
  const people = new Map<string, Promise<PersonList>>()
  const lists = new Map<string, PersonList>()
  const watched = new Map<string, WatchedRoom>()
  /** Rooms of which anything may have changed for anybody. */
  const dirtyRooms = new Set<string>()
  /** Rooms of which something has changed for some. */
  const dirtyPairs = new Map<string, Set<PersonList>>()
  let flushing: Promise<void> | null = null
  let flushTimer: NodeJS.Timeout | null = null
  let isClosed = false

  function markRoom(room: string) {
    dirtyRooms.add(room)
    scheduleFlush(pauseMs)
  }

  function markPair(list: PersonList, room: string) {
    dirtyPairs.set(room, (dirtyPairs.get(room) ?? new Set()).add(list))
    scheduleFlush(pauseMs)
  }

  function scheduleFlush(ms: number) {
    if (flushTimer || flushing || isClosed) return
    flushTimer = setTimeout(() => {
      flushTimer = null
      const startedAt = performance.now()
      let restMs = longestPauseMs
      flushing = flush()
        .then(() => {
          restMs = Math.min(Math.max(pauseMs, (performance.now() - startedAt) * restFactor), longestPauseMs)
        })
        .catch((error: Error) => log.warn({ error: error.message }, 'room lists could not be read; it is tried again'))
        .finally(() => {
          flushing = null
          if (dirtyRooms.size > 0 || dirtyPairs.size > 0) scheduleFlush(restMs)
        })
    }, ms)
  }

  async function flush() {
    const pairs: { list: PersonList; userId: string; room: string }[] = []
    const add = (room: string, of: Iterable<PersonList>) => {
      for (const list of of) if (list.readers.size > 0) pairs.push({ list, userId: list.userId, room })
    }
    // Of a room that has changed for all, some may be marked who have not got it in their list yet, or no longer.
    for (const room of dirtyRooms) dirtyPairs.set(room, new Set([...(watched.get(room)?.people ?? []), ...(dirtyPairs.get(room) ?? [])]))
    for (const [room, of] of dirtyPairs) add(room, of)
    // What is marked while this reads is read again.
    dirtyRooms.clear()
    dirtyPairs.clear()
    let failed: { error: unknown } | null = null
    for (let from = 0; from < pairs.length; from += pairsAtOnce) {
      const some = pairs.slice(from, from + pairsAtOnce)
      try {
        await tellPairs(some)
      } catch (error) {
        // The others need not wait for these.
        failed = { error }
        for (const { list, room } of some) dirtyPairs.set(room, (dirtyPairs.get(room) ?? new Set()).add(list))
      }
    }
    if (failed) throw failed.error
  }

  async function tellPairs(pairs: { list: PersonList; userId: string; room: string }[]) {
    // The messages first: what was written after somebody was removed is then in none of the rooms that are still theirs.
    const newest = await messages.newestOf([...new Set(pairs.map(({ room }) => room))])
    const found = await rooms.listedAmong(pairs)
    const byPair = new Map(found.map((room) => [`${room.userId} ${room.id}`, room]))
    for (const { list, userId, room } of pairs) {
      const listed = byPair.get(`${userId} ${room}`)
      if (listed) tellRoom(list, toRoom(listed, newest.get(room)))
      else tellGone(list, room)
    }
  }

  function tellRoom(list: PersonList, room: Room) {
    if (!isOpen(list)) return
    watch(list, room.id)
    const known = summaryOf(room)
    if (list.told.get(room.id) === known) return
    list.told.set(room.id, known)
    put(list, room.id, room)
  }

  function tellGone(list: PersonList, room: string) {
    unwatch(list, room)
    if (list.told.delete(room)) put(list, room, null)
  }

  function put(list: PersonList, id: string, room: Room | null) {
    for (const reader of list.readers) {
      // The latest change comes last, whatever was pending of the room before.
      reader.pending.delete(id)
      reader.pending.set(id, room)
      reader.wake()
    }
  }

  const isOpen = (list: PersonList) => lists.get(list.userId) === list && list.readers.size > 0

  function watch(list: PersonList, room: string) {
    // It was closed while its rooms were read: nobody would end what begins here.
    if (!isOpen(list)) return
    const known = watched.get(room)
    if (known) {
      known.people.add(list)
      return
    }
    const entry: WatchedRoom = { people: new Set([list]), unwatch: () => {} }
    watched.set(room, entry)
    entry.unwatch = feeds.watch(room, (news) => {
      if (news === 'anything' || news.type === 'message' || news.type === 'room') markRoom(room)
      else if (news.type === 'membership') {
        const member = lists.get(news.userId)
        if (member) markPair(member, room)
      }
    })
  }

  function unwatch(list: PersonList, room: string) {
    const entry = watched.get(room)
    if (!entry?.people.delete(list) || entry.people.size > 0) return
    watched.delete(room)
    entry.unwatch()
  }

  async function open(userId: string): Promise<PersonList> {
    const list: PersonList = { userId, readers: new Set(), told: new Map(), unsubscribe: () => {} }
    // Subscribe before reading: what happens between the two would be missed otherwise.
    const { unsubscribe } = await personBus.subscribe(userId, ({ room }) => markPair(list, room))
    list.unsubscribe = unsubscribe
    lists.set(userId, list)
    return list
  }

  function close(list: PersonList) {
    if (list.readers.size > 0 || lists.get(list.userId) !== list) return
    lists.delete(list.userId)
    people.delete(list.userId)
    list.unsubscribe()
    for (const room of [...list.told.keys()]) unwatch(list, room)
  }

  async function* read(list: PersonList, reader: Reader, connection: Pick<CallerConnection, 'untilReadable'>, signal: AbortSignal) {
    let wake = () => {}
    reader.wake = () => wake()
    signal.addEventListener('abort', reader.wake, { once: true })
    // A client ends a stream that fails: while Postgres is away it waits instead.
    let first: Room[] | null = await untilAvailable(
      () => signal.aborted,
      () => readRoomList({ rooms, messages }, list.userId),
    )
    if (!isOpen(list)) return
    for (const room of first) {
      // What happened since it was read was told to those who watched, and this one did not yet.
      if (watched.has(room.id)) markPair(list, room.id)
      watch(list, room.id)
      if (!list.told.has(room.id)) list.told.set(room.id, summaryOf(room))
    }
    while (!signal.aborted) {
      await connection.untilReadable()
      if (first) {
        yield { type: 'list', rooms: first } satisfies RoomListEvent
        first = null
      }
      const [next] = reader.pending
      if (next) {
        const [id, room] = next
        reader.pending.delete(id)
        yield (room ? { type: 'room', room } : { type: 'gone', room: id }) satisfies RoomListEvent
      } else if (!signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }

  let since: Date | null = null
  let seen = new Map<string, number>()
  async function tail() {
    if (lists.size === 0) {
      since = null
      return
    }
    const { now, changes } = await rooms.changedSince(since, overlapMs)
    since = now
    const before = seen
    seen = new Map()
    for (const { userId, room, at } of changes) {
      const list = lists.get(userId)
      if (!list) continue
      const key = `${userId} ${room}`
      seen.set(key, at.getTime())
      if (before.get(key) !== at.getTime()) markPair(list, room)
    }
  }
  const tailing = startEvery(tail, { everyMs: tailMs, name: 'read changed memberships', log })

  return {
    follow: async (userId, connection, signal) => {
      const ended = connection.openSubscription()
      const reader: Reader = { pending: new Map(), wake: () => {} }
      let list: PersonList | null = null
      const stop = () => {
        ended()
        if (list?.readers.delete(reader)) close(list)
      }
      signal.addEventListener('abort', stop, { once: true })
      try {
        // A list that was closed while it was waited for is followed by nobody: another one is opened.
        do {
          const opening = people.get(userId) ?? open(userId)
          people.set(userId, opening)
          opening.catch(() => people.get(userId) === opening && people.delete(userId))
          list = await opening
        } while (lists.get(userId) !== list)
        list.readers.add(reader)
        if (signal.aborted) stop()
        return untilEnd(read(list, reader, connection, signal), stop)
      } catch (error) {
        stop()
        throw error
      }
    },
    close: async () => {
      isClosed = true
      if (flushTimer) clearTimeout(flushTimer)
      await Promise.all([flushing, tailing.close()])
    },
  }
}

async function* untilEnd<Value>(stream: AsyncIterable<Value>, stop: () => void): AsyncGenerator<Value> {
  try {
    yield* stream
  } finally {
    stop()
  }
}

/** Two rooms with the same one look the same in a list. */
const summaryOf = ({ lastMessage, ...room }: Room) => JSON.stringify([room, lastMessage?.version, lastMessage?.seq])
