import type { NewsBus, RoomNews } from '../bus/news-bus'
import { startEvery, untilNextTurn } from '../platform/background'
import type { Log } from '../platform/log'
import { joinLookUps } from '../platform/look-ups'
import type { ChangeTail } from './change-tail'
import { Follower, type LiveNews } from './live-news'
import { type ChangeReader, type FeedParts, FeedWatch, type FeedWatcher, graceMs, RoomFeed } from './room-feed'

export interface RoomFeeds {
  /**
   * Resolves when every change after `version` will be delivered, each once and in order. All followers of a room on this
   * node share one feed.
   */
  follow(room: string, userId: string): Promise<{ version: number; live: LiveNews }>
  /**
   * Tells the watcher soon after something happens in a room, with `'anything'` when news was lost, and once when the watch has
   * begun, because something may have happened before. Messages wait while it runs, so it must do next to nothing. Many rooms
   * that are watched in one turn of the event loop are opened together.
   * @param since the version at which the caller has read the room: a watch then begins silently if nothing has happened since
   */
  watch(room: string, watcher: FeedWatcher, since?: number): Pick<FeedWatch, 'stop'>
  /** How many rooms and followers this node serves. */
  count(): { rooms: number; followers: number }
  close(): Promise<void>
}

/** How often a part of the followed rooms has its version counters read. */
const sweepMs = 1_000
/** Each room's counter is read after this many sweeps, whatever the tail of changes said. */
const sweepsPerRound = 60
const roomsPerRead = 5_000
/** How many feeds are opened together, before other work gets a turn. */
const feedsPerOpening = 500
/** More at once would not be quicker. */
const maxRunningOpenings = 4

interface Parts {
  bus: NewsBus<RoomNews>
  reader: ChangeReader
  tail: Pick<ChangeTail, 'onChanges'>
  log: Log
  /** Called with the number of changes that had to be read. */
  onRead?: (count: number) => void
}

/** Feeds that are opened together. They share a promise: very many may be waiting, and whatever each has is memory. */
interface Opening {
  feeds: RoomFeed[]
  done: Promise<void>
  resolve(): void
  reject(error: unknown): void
}

export function createRoomFeeds({ bus, reader, tail, log, onRead = () => {} }: Parts): RoomFeeds {
  const feeds = new Map<string, RoomFeed>()
  /** Watches whose room could not be opened. */
  const unopened = new Set<FeedWatch>()
  let retryTimer: NodeJS.Timeout | null = null
  const openings: Opening[] = []
  let runningOpenings = 0
  let isOpeningScheduled = false

  const readVersion = joinLookUps<string, number>(async (rooms) => {
    const versions = await reader.lastVersions([...new Set(rooms)])
    return rooms.map((room) => versions.get(room) ?? 0)
  })
  /** Rooms whose counters the next sweep has to read. */
  const unchecked = new Set<string>()
  const shared: FeedParts = {
    ...{ reader, readVersion, log, onRead, followers: 0 },
    batched: new Set(),
    onFailed: ({ room }) => unchecked.add(room),
    onUnused: closeUnused,
  }

  let round = feeds.keys()
  let comparing: Promise<void> = Promise.resolve()

  async function compare(versions: Map<string, number>) {
    for (const [room, version] of versions) {
      // Its counter may have been read before it rose.
      feeds.get(room)?.opening?.then(
        () => isBehind(room, version) && feeds.get(room)?.fill(),
        () => {},
      )
    }
    const mayBeBehind = [...versions].filter(([room, version]) => isBehind(room, version))
    if (mayBeBehind.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, graceMs))
    for (const [room, version] of mayBeBehind) if (isBehind(room, version)) feeds.get(room)?.fill()
  }

  function isBehind(room: string, version: number): boolean {
    const known = feeds.get(room)?.version ?? null
    return known !== null && known < version
  }

  const stopTail = tail.onChanges((changes) => {
    if (changes !== 'anything') comparing = compare(changes.rooms)
    else {
      for (const room of feeds.keys()) unchecked.add(room)
      sweeping.runNow()
    }
  })

  /** Reads the counters of all rooms in the course of a minute. The tail of changes has told of them long before, unless it is wrong. */
  async function sweep() {
    for (let left = Math.ceil(feeds.size / sweepsPerRound); left > 0; left--) {
      let next = round.next()
      if (next.done) {
        round = feeds.keys()
        next = round.next()
      }
      if (!next.done) unchecked.add(next.value)
    }
    while (unchecked.size > 0) {
      const rooms = [...unchecked].slice(0, roomsPerRead)
      // Before the read, so that what is said of them meanwhile counts.
      for (const room of rooms) unchecked.delete(room)
      try {
        await compare(await reader.lastVersions(rooms))
      } catch (error) {
        for (const room of rooms) unchecked.add(room)
        throw error
      }
    }
  }

  const sweeping = startEvery(sweep, { everyMs: sweepMs, name: 'read the version counters of followed rooms', log })

  function open(room: string): RoomFeed {
    const feed = new RoomFeed(room, shared)
    feeds.set(room, feed)
    let opening = openings.at(-1)
    if (!opening || opening.feeds.length >= feedsPerOpening) {
      opening = createOpening()
      openings.push(opening)
    }
    opening.feeds.push(feed)
    feed.opening = opening.done
    scheduleOpening()
    return feed
  }

  /** One in each turn of the event loop, so that other work gets its turn. */
  function scheduleOpening() {
    if (isOpeningScheduled || openings.length === 0 || runningOpenings >= maxRunningOpenings) return
    isOpeningScheduled = true
    setImmediate(runOpening)
  }

  async function runOpening() {
    isOpeningScheduled = false
    const opening = openings.shift()
    if (!opening) return
    runningOpenings++
    scheduleOpening()
    try {
      await openAll(opening.feeds)
      opening.resolve()
    } catch (error) {
      // Postgres could not be read: the waiting ones would fail too, after the same time again.
      for (const failed of [opening, ...openings.splice(0)]) {
        for (const feed of failed.feeds) fail(feed)
        failed.reject(error)
      }
    } finally {
      runningOpenings--
      scheduleOpening()
    }
  }

  async function openAll(opened: readonly RoomFeed[]) {
    const used = opened.filter((feed) => feed.isUsed())
    // Everybody may have left in the meantime.
    for (const feed of opened) if (!feed.isUsed()) close(feed)
    // Subscribe before reading, so that nothing in between is missed.
    await Promise.all(
      used.map(async (feed) => {
        feed.subscription = await bus.subscribe(feed.room, feed)
      }),
    )
    const versions = await reader.lastVersions(used.map(({ room }) => room))
    for (const feed of used) {
      feed.begin(versions.get(feed.room) ?? 0)
      for (const watch of feed.watches()) begun(watch, feed)
      closeUnused(feed)
    }
  }

  function fail(feed: RoomFeed) {
    close(feed)
    for (const watch of feed.watches()) {
      feed.removeWatch(watch)
      watch.feed = null
      beginLater(watch)
    }
  }

  function closeUnused(feed: RoomFeed) {
    // While it opens, a new follower may join and share this feed.
    if (!feed.isUsed() && !feed.opening) close(feed)
  }

  function close(feed: RoomFeed) {
    if (feeds.get(feed.room) !== feed) return
    feeds.delete(feed.room)
    feed.subscription?.unsubscribe()
    void feed.close()
  }

  function begin(watch: FeedWatch) {
    const feed = feeds.get(watch.room) ?? open(watch.room)
    watch.feed = feed
    feed.addWatch(watch)
    if (!feed.opening) queueMicrotask(() => begun(watch, feed))
  }

  function begun({ isStopped, since, watcher }: FeedWatch, { version }: RoomFeed) {
    // Something may have happened before.
    if (!isStopped && (since === undefined || version === null || version > since)) watcher.onNews('anything')
  }

  function beginLater(watch: FeedWatch) {
    unopened.add(watch)
    retryTimer ??= setTimeout(beginAgain, sweepMs)
  }

  async function beginAgain() {
    const waiting = [...unopened]
    unopened.clear()
    retryTimer = null
    for (const [index, watch] of waiting.entries()) {
      if (index % feedsPerOpening === feedsPerOpening - 1) await untilNextTurn()
      if (!watch.isStopped) begin(watch)
    }
  }

  return {
    follow: async (room, userId) => {
      const feed = feeds.get(room) ?? open(room)
      const follower = new Follower(userId, feed)
      feed.addFollower(follower)
      try {
        await feed.opening
      } catch (error) {
        follower.close()
        throw error
      }
      return { version: feed.version ?? 0, live: follower }
    },

    watch: (room, watcher, since) => {
      const watch = new FeedWatch(room, watcher, since)
      begin(watch)
      return watch
    },

    count: () => ({ rooms: feeds.size, followers: shared.followers }),

    close: async () => {
      stopTail()
      if (retryTimer) clearTimeout(retryTimer)
      await Promise.all([sweeping.close(), comparing])
      await Promise.all([...feeds.values()].map((feed) => feed.close()))
    },
  }
}

function createOpening(): Opening {
  const opening: Opening = { feeds: [], done: Promise.resolve(), resolve: () => {}, reject: () => {} }
  opening.done = new Promise((resolve, reject) => Object.assign(opening, { resolve, reject }))
  // Those who wait are told, but nobody may wait.
  opening.done.catch(() => {})
  return opening
}
