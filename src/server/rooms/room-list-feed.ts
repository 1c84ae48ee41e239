import type { Room, RoomListEvent } from '../../contract/room'
import type { NewsBus, PersonNews } from '../bus/news-bus'
import type { CallerConnection } from '../caller'
import type { ChangeTail } from '../fanout/change-tail'
import type { RoomFeeds } from '../fanout/room-feeds'
import { untilAvailable } from '../platform/database'
import type { Log } from '../platform/log'
import type { NewestMessages, RoomListFeed } from './needs'
import { readRoomList, toRoom } from './room-list'
import type { RoomStore } from './room-store'

/** Changes of a room within this time become one event. */
const minPauseMs = 100
/** A pause is this many times as long as the reading before it, so that a busy node reads less often. */
const pauseFactor = 4
const maxPauseMs = 1_000
const pairsPerRead = 1_000
const peoplePerRead = 100

interface Subscriber {
  /** The events still to send, by room: the room as it is now, null for one that is gone. */
  pending: Map<string, Room | null>
  wake(): void
}

/** One person's list on this node, shared by all their devices here. */
interface PersonList {
  readonly userId: string
  readonly subscribers: Set<Subscriber>
  /** For each room in the list, the summary of what was sent last. */
  readonly lastSent: Map<string, string>
  unsubscribe(): void
}

interface RoomWatch {
  readonly lists: Set<PersonList>
  stop(): void
}

interface Pair {
  list: PersonList
  userId: string
  room: string
}

interface RoomListFeedParts {
  feeds: Pick<RoomFeeds, 'watch'>
  tail: Pick<ChangeTail, 'onChanges'>
  personBus: NewsBus<PersonNews>
  rooms: RoomStore
  messages: NewestMessages
  log: Log
}

export function createRoomListFeed({
  feeds,
  tail,
  personBus,
  rooms,
  messages,
  log,
}: RoomListFeedParts): RoomListFeed & { close(): Promise<void> } {
  const opening = new Map<string, Promise<PersonList>>()
  const lists = new Map<string, PersonList>()
  const watches = new Map<string, RoomWatch>()
  /** Rooms in which anything may have changed for anybody. */
  const dirtyRooms = new Set<string>()
  /** By room, the lists for which something in it has changed. */
  const dirtyLists = new Map<string, Set<PersonList>>()
  /** Rooms that may be in lists that do not watch them. */
  const unwatchedRooms = new Set<string>()
  /** Lists in which anything may have changed. */
  const uncheckedLists = new Set<PersonList>()
  let flushing: Promise<void> | null = null
  let flushTimer: NodeJS.Timeout | null = null
  let isClosed = false

  function markRoom(room: string) {
    dirtyRooms.add(room)
    scheduleFlush(minPauseMs)
  }

  function markPair(list: PersonList, room: string) {
    dirtyLists.set(room, (dirtyLists.get(room) ?? new Set()).add(list))
    scheduleFlush(minPauseMs)
  }

  function markMember(userId: string, room: string) {
    const list = lists.get(userId)
    if (list) markPair(list, room)
  }

  function scheduleFlush(ms: number) {
    if (flushTimer || flushing || isClosed) return
    flushTimer = setTimeout(() => {
      flushTimer = null
      const startedAt = performance.now()
      let pauseMs = maxPauseMs
      flushing = flush()
        .then(() => {
          pauseMs = Math.min(Math.max(minPauseMs, (performance.now() - startedAt) * pauseFactor), maxPauseMs)
        })
        .catch((error: Error) => log.warn({ error: error.message }, 'room lists could not be read and will be retried'))
        .finally(() => {
          flushing = null
          if (dirtyRooms.size + dirtyLists.size + unwatchedRooms.size + uncheckedLists.size > 0) scheduleFlush(pauseMs)
        })
    }, ms)
  }

  async function markByMembership() {
    for (const room of unwatchedRooms) {
      unwatchedRooms.delete(room)
      try {
        for (const userId of await rooms.membersAmong(room, [...lists.keys()])) markMember(userId, room)
      } catch (error) {
        unwatchedRooms.add(room)
        throw error
      }
    }
    while (uncheckedLists.size > 0) {
      const some = [...uncheckedLists].slice(0, peoplePerRead)
      for (const list of some) uncheckedLists.delete(list)
      try {
        for (const { userId, room } of await rooms.roomsOf(some.map(({ userId }) => userId))) markMember(userId, room)
        for (const list of some) for (const room of list.lastSent.keys()) markPair(list, room)
      } catch (error) {
        for (const list of some) uncheckedLists.add(list)
        throw error
      }
    }
  }

  async function flush() {
    await markByMembership()
    const pairs: Pair[] = []
    // Of a room that has changed for everybody, some lists may be marked that do not have it yet, or no longer have it.
    for (const room of dirtyRooms) dirtyLists.set(room, new Set([...(watches.get(room)?.lists ?? []), ...(dirtyLists.get(room) ?? [])]))
    for (const [room, marked] of dirtyLists)
      for (const list of marked) if (list.subscribers.size > 0) pairs.push({ list, userId: list.userId, room })
    // Cleared before reading, so that what is marked meanwhile is read again.
    dirtyRooms.clear()
    dirtyLists.clear()
    let failed: { error: unknown } | null = null
    for (let from = 0; from < pairs.length; from += pairsPerRead) {
      const batch = pairs.slice(from, from + pairsPerRead)
      try {
        await sendPairs(batch)
      } catch (error) {
        // The other batches need not wait for this one.
        failed = { error }
        for (const { list, room } of batch) dirtyLists.set(room, (dirtyLists.get(room) ?? new Set()).add(list))
      }
    }
    if (failed) throw failed.error
  }

  async function sendPairs(pairs: Pair[]) {
    // The messages first, as in `readRoomList`.
    const newest = await messages.newestOf([...new Set(pairs.map(({ room }) => room))])
    const found = await rooms.listedAmong(pairs)
    const byPair = new Map(found.map((room) => [`${room.userId} ${room.id}`, room]))
    for (const { list, userId, room } of pairs) {
      const listed = byPair.get(`${userId} ${room}`)
      if (listed) sendRoom(list, toRoom(listed, newest.get(room)))
      else sendGone(list, room)
    }
  }

  function sendRoom(list: PersonList, room: Room) {
    if (!isOpen(list)) return
    watch(list, room.id)
    const summary = summaryOf(room)
    if (list.lastSent.get(room.id) === summary) return
    list.lastSent.set(room.id, summary)
    enqueue(list, room.id, room)
  }

  function sendGone(list: PersonList, room: string) {
    unwatch(list, room)
    if (list.lastSent.delete(room)) enqueue(list, room, null)
  }

  function enqueue(list: PersonList, id: string, room: Room | null) {
    for (const subscriber of list.subscribers) {
      // Deleted first, so that the latest change is last in the map's order.
      subscriber.pending.delete(id)
      subscriber.pending.set(id, room)
      subscriber.wake()
    }
  }

  const isOpen = (list: PersonList) => lists.get(list.userId) === list && list.subscribers.size > 0

  function watch(list: PersonList, room: string) {
    // A list that was closed while its rooms were read would never be unwatched.
    if (!isOpen(list)) return
    const known = watches.get(room)
    if (known) {
      known.lists.add(list)
      return
    }
    const entry: RoomWatch = { lists: new Set([list]), stop: () => {} }
    watches.set(room, entry)
    entry.stop = feeds.watch(room, (news) => {
      if (news === 'anything' || news.type === 'message' || news.type === 'room') markRoom(room)
      else if (news.type === 'membership') markMember(news.userId, room)
    })
  }

  function unwatch(list: PersonList, room: string) {
    const entry = watches.get(room)
    if (!entry?.lists.delete(list) || entry.lists.size > 0) return
    watches.delete(room)
    entry.stop()
  }

  async function open(userId: string): Promise<PersonList> {
    const list: PersonList = { userId, subscribers: new Set(), lastSent: new Map(), unsubscribe: () => {} }
    // Subscribes before the list is read: what happened between the two would be missed otherwise.
    const { unsubscribe } = await personBus.subscribe(userId, ({ room }) => markPair(list, room))
    list.unsubscribe = unsubscribe
    lists.set(userId, list)
    return list
  }

  function closeUnused(list: PersonList) {
    if (list.subscribers.size > 0 || lists.get(list.userId) !== list) return
    lists.delete(list.userId)
    opening.delete(list.userId)
    uncheckedLists.delete(list)
    list.unsubscribe()
    for (const room of [...list.lastSent.keys()]) unwatch(list, room)
  }

  async function* read(
    list: PersonList,
    subscriber: Subscriber,
    connection: Pick<CallerConnection, 'untilReadable'>,
    signal: AbortSignal,
  ): AsyncGenerator<RoomListEvent> {
    let wake = () => {}
    subscriber.wake = () => wake()
    signal.addEventListener('abort', subscriber.wake, { once: true })
    // A client does not come back to a stream that failed, so while Postgres is away it waits instead.
    let first: Room[] | null = await untilAvailable(
      () => signal.aborted,
      () => readRoomList({ rooms, messages }, list.userId),
    )
    if (!isOpen(list)) return
    for (const room of first) {
      // Another list may have been sent what happened since this one was read; this list was not watching yet.
      if (watches.has(room.id)) markPair(list, room.id)
      watch(list, room.id)
      if (!list.lastSent.has(room.id)) list.lastSent.set(room.id, summaryOf(room))
    }
    while (!signal.aborted) {
      await connection.untilReadable()
      if (first) {
        yield { type: 'list', rooms: first }
        first = null
      }
      const [next] = subscriber.pending
      if (next) {
        const [id, room] = next
        subscriber.pending.delete(id)
        yield room ? { type: 'room', room } : { type: 'gone', room: id }
      } else if (!signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }

  const stopTail = tail.onChanges((changes) => {
    if (changes === 'anything') for (const list of lists.values()) uncheckedLists.add(list)
    else
      for (const { room, userId } of changes.memberships) {
        if (userId !== null) markMember(userId, room)
        else if (lists.size > 0) unwatchedRooms.add(room)
      }
    if (unwatchedRooms.size + uncheckedLists.size > 0) scheduleFlush(minPauseMs)
  })

  return {
    follow: async (userId, connection, signal) => {
      const endSubscription = connection.openSubscription()
      const subscriber: Subscriber = { pending: new Map(), wake: () => {} }
      let list: PersonList | null = null
      const stop = () => {
        endSubscription()
        if (list?.subscribers.delete(subscriber)) closeUnused(list)
      }
      signal.addEventListener('abort', stop, { once: true })
      try {
        // A list that was closed while this waited for it gets no news any more: open another one.
        do {
          const opened = opening.get(userId) ?? open(userId)
          opening.set(userId, opened)
          opened.catch(() => opening.get(userId) === opened && opening.delete(userId))
          list = await opened
        } while (lists.get(userId) !== list)
        list.subscribers.add(subscriber)
        if (signal.aborted) stop()
        return withEnd(read(list, subscriber, connection, signal), stop)
      } catch (error) {
        stop()
        throw error
      }
    },
    close: async () => {
      isClosed = true
      stopTail()
      if (flushTimer) clearTimeout(flushTimer)
      await flushing
    },
  }
}

async function* withEnd<Value>(stream: AsyncIterable<Value>, onEnd: () => void): AsyncGenerator<Value> {
  try {
    yield* stream
  } finally {
    onEnd()
  }
}

/** Rooms with the same summary look the same in a list. A quote changes without a new version of the message that has it. */
const summaryOf = ({ lastMessage, ...room }: Room) =>
  JSON.stringify([room, lastMessage?.version, lastMessage?.seq, lastMessage?.replyTo?.text])
