import { compareRooms } from '../../contract/rules'
import type { NewsBus, NewsSubscription, PersonNews } from '../bus/news-bus'
import type { ChangeTail } from '../fanout/change-tail'
import type { RoomFeeds } from '../fanout/room-feeds'
import { createGate, type Gate, untilNextTurn } from '../platform/background'
import { untilAvailable } from '../platform/database'
import type { Log } from '../platform/log'
import { createListOpenings } from './list-openings'
import type { ListStore, RoomSummary } from './list-store'
import { ListSubscription } from './list-subscription'
import type { RoomListFeed } from './needs'
import type { RoomStore } from './room-store'
import { type ListOwner, WatchedRoom } from './watched-room'

/** Changes of a room within this time become one event. */
const minPauseMs = 100
/** A pause is this many times as long as the work before it, so that a busy node sends less often. */
const pauseFactor = 4
const maxPauseMs = 1_000
const pairsPerRead = 500
const roomsPerRead = 500
const peoplePerRead = 100
/** How many rooms keep their JSON for the next list at most. */
const maxEncoded = 500
/** How much is done before other work of the node gets its turn. */
const listsPerTurn = 200
const entriesPerTurn = 250
/** A new name of a message's author is no change of the room: a list that is opened shows it after this time at the latest. */
const maxSummaryAgeMs = 60_000

/** One person's list on this node, shared by all their devices here. */
interface PersonList extends ListOwner {
  readonly subscribers: Set<ListSubscription>
  readonly rooms: Set<WatchedRoom<PersonList>>
  /** Rooms whose own part has to be read again. */
  readonly unsure: Set<string>
  /** Rooms whose own part is being read, each with the number of the latest reading. */
  readonly reading: Map<string, number>
  /** A list is encoded for one device after the other: one that stalls takes no second one into memory. */
  readonly turns: Gate
  /** Resolves when all of it has been read; null while nobody waits for that. */
  loading: Promise<void> | null
  subscription: NewsSubscription | null
}

interface ListedPair {
  list: PersonList
  room: string
}

interface RoomListFeedParts {
  feeds: Pick<RoomFeeds, 'watch'>
  tail: Pick<ChangeTail, 'onChanges'>
  personBus: NewsBus<PersonNews>
  lists: ListStore
  rooms: Pick<RoomStore, 'membersAmong'>
  log: Log
}

export function createRoomListFeed({
  feeds,
  tail,
  personBus,
  lists: store,
  rooms,
  log,
}: RoomListFeedParts): RoomListFeed & { close(): Promise<void> } {
  const opening = new Map<string, Promise<PersonList>>()
  const lists = new Map<string, PersonList>()
  const listsByName = new Map<string, PersonList>()
  const watched = new Map<string, WatchedRoom<PersonList>>()
  /** Rooms that are being read for the first time. */
  const loading = new Map<string, Promise<void>>()
  const unsureRooms = new Set<WatchedRoom<PersonList>>()
  /** Lists with rooms in `unsure`. */
  const unsureLists = new Set<PersonList>()
  /** Rooms that may be in lists that do not watch them. */
  const unwatchedRooms = new Set<string>()
  /** Lists in which anything may have changed. */
  const uncheckedLists = new Set<PersonList>()
  /** What has to be sent: rooms that have changed for everybody, and for whom a room has changed. */
  const changedRooms = new Set<WatchedRoom<PersonList>>()
  let changedParts = new Map<PersonList, Set<string>>()
  /** Rooms that keep their JSON, because it may be needed for the next list too. */
  const encoded: WatchedRoom<PersonList>[] = []
  let readings = 0
  let flushing: Promise<void> | null = null
  let flushTimer: NodeJS.Timeout | null = null
  let isClosed = false

  const watcher = {
    onChanged: (room: WatchedRoom<PersonList>) => {
      changedRooms.add(room)
      scheduleFlush(minPauseMs)
    },
    onUnsure: (room: WatchedRoom<PersonList>) => {
      unsureRooms.add(room)
      scheduleFlush(minPauseMs)
    },
    onPartUnsure: (room: WatchedRoom<PersonList>, list: PersonList) => markPair(list, room.id),
    onEncoded: (room: WatchedRoom<PersonList>) => {
      if (encoded.push(room) >= maxEncoded) for (const each of encoded.splice(0)) each.forgetEncoded()
    },
    findOwner: (userId: string) => lists.get(userId),
    findByName: (username: string) => listsByName.get(username),
  }

  function markPair(list: PersonList, room: string) {
    list.unsure.add(room)
    unsureLists.add(list)
    scheduleFlush(minPauseMs)
  }

  function markMember(userId: string, room: string) {
    const list = lists.get(userId)
    if (list) markPair(list, room)
  }

  function noteChanged(list: PersonList, room: string) {
    // While nobody has the list yet, it is in the list that they will get.
    if (!isListening(list)) return
    changedParts.set(list, (changedParts.get(list) ?? new Set()).add(room))
    scheduleFlush(minPauseMs)
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
          const sets = [unsureRooms, unsureLists, unwatchedRooms, uncheckedLists, changedRooms, changedParts]
          if (sets.some(({ size }) => size > 0)) scheduleFlush(pauseMs)
        })
    }, ms)
  }

  async function flush() {
    try {
      await markByMembership()
      // The rooms first: somebody whose membership is read after that may see the room as it was read.
      await readUnsureRooms()
      await readUnsureParts()
    } finally {
      // What is known for certain does not wait for what cannot be read.
      await sendChanged()
    }
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
        const found = await store.roomsOf(some.map(({ userId }) => userId))
        for (const [userId, ids] of found) for (const id of ids) markMember(userId, id)
        for (const list of some) for (const { id } of list.rooms) markPair(list, id)
      } catch (error) {
        for (const list of some) uncheckedLists.add(list)
        throw error
      }
    }
  }

  async function readUnsureRooms() {
    const unsure = [...unsureRooms]
    unsureRooms.clear()
    await inBatches(unsure, roomsPerRead, async (batch) => {
      try {
        const found = new Map((await store.summariesOf(batch.map(({ id }) => id))).map((summary) => [summary.id, summary]))
        for (const room of batch) {
          const summary = found.get(room.id)
          if (summary) room.adopt(summary)
          else for (const list of room.members.keys()) markPair(list, room.id)
        }
      } catch (error) {
        for (const room of batch) if (watched.get(room.id) === room) unsureRooms.add(room)
        throw error
      }
    })
  }

  async function readUnsureParts() {
    const pairs: ListedPair[] = []
    for (const list of unsureLists) {
      // What is being read for another reason waits for the next time.
      for (const room of list.unsure) if (!list.reading.has(room)) pairs.push({ list, room })
    }
    await inBatches(pairs, pairsPerRead, readPairs)
  }

  /** Reads these own parts, and the rooms that are new here. Those that could not be read are unsure again. */
  async function readPairs(batch: readonly ListedPair[]) {
    const pairs = batch.map(({ list, room }) => ({ list, userId: list.userId, room }))
    const reading = ++readings
    for (const { list, room } of pairs) {
      list.reading.set(room, reading)
      list.unsure.delete(room)
      if (list.unsure.size === 0) unsureLists.delete(list)
    }
    let endReadings: (() => void)[] = []
    const ids = new Set(pairs.map(({ room }) => room))
    try {
      await loadRooms(ids)
      const known = new Map([...ids].flatMap((id) => watched.get(id) ?? []).map((room) => [room.id, room]))
      endReadings = [...known.values()].map((room) => room.beginReading())
      const parts = await store.partsAmong(pairs)
      for (const [index, { list, room: id }] of pairs.entries()) {
        // Read marks have no version: what was read later must not be replaced.
        if (list.reading.get(id) !== reading) continue
        list.reading.delete(id)
        const part = parts[index]
        const room = known.get(id)
        if (!isOpen(list)) continue
        if (!part) leave(list, id)
        else if (!room) markPair(list, id)
        else {
          list.rooms.add(room)
          if (room.setPart(list, part)) noteChanged(list, id)
        }
      }
    } catch (error) {
      for (const { list, room } of pairs) {
        if (list.reading.get(room) === reading) list.reading.delete(room)
        if (isOpen(list)) markPair(list, room)
      }
      throw error
    } finally {
      for (const end of endReadings) end()
      for (const id of ids) forgetUnused(id)
    }
  }

  /** Reads the rooms that are not known on this node, and starts to watch them. */
  async function loadRooms(ids: Iterable<string>) {
    const missing = [...ids].filter((id) => !watched.has(id) && !loading.has(id))
    if (missing.length > 0) {
      const reading = store.summariesOf(missing).then((found) => {
        for (const summary of found) watch(summary)
      })
      for (const id of missing) loading.set(id, reading)
      const end = () => {
        for (const id of missing) loading.delete(id)
      }
      reading.then(end, end)
    }
    // All of them, also when one fails: what the others find is forgotten afterwards, if nobody needs it.
    const readings = await Promise.allSettled(new Set([...ids].flatMap((id) => loading.get(id) ?? [])))
    for (const reading of readings) if (reading.status === 'rejected') throw reading.reason
  }

  function watch(summary: RoomSummary) {
    const room = new WatchedRoom<PersonList>(summary, watcher)
    watched.set(room.id, room)
    room.watch = feeds.watch(room.id, room, summary.version)
  }

  function forgetUnused(id: string) {
    const room = watched.get(id)
    if (!room?.isUnused()) return
    watched.delete(id)
    unsureRooms.delete(room)
    changedRooms.delete(room)
    room.watch?.stop()
  }

  function leave(list: PersonList, id: string) {
    const room = watched.get(id)
    if (!room?.members.delete(list)) return
    list.rooms.delete(room)
    noteChanged(list, id)
    forgetUnused(id)
  }

  async function sendChanged() {
    const everywhere = [...changedRooms]
    const changed = changedParts
    changedRooms.clear()
    changedParts = new Map()
    for (const room of everywhere) {
      for (const list of room.members.keys()) {
        // What has to be read again is sent after that, the next time.
        if (list.unsure.has(room.id) || list.reading.has(room.id)) noteChanged(list, room.id)
        else changed.set(list, (changed.get(list) ?? new Set()).add(room.id))
      }
    }
    let sent = 0
    for (const [list, ids] of changed) {
      for (const subscriber of list.subscribers) subscriber.onRooms(ids)
      if (++sent % listsPerTurn === 0) await untilNextTurn()
    }
  }

  const isListening = ({ subscribers }: PersonList) => [...subscribers].some((subscriber) => subscriber.isListening())
  const isOpen = (list: PersonList) => lists.get(list.userId) === list && list.subscribers.size > 0

  async function open({ id: userId, username }: { id: string; username: string }): Promise<PersonList> {
    const list: PersonList = {
      ...{
        userId,
        username,
        subscribers: new Set(),
        rooms: new Set(),
        unsure: new Set(),
        reading: new Map(),
        loading: null,
        turns: createGate(1),
      },
      subscription: null,
    }
    // Subscribes before the list is read: what happened between the two would be missed otherwise.
    list.subscription = await personBus.subscribe(userId, { onNews: ({ room }) => markPair(list, room) })
    lists.set(userId, list)
    listsByName.set(username, list)
    return list
  }

  function closeUnused(list: PersonList) {
    if (list.subscribers.size > 0 || lists.get(list.userId) !== list) return
    lists.delete(list.userId)
    listsByName.delete(list.username)
    opening.delete(list.userId)
    unsureLists.delete(list)
    uncheckedLists.delete(list)
    changedParts.delete(list)
    list.subscription?.unsubscribe()
    for (const room of list.rooms) {
      room.members.delete(list)
      forgetUnused(room.id)
    }
  }

  const readList = createListOpenings<PersonList>({
    isWanted: isOpen,
    roomsOf: store.roomsOf,
    readPairs,
    onRooms: (list, ids) => {
      const found = new Set(ids)
      for (const room of list.rooms) {
        // It may be gone, or have come a moment ago.
        if (!found.has(room.id)) markPair(list, room.id)
        else if (room.isDirect || performance.now() - room.readAt > maxSummaryAgeMs) watcher.onUnsure(room)
      }
    },
  })

  /** Devices that open the list at the same time wait for the same reading. */
  function load(list: PersonList): Promise<void> {
    list.loading ??= readList(list).finally(() => {
      list.loading = null
    })
    return list.loading
  }

  /** The rooms with what is known of them, the one with the newest message first. What cannot be shown yet follows as an event. */
  async function encodeList(list: PersonList): Promise<string> {
    const sorted = [...list.rooms].map((room) => ({ room, ...room.sortKeyFor(list) })).sort(compareRooms)
    const entries: string[] = []
    for (const [index, { room }] of sorted.entries()) {
      if (index % entriesPerTurn === entriesPerTurn - 1) await untilNextTurn()
      const entry = room.encodeFor(list)
      if (entry) entries.push(entry)
    }
    return `{"type":"list","rooms":[${entries.join(',')}]}`
  }

  function encodeRoom(list: PersonList, id: string): string | null {
    const room = watched.get(id)
    if (!room?.members.has(list)) return `{"type":"gone","room":${JSON.stringify(id)}}`
    const entry = room.encodeFor(list)
    return entry && `{"type":"room","room":${entry}}`
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
    follow: async (user, connection, signal, deliverDirectly) => {
      const endSubscription = connection.openSubscription()
      let list: PersonList | null = null
      const subscription = new ListSubscription({
        // A client does not come back to a stream that failed, so while Postgres is away it waits instead.
        load: () =>
          untilAvailable(
            () => signal.aborted,
            () => (list && isOpen(list) ? load(list) : Promise.resolve()),
          ),
        takeTurn: (work) => (list ? list.turns.run(work) : work()),
        encodeList: () => (list ? encodeList(list) : Promise.resolve('')),
        encodeRoom: (room) => list && encodeRoom(list, room),
        onEnd: () => {
          endSubscription()
          if (list?.subscribers.delete(subscription)) closeUnused(list)
        },
      })
      const stop = () => subscription.close()
      signal.addEventListener('abort', stop, { once: true })
      try {
        // A list that was closed while this waited for it gets no news any more: open another one.
        do {
          const opened = opening.get(user.id) ?? open(user)
          opening.set(user.id, opened)
          opened.catch(() => opening.get(user.id) === opened && opening.delete(user.id))
          list = await opened
        } while (lists.get(user.id) !== list)
        list.subscribers.add(subscription)
        // It may have been stopped before there was anything to stop.
        if (signal.aborted) {
          list.subscribers.delete(subscription)
          closeUnused(list)
          stop()
        }
        return deliverDirectly ? deliverDirectly(subscription) : subscription.stream(() => connection.untilReadable())
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

/** Works off all batches, those after a failed one too. @throws the last error */
async function inBatches<Value>(values: readonly Value[], size: number, work: (batch: readonly Value[]) => Promise<void>): Promise<void> {
  let failed: { error: unknown } | null = null
  for (let from = 0; from < values.length; from += size) {
    await work(values.slice(from, from + size)).catch((error: unknown) => {
      failed = { error }
    })
  }
  if (failed) throw (failed as { error: unknown }).error
}
