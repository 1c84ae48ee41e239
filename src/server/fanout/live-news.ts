import type { RoomNews } from '../bus/room-bus'

/** One follower's end of a room on this node: news wait here until they are taken. */
export interface LiveNews {
  /**
   * The next news in the order they came; `behind` when more had come than may wait, so that some are gone; `closed`
   * after `close`.
   */
  next(): Promise<RoomNews | 'behind' | 'closed'>
  close(): void
}

/** So many news may wait for one follower. Past it they are dropped, and the follower reads them from Postgres instead. */
const maxWaiting = 256

export function createLiveNews(onClose: () => void): { receive: (news: RoomNews) => void; live: LiveNews } {
  let waiting: RoomNews[] = []
  let behind = false
  let closed = false
  let wake: (() => void) | null = null
  const woken = () => {
    wake?.()
    wake = null
  }
  return {
    receive: (news) => {
      if (behind || closed) return
      if (waiting.length >= maxWaiting) {
        waiting = []
        behind = true
      } else waiting.push(news)
      woken()
    },
    live: {
      next: async () => {
        for (;;) {
          if (closed) return 'closed'
          if (behind) {
            behind = false
            return 'behind'
          }
          const news = waiting.shift()
          if (news) return news
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      },
      close: () => {
        if (closed) return
        closed = true
        waiting = []
        woken()
        onClose()
      },
    },
  }
}
