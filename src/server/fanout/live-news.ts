import type { RoomNews } from '../bus/news-bus'
import type { Outlet } from './outlet'

/** One follower's end of a room on this node: news wait here until they are taken, or go straight to its outlet. */
export interface LiveNews {
  /**
   * The next news in the order they came; `behind` when more had come than may wait, so that some are gone; `closed`
   * after `close`.
   */
  next(): Promise<RoomNews | 'behind' | 'closed'>
  /**
   * Writes what waits, newer than `cursor`, and from now on hands every change straight to the reader's outlet, until the
   * reader has to read again. False when it has to at once, because news are gone, its person's membership
   * has changed, or too much waits for its client already.
   */
  flow(reader: Reader, outlet: Outlet, cursor: number): boolean
  isClosed(): boolean
  close(): void
}

/** Who reads from Postgres what does not come as news. */
export interface Reader {
  /** Its changes wait again. It has everything up to `cursor`. */
  interrupted(cursor: number): void
}

/** What a follower needs of the feed that it follows. */
export interface FollowedFeed {
  /** Writes changes to an outlet. */
  write(outlet: Outlet, news: readonly RoomNews[]): void
  join(follower: Follower): void
  leave(follower: Follower): void
}

/** So many news may wait for one follower. Past it they are dropped, and the follower reads them from Postgres instead. */
const maxWaiting = 256
/** So many characters of them may be written at once. */
const maxCharacters = 64 * 1024

/** A class, and frugal: a node holds very many of them, most of them idle. */
export class Follower implements LiveNews {
  /** Where its changes go straight to; null while they wait. */
  outlet: Outlet | null = null
  /** With an outlet: it has everything up to here, and everything that was handed on since. */
  cursor = 0
  reader: Reader | null = null
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

  flow(reader: Reader, outlet: Outlet, cursor: number): boolean {
    if (this.#isClosed) return true
    const waiting = this.#waiting ?? []
    this.#waiting = null
    const mustRead = this.#isBehind || waiting.some((news) => news.type === 'membership' && news.userId === this.userId)
    this.#isBehind = false
    if (mustRead || !outlet.isReadable()) return false
    const fresh = waiting.filter((news) => news.type === 'message' && news.message.version > cursor)
    // Written at once they would be more than may wait in a socket: read again, they come page by page.
    if (fresh.reduce((sum, news) => sum + (news.type === 'message' ? news.message.text.length : 0), 0) > maxCharacters) return false
    if (fresh.length > 0) this.feed.write(outlet, fresh)
    const last = fresh.at(-1)
    Object.assign(this, { reader, outlet, cursor: last?.type === 'message' ? last.message.version : cursor })
    this.feed.join(this)
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
