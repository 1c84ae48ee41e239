import type { Message } from '../../contract/message'
import type { NewsListener, NewsSubscription, RoomNews } from '../bus/news-bus'
import type { Log } from '../platform/log'
import { type EncodedEvent, encodeEvent, joinFrames } from './event-frames'
import type { FollowedFeed, Follower } from './live-news'
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

/** Is told what happens in a room, or `'anything'` when news was lost. */
export interface FeedWatcher {
  onNews(news: RoomNews | 'anything'): void
}

/** A class that uses little memory: a node has one for every room in somebody's list. */
export class FeedWatch {
  /** Null while the watch waits to be begun again, and after its end. */
  feed: RoomFeed | null = null
  isStopped = false
  /** The next one of the same feed. */
  next: FeedWatch | null = null

  constructor(
    readonly room: string,
    readonly watcher: FeedWatcher,
    readonly since: number | undefined,
  ) {}

  stop(): void {
    this.isStopped = true
    this.feed?.removeWatch(this)
  }
}

/** What the feeds of a node have in common. */
export interface FeedParts {
  reader: Pick<ChangeReader, 'changesAfter' | 'membersAmong'>
  /** The newest version of a room. Rooms that ask at the same time share a statement. */
  readVersion(room: string): Promise<number>
  log: Log
  /** Called with the number of changes that had to be read. */
  onRead: (count: number) => void
  /** The feeds whose batches are written at the end of this turn of the event loop. */
  batched: Set<RoomFeed>
  /** How many followers all feeds have together. */
  followers: number
  /** Missing changes could not be read: they have to be looked for again. */
  onFailed(feed: RoomFeed): void
  /** Nobody follows or watches this feed any more. */
  onUnused(feed: RoomFeed): void
}

/** How long to wait for news that arrives out of order, before it is read from Postgres. */
export const graceMs = 50
/** How many changes may wait for an earlier one. */
const maxAhead = 512
/** A batch is written when it reaches this size, otherwise at the end of the turn of the event loop. */
const batchBytes = 256 * 1024

type MessageNews = Extract<RoomNews, { type: 'message' }>
type MembershipNews = Extract<RoomNews, { type: 'membership' }>

const nothing: readonly never[] = []

/**
 * The news of one room on this node, in the order of its versions. A class whose collections exist only while something is in
 * them: a node has a feed for every room in somebody's list, and most are only watched.
 */
export class RoomFeed implements FollowedFeed, NewsListener<RoomNews> {
  /** Everything up to this version was delivered; null until the feed is open. */
  version: number | null = null
  /** Resolves when the feed is open; null afterwards. */
  opening: Promise<void> | null = null
  /** Null until it is subscribed. */
  subscription: NewsSubscription | null = null
  /** The first one, nearly always the only one. */
  #watch: FeedWatch | null = null
  #followers: Set<Follower> | null = null
  /** The followers whose news waits to be taken. */
  #waiting: Set<Follower> | null = null
  /** The followers whose changes go straight to their writers, by the head of their frames. */
  #direct: Map<string, Set<Follower>> | null = null
  /** Encoded in this turn of the event loop, and not written yet. */
  #batch: EncodedEvent[] | null = null
  #batchedBytes = 0
  /** Changes that arrived before an earlier one, by version. */
  #ahead: Map<number, RoomNews> | null = null
  /** Runs while the missing changes may still arrive by themselves. */
  #grace: NodeJS.Timeout | null = null
  /** The running read of missing changes, and whether to read again after it. */
  #filling: Promise<void> | null = null
  #fillAgain = false

  constructor(
    readonly room: string,
    private readonly parts: FeedParts,
  ) {}

  isUsed(): boolean {
    return this.#watch !== null || this.#followers !== null
  }

  /** From now on news is delivered from this version on. */
  begin(version: number): void {
    this.version = version
    this.opening = null
    this.#deliverAhead()
    this.#waitForMissing()
  }

  watches(): FeedWatch[] {
    const watches: FeedWatch[] = []
    for (let watch = this.#watch; watch; watch = watch.next) watches.push(watch)
    return watches
  }

  addWatch(watch: FeedWatch): void {
    watch.next = null
    if (!this.#watch) {
      this.#watch = watch
      return
    }
    let last = this.#watch
    while (last.next) last = last.next
    last.next = watch
  }

  removeWatch(watch: FeedWatch): void {
    // Its own `next` stays: it may be the one that is being told right now.
    if (this.#watch === watch) this.#watch = watch.next
    for (let other = this.#watch; other; other = other.next) if (other.next === watch) other.next = watch.next
    if (!this.isUsed()) this.parts.onUnused(this)
  }

  addFollower(follower: Follower): void {
    this.#followers = (this.#followers ?? new Set()).add(follower)
    this.#waiting = (this.#waiting ?? new Set()).add(follower)
    this.parts.followers++
  }

  leave(follower: Follower): void {
    if (!this.#followers?.delete(follower)) return
    this.parts.followers--
    if (this.#followers.size === 0) this.#followers = null
    this.#stopWaiting(follower)
    this.#stopDelivery(follower)
    if (!this.isUsed()) this.parts.onUnused(this)
  }

  onNews(news: RoomNews): void {
    const version = versionOf(news)
    // During a deploy, a node of another release may publish news that this one does not know.
    if (version === undefined) {
      if (news.type === 'membership') this.#deliverMembership(news)
      this.#notifyWatchers(news)
      return
    }
    if (this.version !== null && version <= this.version) return
    // Only the change right after the known version is trusted. A later one waits for those in between, which are read if they do not arrive.
    if (this.version !== null && version === this.version + 1 && !this.#filling) {
      this.#deliver(news, version)
      this.#deliverAhead()
    } else if (!this.#ahead || this.#ahead.size < maxAhead) {
      this.#ahead = (this.#ahead ?? new Map()).set(version, news)
      this.#waitForMissing()
    } else {
      this.#ahead = null
      if (this.version !== null) this.fill()
    }
  }

  /** Reads the changes after the known version from Postgres. */
  fill(): void {
    this.#fillAgain = true
    this.#filling ??= this.#readMissing()
      .catch((error: Error) => {
        this.#ahead = null
        this.parts.onFailed(this)
        this.parts.log.warn({ room: this.room, error: error.message }, 'could not read changes; trying again with the next sweep')
      })
      .finally(() => {
        this.#filling = null
        this.#deliverAhead()
        this.#waitForMissing()
      })
  }

  /** Resolves when the running read of missing changes has ended. */
  async close(): Promise<void> {
    if (this.#grace) clearTimeout(this.#grace)
    await this.#filling
  }

  write(writer: SubscriptionWriter, news: readonly RoomNews[]): void {
    writeEvents(writer, encodeNews(news), -1)
  }

  startDelivery(follower: Follower): void {
    const { head } = follower.writer ?? {}
    if (head === undefined) return
    this.#stopWaiting(follower)
    this.#direct ??= new Map()
    this.#direct.set(head, (this.#direct.get(head) ?? new Set()).add(follower))
  }

  writeBatch({ together } = { together: false }): void {
    const batch = this.#batch
    const [first] = batch ?? nothing
    if (!batch || !first) return
    this.#batch = null
    this.#batchedBytes = 0
    for (const [head, followers] of this.#direct ?? nothing) {
      const frames = joinFrames(head, batch)
      for (const follower of followers) {
        const { writer, cursor } = follower
        if (!writer) continue
        if (!writer.isReadable()) {
          this.#interrupt(follower, first.version - 1)
          continue
        }
        if (together) writer.joinWrites()
        if (cursor < first.version) writer.write(frames)
        else writeEvents(writer, batch, cursor)
      }
    }
  }

  #deliverAhead() {
    const ahead = this.#ahead
    if (!ahead || this.version === null) return
    for (const version of [...ahead.keys()].sort((a, b) => a - b)) {
      const news = ahead.get(version)
      if (news && version === this.version + 1) this.#deliver(news, version)
      if (version <= this.version) ahead.delete(version)
    }
    if (ahead.size === 0) this.#ahead = null
  }

  #waitForMissing() {
    if (!this.#ahead || this.version === null || this.#filling || !this.isUsed()) return
    this.#grace ??= setTimeout(() => {
      this.#grace = null
      if (this.#ahead) this.fill()
    }, graceMs)
  }

  #deliver(news: RoomNews, version: number) {
    if (news.type === 'message') this.#deliverMessage(news)
    else if (news.type === 'membership') this.#deliverMembership(news)
    this.version = version
    this.#notifyWatchers(news)
  }

  #notifyWatchers(news: RoomNews | 'anything') {
    for (let watch = this.#watch; watch; watch = watch.next) watch.watcher.onNews(news)
  }

  #deliverMessage(news: MessageNews) {
    for (const follower of this.#waiting ?? nothing) follower.receive(news)
    if (!this.#direct) return
    const event = encodeEvent(news.message)
    this.#batch ??= []
    this.#batch.push(event)
    this.#batchedBytes += event.bytes.length
    if (this.#batchedBytes >= batchBytes) return this.writeBatch()
    const { batched } = this.parts
    // Joins what is already waiting. A single message is not delayed, because nothing else runs before the end of the turn.
    if (batched.size === 0) setImmediate(writeAll, batched)
    batched.add(this)
  }

  #deliverMembership(news: MembershipNews) {
    this.writeBatch()
    for (const follower of this.#followers ?? nothing) {
      if (follower.userId !== news.userId) continue
      // When it reads again, it checks its membership.
      if (follower.writer) this.#interrupt(follower)
      else follower.receive(news)
    }
  }

  /** Ends direct delivery to this follower. Its news waits again, from the next change on. */
  #interrupt(follower: Follower, upTo = this.version ?? 0) {
    const { reader, cursor } = follower
    if (!reader) return
    this.#stopDelivery(follower)
    this.#waiting = (this.#waiting ?? new Set()).add(follower)
    reader.interrupted(Math.max(cursor, upTo))
  }

  #stopWaiting(follower: Follower) {
    if (this.#waiting?.delete(follower) && this.#waiting.size === 0) this.#waiting = null
  }

  #stopDelivery(follower: Follower) {
    const head = follower.writer?.head
    follower.writer = null
    follower.reader = null
    if (head === undefined || !this.#direct) return
    const followers = this.#direct.get(head)
    if (followers?.delete(follower) && followers.size === 0) this.#direct.delete(head)
    if (this.#direct.size === 0) this.#direct = null
  }

  async #readMissing() {
    const { room } = this
    const { reader, readVersion, onRead } = this.parts
    while (this.#fillAgain && this.isUsed()) {
      this.#fillAgain = false
      // News is published after its commit. So a waiting change that this read does not find does not exist.
      const waited = [...(this.#ahead?.keys() ?? nothing)]
      // A message that changed again has only its newest version. So the counter says how far the read got, not the messages.
      const lastVersion = await readVersion(room)
      for (let isLast = this.#followers === null; !isLast; ) {
        const page = await reader.changesAfter(room, this.version ?? 0)
        onRead(page.messages.length)
        // The lost news may include a removal. The memberships are read after the page, so that nothing in the page can be
        // later than a removal they show.
        const people = [...new Set([...(this.#followers ?? nothing)].map(({ userId }) => userId))]
        const members = await reader.membersAmong(room, people)
        for (const userId of people) if (!members.has(userId)) this.#deliverMembership({ type: 'membership', userId })
        for (const message of page.messages) {
          if (message.version > (this.version ?? 0)) this.#deliver({ type: 'message', message }, message.version)
        }
        isLast = page.isLast
      }
      this.version = Math.max(this.version ?? 0, lastVersion)
      for (const version of waited) this.#ahead?.delete(version)
      if (this.#ahead?.size === 0) this.#ahead = null
      this.#notifyWatchers('anything')
    }
  }
}

function writeAll(batched: Set<RoomFeed>) {
  const dirty = [...batched]
  batched.clear()
  // A socket that follows several of these rooms gets the news of all of them in one write.
  for (const feed of dirty) feed.writeBatch({ together: dirty.length > 1 })
}

function writeEvents(writer: SubscriptionWriter, events: readonly EncodedEvent[], after: number) {
  const fresh = events.filter(({ version }) => version > after)
  if (fresh.length > 0) writer.write(joinFrames(writer.head, fresh))
}

const versionOf = (news: RoomNews) =>
  news.type === 'message' ? news.message.version : news.type === 'membership' || news.type === 'room' ? news.version : undefined

const encodeNews = (news: readonly RoomNews[]) => news.flatMap((entry) => (entry.type === 'message' ? [encodeEvent(entry.message)] : []))
