import type { RoomNews } from '../bus/room-bus'
import type { Outlet } from './outlet'

/** One follower's end of a room on this node: news wait here until they are taken, or go straight to its outlet. */
export interface LiveNews {
  /**
   * The next news in the order they came; `behind` when more had come than may wait, so that some are gone; `closed`
   * after `close`.
   */
  next(): Promise<RoomNews | 'behind' | 'closed'>
  /**
   * Writes what waits, newer than `cursor`, and from now on hands every change straight to the outlet, until it has to
   * read again: `onInterrupted` is told after which version. False when it has to at once, because news are gone or its
   * person's membership has changed.
   */
  flow(to: { outlet: Outlet; cursor: number; onInterrupted: (cursor: number) => void }): boolean
  isClosed(): boolean
  close(): void
}

/** A follower whose changes go straight to its outlet. */
export interface Flowing {
  readonly outlet: Outlet
  /** It has everything up to here, and everything that was handed on since. */
  readonly cursor: number
  readonly onInterrupted: (cursor: number) => void
}

/** What a follower needs of the feed that it follows. */
export interface FollowedFeed {
  /** Writes changes to an outlet. */
  write(outlet: Outlet, news: readonly RoomNews[]): void
  join(follower: Follower, flowing: Flowing): void
  leave(follower: Follower): void
}

/** So many news may wait for one follower. Past it they are dropped, and the follower reads them from Postgres instead. */
const maxWaiting = 256

export class Follower implements LiveNews {
  flowing: Flowing | null = null
  #waiting: RoomNews[] = []
  #isBehind = false
  #isClosed = false
  #wake: (() => void) | null = null

  constructor(
    readonly userId: string,
    private readonly feed: FollowedFeed,
  ) {}

  receive(news: RoomNews): void {
    if (this.#isBehind || this.#isClosed) return
    if (this.#waiting.length >= maxWaiting) {
      this.#waiting = []
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
      const news = this.#waiting.shift()
      if (news) return news
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  flow({ outlet, cursor, onInterrupted }: { outlet: Outlet; cursor: number; onInterrupted: (cursor: number) => void }): boolean {
    if (this.#isClosed) return true
    const waiting = this.#waiting
    this.#waiting = []
    const mustRead = this.#isBehind || waiting.some((news) => news.type === 'membership' && news.userId === this.userId)
    this.#isBehind = false
    if (mustRead) return false
    const fresh = waiting.filter((news) => news.type === 'message' && news.message.version > cursor)
    if (fresh.length > 0) this.feed.write(outlet, fresh)
    const last = fresh.at(-1)
    this.feed.join(this, { outlet, cursor: last?.type === 'message' ? last.message.version : cursor, onInterrupted })
    return true
  }

  isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#waiting = []
    this.#woken()
    this.feed.leave(this)
  }

  #woken() {
    this.#wake?.()
    this.#wake = null
  }
}
