import type { Message } from '../../contract/message'
import type { RoomBus, RoomNews } from '../bus/room-bus'
import type { Log } from '../platform/log'
import { createLiveNews, type LiveNews } from './live-news'

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
  /** How many rooms and followers this node serves. */
  count(): { rooms: number; followers: number }
  close(): Promise<void>
}

/** How often the counters of all followed rooms are read, so that news that Redis lost are no later than this. */
const sweepMs = 1_000
/** News that are on their way when a sweep looks come by themselves: only what is missing after this is read. */
const graceMs = 50

interface Feed {
  followers: Map<(news: RoomNews) => void, string>
  /** The change up to which all was handed on; null until the feed is open. */
  version: number | null
  opened: Promise<{ unsubscribe(): void }>
  /** Reading what is missing, and whether more may be missing by the time it is done. */
  filling: Promise<void> | null
  fillAgain: boolean
}

interface FeedParts {
  bus: RoomBus
  reader: ChangeReader
  log: Log
  /** Told how many changes had to be read. */
  onRead?: (count: number) => void
}

export function createRoomFeeds({ bus, reader, log, onRead }: FeedParts): RoomFeeds {
  const feeds = new Map<string, Feed>()

  function receive(room: string, feed: Feed, news: RoomNews) {
    if (news.type === 'membership') return handOn(feed, news)
    // In the middle of a deploy, a node of a later release may publish what this one does not know.
    if (news.type !== 'message') return
    const { version } = news.message
    if (feed.version === null || version <= feed.version) return
    // Only what continues the known version is believed: anything else makes us read.
    if (version === feed.version + 1 && !feed.filling) {
      feed.version = version
      handOn(feed, news)
    } else fill(room, feed)
  }

  function handOn(feed: Feed, news: RoomNews) {
    for (const follower of feed.followers.keys()) follower(news)
  }

  function fill(room: string, feed: Feed): void {
    feed.fillAgain = true
    feed.filling ??= readMissing(room, feed)
      .catch((error: Error) => log.warn({ room, error: error.message }, 'changes could not be read; the next sweep tries again'))
      .finally(() => {
        feed.filling = null
      })
  }

  async function readMissing(room: string, feed: Feed) {
    while (feed.fillAgain && feed.followers.size > 0) {
      feed.fillAgain = false
      // A change may have no message any more, because the message changed again: the counter says how far reading got.
      const lastVersion = (await reader.lastVersions([room])).get(room) ?? 0
      for (let isLast = false; !isLast; ) {
        const page = await reader.changesAfter(room, feed.version ?? 0)
        onRead?.(page.messages.length)
        // News of a removal may be among those that were lost. Looked up after the page was read, nothing in it can be
        // later than what the look-up knows.
        const people = [...new Set(feed.followers.values())]
        const members = await reader.membersAmong(room, people)
        for (const userId of people) if (!members.has(userId)) handOn(feed, { type: 'membership', userId })
        for (const message of page.messages) {
          feed.version = message.version
          handOn(feed, { type: 'message', message })
        }
        isLast = page.isLast
      }
      feed.version = Math.max(feed.version ?? 0, lastVersion)
    }
  }

  async function sweep() {
    const rooms = [...feeds.keys()]
    if (rooms.length === 0) return
    const versions = await reader.lastVersions(rooms)
    await new Promise((resolve) => setTimeout(resolve, graceMs))
    for (const [room, version] of versions) {
      const feed = feeds.get(room)
      if (feed && feed.version !== null && feed.version < version) fill(room, feed)
    }
  }

  let sweeping: Promise<void> | null = null
  const timer = setInterval(() => {
    sweeping ??= sweep()
      .catch((error: Error) => log.warn({ error: error.message }, 'the counters of the rooms could not be read'))
      .finally(() => {
        sweeping = null
      })
  }, sweepMs)

  function open(room: string): Feed {
    const feed: Feed = {
      followers: new Map(),
      version: null,
      filling: null,
      fillAgain: false,
      // Subscribe before reading: what happens between the two would be missed otherwise.
      opened: bus
        .subscribe(room, (news) => receive(room, feed, news))
        .then(async (subscription) => {
          try {
            feed.version = (await reader.lastVersions([room])).get(room) ?? 0
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

  async function leave(room: string, feed: Feed, follower: (news: RoomNews) => void) {
    if (!feed.followers.delete(follower)) return
    const subscription = await feed.opened.catch(() => null)
    // Somebody may have come meanwhile: the feed stays until it is really given up, so that they share it.
    if (feed.followers.size > 0 || feeds.get(room) !== feed) return
    feeds.delete(room)
    subscription?.unsubscribe()
  }

  return {
    follow: async (room, userId) => {
      const feed = feeds.get(room) ?? open(room)
      const { receive: follower, live } = createLiveNews(() => void leave(room, feed, follower))
      feed.followers.set(follower, userId)
      try {
        await feed.opened
      } catch (error) {
        live.close()
        throw error
      }
      return { version: feed.version ?? 0, live }
    },

    count: () => ({
      rooms: feeds.size,
      followers: [...feeds.values()].reduce((sum, { followers }) => sum + followers.size, 0),
    }),

    close: async () => {
      clearInterval(timer)
      await sweeping
      await Promise.all([...feeds.values()].map(({ filling }) => filling))
    },
  }
}
