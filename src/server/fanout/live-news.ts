import type { RoomNews } from '../bus/news-bus'
import type { SubscriptionWriter } from './subscription-writer'

/** A follower's live news of a room: it waits here until the follower takes it, or goes straight to the follower's writer. */
export interface LiveNews {
  /** The next news, in order; `behind` when some was dropped because too much was waiting; `closed` after `close`. */
  next(): Promise<RoomNews | 'behind' | 'closed'>
  /**
   * Writes the waiting news that is newer than `cursor`, and from then on every change goes straight to the writer, until
   * `reader.interrupted` is called.
   * @returns false when the reader has to read from Postgres first, because news was dropped, its person's membership has
   * changed, or too much is already waiting for its client
   */
  deliverTo(reader: CatchUpReader, writer: SubscriptionWriter, cursor: number): boolean
  isClosed(): boolean
  close(): void
}

/** Reads from Postgres what does not arrive as news. */
export interface CatchUpReader {
  /** Direct delivery has ended, and news waits again. The follower has everything up to `cursor`. */
  interrupted(cursor: number): void
}

/** What a follower needs of its room's feed. */
export interface FollowedFeed {
  /** Writes changes to a writer. */
  write(writer: SubscriptionWriter, news: readonly RoomNews[]): void
  /** From now on this follower's changes go straight to its writer. */
  startDelivery(follower: Follower): void
  leave(follower: Follower): void
}

/** How much news may wait for one follower. Beyond it, news is dropped and the follower reads from Postgres instead. */
const maxWaiting = 256
/** How many characters of waiting news may be written at once. */
const maxCharacters = 64 * 1024

/** A class that uses little memory: a node has very many followers, most of them idle. */
export class Follower implements LiveNews {
  /** Where its changes are delivered; null while they wait. */
  writer: SubscriptionWriter | null = null
  /** While it has a writer: it has everything up to here, and everything that was delivered since. */
  cursor = 0
  reader: CatchUpReader | null = null
  #waiting: RoomNews[] | null = null
  #isBehind = false
  #isClosed = false
  #wake: (() => void) | null = null

  constructor(
    readonly userId: string,
    private readonly feed: FollowedFeed,
  ) {}

  receive(news: RoomNews): void {
    if (this.#isBehind || this.#isClosed) return
    this.#waiting ??= []
    if (this.#waiting.length >= maxWaiting) {
      this.#waiting = null
      this.#isBehind = true
    } else this.#waiting.push(news)
    this.#woken()
  }

  async next(): Promise<RoomNews | 'behind' | 'closed'> {
    for (;;) {
      if (this.#isClosed) return 'closed'
      if (this.#isBehind) {
        this.#isBehind = false
        return 'behind'
      }
      const news = this.#waiting?.shift()
      if (news) return news
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  deliverTo(reader: CatchUpReader, writer: SubscriptionWriter, cursor: number): boolean {
    if (this.#isClosed) return true
    const waiting = this.#waiting ?? []
    this.#waiting = null
    const mustRead = this.#isBehind || waiting.some((news) => news.type === 'membership' && news.userId === this.userId)
    this.#isBehind = false
    if (mustRead || !writer.isReadable()) return false
    const fresh = waiting.filter((news) => news.type === 'message' && news.message.version > cursor)
    // Too much to write to a socket at once. Read from Postgres, it comes page by page.
    if (fresh.reduce((sum, news) => sum + (news.type === 'message' ? news.message.text.length : 0), 0) > maxCharacters) return false
    if (fresh.length > 0) this.feed.write(writer, fresh)
    const last = fresh.at(-1)
    Object.assign(this, { reader, writer, cursor: last?.type === 'message' ? last.message.version : cursor })
    this.feed.startDelivery(this)
    return true
  }

  isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#waiting = null
    this.#woken()
    this.feed.leave(this)
  }

  #woken() {
    this.#wake?.()
    this.#wake = null
  }
}
