import type { Message } from '../../contract/message'
import type { NewsBus, RoomNews } from '../bus/news-bus'
import { startEvery } from '../platform/background'
import type { Log } from '../platform/log'
import type { ChangeTail } from './change-tail'
import { type EncodedEvent, encodeEvent, joinFrames } from './event-frames'
import { type FollowedFeed, Follower, type LiveNews } from './live-news'
import type { SubscriptionWriter } from './subscription-writer'

/** Reads what a node needs when news is missing: from Postgres, in production. */
export interface ChangeReader {
  /** The next changes of a room after a version, in order. */
  changesAfter(room: string, version: number): Promise<{ messages: Message[]; isLast: boolean }>
  /** The newest version of each of these rooms. */
  lastVersions(rooms: string[]): Promise<Map<string, number>>
  /** Which of these people are members of the room. */
  membersAmong(room: string, userIds: string[]): Promise<Set<string>>
}

export interface RoomFeeds {
  /**
   * Resolves when every change after `version` will be delivered, each once and in order. All followers of a room on this
   * node share one feed.
   */
  follow(room: string, userId: string): Promise<{ version: number; live: LiveNews }>
  /**
   * Calls `onNews` soon after something happens in a room, with `'anything'` when news was lost. Messages wait while it
   * runs, so it must do next to nothing.
   * @returns an unsubscribe function
   */
  watch(room: string, onNews: (news: RoomNews | 'anything') => void): () => void
  /** How many rooms and followers this node serves. */
  count(): { rooms: number; followers: number }
  close(): Promise<void>
}

/** How often a part of the followed rooms has its version counters read. */
const sweepMs = 1_000
/** Each room's counter is read after this many sweeps, whatever the tail of changes said. */
const sweepsPerRound = 60
const roomsPerRead = 5_000
/** How long to wait for news that arrives out of order, before it is read from Postgres. */
const graceMs = 50
/** How many changes may wait for an earlier one. */
const maxAhead = 512
/** A batch is written when it reaches this size, otherwise at the end of the turn of the event loop. */
const batchBytes = 256 * 1024

type Watcher = (news: RoomNews | 'anything') => void
type MessageNews = Extract<RoomNews, { type: 'message' }>
type MembershipNews = Extract<RoomNews, { type: 'membership' }>

const versionOf = (news: RoomNews) =>
  news.type === 'message' ? news.message.version : news.type === 'membership' || news.type === 'room' ? news.version : undefined

interface Feed extends FollowedFeed {
  readonly room: string
  readonly followers: Set<Follower>
  /** Callbacks of `watch`. */
  readonly watchers: Set<Watcher>
  /** The followers whose news waits to be taken. */
  readonly waiting: Set<Follower>
  /** The followers whose changes go straight to their writers, by the head of their frames. */
  readonly direct: Map<string, Set<Follower>>
  /** Encoded in this turn of the event loop, and not written yet. */
  batch: EncodedEvent[]
  batchedBytes: number
  /** Everything up to this version was delivered; null until the feed is open. */
  version: number | null
  /** Changes that arrived before an earlier one, by version. */
  readonly ahead: Map<number, RoomNews>
  /** Runs while the missing changes may still arrive by themselves. */
  grace: NodeJS.Timeout | null
  opened: Promise<{ unsubscribe(): void }>
  /** The running read of missing changes, and whether to read again after it. */
  filling: Promise<void> | null
  fillAgain: boolean
}

interface FeedParts {
  bus: NewsBus<RoomNews>
  reader: ChangeReader
  tail: Pick<ChangeTail, 'onChanges'>
  log: Log
  /** Called with the number of changes that had to be read. */
  onRead?: (count: number) => void
}

export function createRoomFeeds({ bus, reader, tail, log, onRead }: FeedParts): RoomFeeds {
  const feeds = new Map<string, Feed>()
  const batched = new Set<Feed>()

  function receive(feed: Feed, news: RoomNews) {
    const version = versionOf(news)
    // During a deploy, a node of another release may publish news that this one does not know.
    if (version === undefined) {
      if (news.type === 'membership') deliverMembership(feed, news)
      return notifyWatchers(feed, news)
    }
    if (feed.version !== null && version <= feed.version) return
    // Only the change right after the known version is trusted. A later one waits for those in between, which are read if they do not arrive.
    if (feed.version !== null && version === feed.version + 1 && !feed.filling) {
      deliver(feed, news, version)
      if (feed.ahead.size > 0) deliverAhead(feed)
    } else if (feed.ahead.size < maxAhead) {
      feed.ahead.set(version, news)
      waitForMissing(feed)
    } else {
      feed.ahead.clear()
      if (feed.version !== null) fill(feed)
    }
  }

  function deliverAhead(feed: Feed) {
    for (const version of [...feed.ahead.keys()].sort((a, b) => a - b)) {
      const news = feed.ahead.get(version)
      if (news && feed.version !== null && version === feed.version + 1) deliver(feed, news, version)
      if (feed.version !== null && version <= feed.version) feed.ahead.delete(version)
    }
  }

  function waitForMissing(feed: Feed) {
    if (feed.version === null || feed.filling || !isUsed(feed)) return
    feed.grace ??= setTimeout(() => {
      feed.grace = null
      if (feed.ahead.size > 0) fill(feed)
    }, graceMs)
  }

  function deliver(feed: Feed, news: RoomNews, version: number) {
    if (news.type === 'message') deliverMessage(feed, news)
    else if (news.type === 'membership') deliverMembership(feed, news)
    feed.version = version
    notifyWatchers(feed, news)
  }

  function notifyWatchers(feed: Feed, news: RoomNews | 'anything') {
    for (const onNews of feed.watchers) onNews(news)
  }

  function deliverMessage(feed: Feed, news: MessageNews) {
    for (const follower of feed.waiting) follower.receive(news)
    if (feed.direct.size === 0) return
    const event = encodeEvent(news.message)
    feed.batch.push(event)
    feed.batchedBytes += event.bytes.length
    if (feed.batchedBytes >= batchBytes) return write(feed)
    // Joins what is already waiting. A single message is not delayed, because nothing else runs before the end of the turn.
    if (batched.size === 0) setImmediate(writeAll)
    batched.add(feed)
  }

  function deliverMembership(feed: Feed, news: MembershipNews) {
    write(feed)
    for (const follower of feed.followers) {
      if (follower.userId !== news.userId) continue
      // When it reads again, it checks its membership.
      if (follower.writer) interrupt(feed, follower)
      else follower.receive(news)
    }
  }

  function writeAll() {
    const dirty = [...batched]
    batched.clear()
    // A socket that follows several of these rooms gets the news of all of them in one write.
    for (const feed of dirty) write(feed, { together: dirty.length > 1 })
  }

  function write(feed: Feed, { together } = { together: false }) {
    const { batch } = feed
    const [first] = batch
    if (!first) return
    feed.batch = []
    feed.batchedBytes = 0
    for (const [head, followers] of feed.direct) {
      const frames = joinFrames(head, batch)
      for (const follower of followers) {
        const { writer, cursor } = follower
        if (!writer) continue
        if (!writer.isReadable()) {
          interrupt(feed, follower, first.version - 1)
          continue
        }
        if (together) writer.joinWrites()
        if (cursor < first.version) writer.write(frames)
        else writeEvents(writer, batch, cursor)
      }
    }
  }

  function writeEvents(writer: SubscriptionWriter, events: readonly EncodedEvent[], after: number) {
    const fresh = events.filter(({ version }) => version > after)
    if (fresh.length > 0) writer.write(joinFrames(writer.head, fresh))
  }

  /** Ends direct delivery to this follower. Its news waits again, from the next change on. */
  function interrupt(feed: Feed, follower: Follower, upTo = feed.version ?? 0) {
    const { reader, cursor } = follower
    if (!reader) return
    stopDelivery(feed, follower)
    feed.waiting.add(follower)
    reader.interrupted(Math.max(cursor, upTo))
  }

  function stopDelivery(feed: Feed, follower: Follower) {
    const head = follower.writer?.head
    follower.writer = null
    follower.reader = null
    if (head === undefined) return
    const followers = feed.direct.get(head)
    if (followers?.delete(follower) && followers.size === 0) feed.direct.delete(head)
  }

  function fill(feed: Feed): void {
    const { room } = feed
    feed.fillAgain = true
    feed.filling ??= readMissing(feed)
      .catch((error: Error) => {
        feed.ahead.clear()
        unchecked.add(room)
        log.warn({ room, error: error.message }, 'could not read changes; trying again with the next sweep')
      })
      .finally(() => {
        feed.filling = null
        deliverAhead(feed)
        if (feed.ahead.size > 0) waitForMissing(feed)
      })
  }

  async function readMissing(feed: Feed) {
    const { room } = feed
    while (feed.fillAgain && isUsed(feed)) {
      feed.fillAgain = false
      // News is published after its commit. So a waiting change that this read does not find does not exist.
      const waited = [...feed.ahead.keys()]
      // A message that changed again has only its newest version. So the counter says how far the read got, not the messages.
      const lastVersion = (await reader.lastVersions([room])).get(room) ?? 0
      for (let isLast = feed.followers.size === 0; !isLast; ) {
        const page = await reader.changesAfter(room, feed.version ?? 0)
        onRead?.(page.messages.length)
        // The lost news may include a removal. The memberships are read after the page, so that nothing in the page can be
        // later than a removal they show.
        const people = [...new Set([...feed.followers].map(({ userId }) => userId))]
        const members = await reader.membersAmong(room, people)
        for (const userId of people) if (!members.has(userId)) deliverMembership(feed, { type: 'membership', userId })
        for (const message of page.messages) {
          if (message.version > (feed.version ?? 0)) deliver(feed, { type: 'message', message }, message.version)
        }
        isLast = page.isLast
      }
      feed.version = Math.max(feed.version ?? 0, lastVersion)
      for (const version of waited) feed.ahead.delete(version)
      notifyWatchers(feed, 'anything')
    }
  }

  /** Rooms whose counters the next sweep has to read. */
  const unchecked = new Set<string>()
  let round = feeds.keys()
  let comparing: Promise<void> = Promise.resolve()

  async function compare(versions: Map<string, number>) {
    const mayBeBehind = [...versions].filter(([room, version]) => isBehind(room, version))
    if (mayBeBehind.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, graceMs))
    for (const [room, version] of mayBeBehind) {
      const feed = feeds.get(room)
      if (feed && isBehind(room, version)) fill(feed)
    }
  }

  function isBehind(room: string, version: number): boolean {
    const known = feeds.get(room)?.version
    return known !== undefined && known !== null && known < version
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

  function open(room: string): Feed {
    const feed: Feed = {
      room,
      followers: new Set(),
      watchers: new Set(),
      waiting: new Set(),
      direct: new Map(),
      batch: [],
      batchedBytes: 0,
      version: null,
      ahead: new Map(),
      grace: null,
      filling: null,
      fillAgain: false,
      write: (writer, news) => writeEvents(writer, encodeNews(news), -1),
      startDelivery: (follower) => {
        const { head } = follower.writer ?? {}
        if (head === undefined) return
        feed.waiting.delete(follower)
        feed.direct.set(head, (feed.direct.get(head) ?? new Set()).add(follower))
      },
      leave: (follower) => {
        if (!feed.followers.delete(follower)) return
        feed.waiting.delete(follower)
        stopDelivery(feed, follower)
        void closeUnused(feed)
      },
      // Subscribe before reading, so that nothing in between is missed.
      opened: bus
        .subscribe(room, (news) => receive(feed, news))
        .then(async (subscription) => {
          try {
            feed.version = (await reader.lastVersions([room])).get(room) ?? 0
            deliverAhead(feed)
            if (feed.ahead.size > 0) waitForMissing(feed)
            return subscription
          } catch (error) {
            subscription.unsubscribe()
            throw error
          }
        }),
    }
    feed.opened.catch(() => {})
    feeds.set(room, feed)
    return feed
  }

  async function closeUnused(feed: Feed) {
    if (isUsed(feed)) return
    const subscription = await feed.opened.catch(() => null)
    // A new follower may have joined meanwhile, and shares this feed.
    if (isUsed(feed) || feeds.get(feed.room) !== feed) return
    feeds.delete(feed.room)
    if (feed.grace) clearTimeout(feed.grace)
    subscription?.unsubscribe()
  }

  return {
    follow: async (room, userId) => {
      const feed = feeds.get(room) ?? open(room)
      const follower = new Follower(userId, feed)
      feed.followers.add(follower)
      feed.waiting.add(follower)
      try {
        await feed.opened
      } catch (error) {
        follower.close()
        throw error
      }
      return { version: feed.version ?? 0, live: follower }
    },

    watch: (room, onNews) => {
      let isStopped = false
      let end = () => {}
      const begin = () => {
        const feed = feeds.get(room) ?? open(room)
        const stop = () => {
          if (feed.watchers.delete(onNews)) void closeUnused(feed)
        }
        end = stop
        feed.watchers.add(onNews)
        feed.opened.then(
          // Something may have happened while the feed was opening.
          () => !isStopped && onNews('anything'),
          () => {
            stop()
            if (isStopped) return
            const timer = setTimeout(begin, sweepMs)
            end = () => clearTimeout(timer)
          },
        )
      }
      begin()
      return () => {
        isStopped = true
        end()
      }
    },

    count: () => ({
      rooms: feeds.size,
      followers: [...feeds.values()].reduce((sum, { followers }) => sum + followers.size, 0),
    }),

    close: async () => {
      stopTail()
      for (const { grace } of feeds.values()) if (grace) clearTimeout(grace)
      await Promise.all([sweeping.close(), comparing])
      await Promise.all([...feeds.values()].map(({ filling }) => filling))
    },
  }
}

const isUsed = ({ followers, watchers }: Feed) => followers.size > 0 || watchers.size > 0

const encodeNews = (news: readonly RoomNews[]) => news.flatMap((entry) => (entry.type === 'message' ? [encodeEvent(entry.message)] : []))
