import type { Message } from '../../contract/message'
import type { NewsBus, RoomNews } from '../bus/news-bus'
import { startEvery } from '../platform/background'
import type { Log } from '../platform/log'
import { type EncodedEvent, encodeEvent, joinFrames } from './event-frames'
import { type FollowedFeed, Follower, type LiveNews } from './live-news'
import type { Outlet } from './outlet'

/** What a node has to read when news are missing. Postgres, in production. */
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
   * Resolves when every change after `version` will be handed on, each once and in order. One feed serves all who follow
   * a room on this node.
   */
  follow(room: string, userId: string): Promise<{ version: number; live: LiveNews }>
  /**
   * Calls `onNews` with what happens in a room from now on, soon after it did, for those who want to know that and not what
   * it was: `'anything'` may have happened where news were lost. It is called while messages wait: it must do next to nothing.
   * @returns its off
   */
  watch(room: string, onNews: (news: RoomNews | 'anything') => void): () => void
  /** How many rooms and followers this node serves. */
  count(): { rooms: number; followers: number }
  close(): Promise<void>
}

/** How often the counters of all followed rooms are read, so that news that Redis lost are no later than this. */
const sweepMs = 1_000
/** News that are on their way come by themselves, if a little out of order: only what is missing after this is read. */
const graceMs = 50
/** So many changes may wait for the one before them. */
const maxAhead = 512
/** So much is encoded for one write; more goes out before the turn of the event loop is over. */
const batchBytes = 256 * 1024

type Watcher = (news: RoomNews | 'anything') => void
type MessageNews = Extract<RoomNews, { type: 'message' }>
type MembershipNews = Extract<RoomNews, { type: 'membership' }>

const versionOf = (news: RoomNews) =>
  news.type === 'message' ? news.message.version : news.type === 'membership' || news.type === 'room' ? news.version : undefined

interface Feed extends FollowedFeed {
  readonly room: string
  readonly followers: Set<Follower>
  /** Who only wants to know that something happens. */
  readonly watchers: Set<Watcher>
  /** Those of them whose news wait to be taken. */
  readonly waiting: Set<Follower>
  /** Those whose changes go straight to their outlets, by the head of their frames. */
  readonly flowing: Map<string, Set<Follower>>
  /** Handed on in this turn of the event loop, and not written yet. */
  batch: EncodedEvent[]
  batchedBytes: number
  /** The change up to which all was handed on; null until the feed is open. */
  version: number | null
  /** The changes that came before the one that they continue, by version. */
  readonly ahead: Map<number, RoomNews>
  /** Runs while they may still come by themselves. */
  grace: NodeJS.Timeout | null
  opened: Promise<{ unsubscribe(): void }>
  /** Reading what is missing, and whether more may be missing by the time it is done. */
  filling: Promise<void> | null
  fillAgain: boolean
}

interface FeedParts {
  bus: NewsBus<RoomNews>
  reader: ChangeReader
  log: Log
  /** Told how many changes had to be read. */
  onRead?: (count: number) => void
}

export function createRoomFeeds({ bus, reader, log, onRead }: FeedParts): RoomFeeds {
  const feeds = new Map<string, Feed>()
  const batched = new Set<Feed>()

  function receive(feed: Feed, news: RoomNews) {
    const version = versionOf(news)
    // In the middle of a deploy, a node of another release may publish what this one does not know.
    if (version === undefined) {
      if (news.type === 'membership') handOnMembership(feed, news)
      return tellWatchers(feed, news)
    }
    if (feed.version !== null && version <= feed.version) return
    // Only what continues the known version is believed. Anything else waits for what is missing, and is read if that does not come.
    if (feed.version !== null && version === feed.version + 1 && !feed.filling) {
      handOn(feed, news, version)
      if (feed.ahead.size > 0) handOnAhead(feed)
    } else if (feed.ahead.size < maxAhead) {
      feed.ahead.set(version, news)
      waitForMissing(feed)
    } else {
      feed.ahead.clear()
      if (feed.version !== null) fill(feed)
    }
  }

  function handOnAhead(feed: Feed) {
    for (const version of [...feed.ahead.keys()].sort((a, b) => a - b)) {
      const news = feed.ahead.get(version)
      if (news && feed.version !== null && version === feed.version + 1) handOn(feed, news, version)
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

  /** The change that comes next. */
  function handOn(feed: Feed, news: RoomNews, version: number) {
    if (news.type === 'message') handOnMessage(feed, news)
    else if (news.type === 'membership') handOnMembership(feed, news)
    feed.version = version
    tellWatchers(feed, news)
  }

  function tellWatchers(feed: Feed, news: RoomNews | 'anything') {
    for (const onNews of feed.watchers) onNews(news)
  }

  function handOnMessage(feed: Feed, news: MessageNews) {
    for (const follower of feed.waiting) follower.receive(news)
    if (feed.flowing.size === 0) return
    const event = encodeEvent(news.message)
    feed.batch.push(event)
    feed.batchedBytes += event.bytes.length
    if (feed.batchedBytes >= batchBytes) return write(feed)
    // What is waiting already is joined; a lone message is not delayed, because nothing else runs before the turn is over.
    if (batched.size === 0) setImmediate(writeAll)
    batched.add(feed)
  }

  function handOnMembership(feed: Feed, news: MembershipNews) {
    write(feed)
    for (const follower of feed.followers) {
      if (follower.userId !== news.userId) continue
      // Reading again, it looks its membership up.
      if (follower.outlet) interrupt(feed, follower)
      else follower.receive(news)
    }
  }

  function writeAll() {
    const dirty = [...batched]
    batched.clear()
    // A socket that follows several of these rooms gets what is new in all of them in one write.
    for (const feed of dirty) write(feed, { together: dirty.length > 1 })
  }

  function write(feed: Feed, { together } = { together: false }) {
    const { batch } = feed
    const [first] = batch
    if (!first) return
    feed.batch = []
    feed.batchedBytes = 0
    for (const [head, followers] of feed.flowing) {
      const frames = joinFrames(head, batch)
      for (const follower of followers) {
        const { outlet, cursor } = follower
        if (!outlet) continue
        if (!outlet.isReadable()) {
          interrupt(feed, follower, first.version - 1)
          continue
        }
        if (together) outlet.joinWrites()
        if (cursor < first.version) outlet.write(frames)
        else writeEvents(outlet, batch, cursor)
      }
    }
  }

  function writeEvents(outlet: Outlet, events: readonly EncodedEvent[], after: number) {
    const fresh = events.filter(({ version }) => version > after)
    if (fresh.length > 0) outlet.write(joinFrames(outlet.head, fresh))
  }

  /** Its changes wait for it again, from the next one on. */
  function interrupt(feed: Feed, follower: Follower, upTo = feed.version ?? 0) {
    const { reader, cursor } = follower
    if (!reader) return
    stopFlowing(feed, follower)
    feed.waiting.add(follower)
    reader.interrupted(Math.max(cursor, upTo))
  }

  function stopFlowing(feed: Feed, follower: Follower) {
    const head = follower.outlet?.head
    follower.outlet = null
    follower.reader = null
    if (head === undefined) return
    const followers = feed.flowing.get(head)
    if (followers?.delete(follower) && followers.size === 0) feed.flowing.delete(head)
  }

  function fill(feed: Feed): void {
    const { room } = feed
    feed.fillAgain = true
    feed.filling ??= readMissing(feed)
      .catch((error: Error) => {
        feed.ahead.clear()
        log.warn({ room, error: error.message }, 'changes could not be read; the next sweep tries again')
      })
      .finally(() => {
        feed.filling = null
        handOnAhead(feed)
        if (feed.ahead.size > 0) waitForMissing(feed)
      })
  }

  async function readMissing(feed: Feed) {
    const { room } = feed
    while (feed.fillAgain && isUsed(feed)) {
      feed.fillAgain = false
      // Whatever was published was committed before: what waits now and is not read now does not exist.
      const waited = [...feed.ahead.keys()]
      // A change may have no message any more, because the message changed again: the counter says how far reading got.
      const lastVersion = (await reader.lastVersions([room])).get(room) ?? 0
      for (let isLast = feed.followers.size === 0; !isLast; ) {
        const page = await reader.changesAfter(room, feed.version ?? 0)
        onRead?.(page.messages.length)
        // News of a removal may be among those that were lost. Looked up after the page was read, nothing in it can be
        // later than what the look-up knows.
        const people = [...new Set([...feed.followers].map(({ userId }) => userId))]
        const members = await reader.membersAmong(room, people)
        for (const userId of people) if (!members.has(userId)) handOnMembership(feed, { type: 'membership', userId })
        for (const message of page.messages) {
          if (message.version > (feed.version ?? 0)) handOn(feed, { type: 'message', message }, message.version)
        }
        isLast = page.isLast
      }
      feed.version = Math.max(feed.version ?? 0, lastVersion)
      for (const version of waited) feed.ahead.delete(version)
      tellWatchers(feed, 'anything')
    }
  }

  async function sweep() {
    const rooms = [...feeds.keys()]
    if (rooms.length === 0) return
    const versions = await reader.lastVersions(rooms)
    await new Promise((resolve) => setTimeout(resolve, graceMs))
    for (const [room, version] of versions) {
      const feed = feeds.get(room)
      if (feed && feed.version !== null && feed.version < version) fill(feed)
    }
  }

  const sweeping = startEvery(sweep, { everyMs: sweepMs, name: 'read the version counters of the followed rooms', log })

  function open(room: string): Feed {
    const feed: Feed = {
      room,
      followers: new Set(),
      watchers: new Set(),
      waiting: new Set(),
      flowing: new Map(),
      batch: [],
      batchedBytes: 0,
      version: null,
      ahead: new Map(),
      grace: null,
      filling: null,
      fillAgain: false,
      write: (outlet, news) => writeEvents(outlet, encodeNews(news), -1),
      join: (follower) => {
        const { head } = follower.outlet ?? {}
        if (head === undefined) return
        feed.waiting.delete(follower)
        feed.flowing.set(head, (feed.flowing.get(head) ?? new Set()).add(follower))
      },
      leave: (follower) => {
        if (!feed.followers.delete(follower)) return
        feed.waiting.delete(follower)
        stopFlowing(feed, follower)
        void closeUnused(feed)
      },
      // Subscribe before reading: what happens between the two would be missed otherwise.
      opened: bus
        .subscribe(room, (news) => receive(feed, news))
        .then(async (subscription) => {
          try {
            feed.version = (await reader.lastVersions([room])).get(room) ?? 0
            handOnAhead(feed)
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
    // Somebody may have come meanwhile: the feed stays until it is really given up, so that they share it.
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
      let isOver = false
      let end = () => {}
      const begin = () => {
        const feed = feeds.get(room) ?? open(room)
        const stop = () => {
          if (feed.watchers.delete(onNews)) void closeUnused(feed)
        }
        end = stop
        feed.watchers.add(onNews)
        feed.opened.then(
          // What happened while it was opened is not known.
          () => !isOver && onNews('anything'),
          () => {
            stop()
            if (isOver) return
            const timer = setTimeout(begin, sweepMs)
            end = () => clearTimeout(timer)
          },
        )
      }
      begin()
      return () => {
        isOver = true
        end()
      }
    },

    count: () => ({
      rooms: feeds.size,
      followers: [...feeds.values()].reduce((sum, { followers }) => sum + followers.size, 0),
    }),

    close: async () => {
      for (const { grace } of feeds.values()) if (grace) clearTimeout(grace)
      await sweeping.close()
      await Promise.all([...feeds.values()].map(({ filling }) => filling))
    },
  }
}

const isUsed = ({ followers, watchers }: Feed) => followers.size > 0 || watchers.size > 0

const encodeNews = (news: readonly RoomNews[]) => news.flatMap((entry) => (entry.type === 'message' ? [encodeEvent(entry.message)] : []))
