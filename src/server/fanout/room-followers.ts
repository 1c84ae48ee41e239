import type { RoomBus, RoomNews } from '../bus/room-bus'

/** One follower's end of a room on this node: news wait here until they are taken. */
export interface LiveNews {
  /**
   * The next news in the order they came; `behind` when more had come than may wait, so that some are gone; `closed`
   * after `close`.
   */
  next(): Promise<RoomNews | 'behind' | 'closed'>
  close(): void
}

export interface RoomFollowers {
  /** Resolves when news of the room arrive. One subscription on the bus serves all followers of a room on this node. */
  follow(room: string): Promise<LiveNews>
  /** How many rooms and followers this node serves. */
  count(): { rooms: number; followers: number }
}

/** So many news may wait for one follower. Past it they are dropped, and the follower reads them from Postgres instead. */
const maxWaiting = 256

interface FollowedRoom {
  followers: Set<(news: RoomNews) => void>
  subscribed: Promise<{ unsubscribe(): void }>
}

export function createRoomFollowers(bus: RoomBus): RoomFollowers {
  const rooms = new Map<string, FollowedRoom>()

  async function leave(room: string, followed: FollowedRoom, receive: (news: RoomNews) => void) {
    if (!followed.followers.delete(receive)) return
    const { unsubscribe } = await followed.subscribed
    // Somebody may have come meanwhile: the room stays in the map until it is really given up, so that they share it.
    if (followed.followers.size > 0 || rooms.get(room) !== followed) return
    rooms.delete(room)
    unsubscribe()
  }

  return {
    follow: async (room) => {
      let followed = rooms.get(room)
      if (!followed) {
        const followers: FollowedRoom['followers'] = new Set()
        const subscribed = bus.subscribe(room, (news) => {
          for (const receive of followers) receive(news)
        })
        followed = { followers, subscribed }
        rooms.set(room, followed)
      }
      const current = followed
      const { receive, live } = createLiveNews(() => void leave(room, current, receive))
      current.followers.add(receive)
      await current.subscribed
      return live
    },

    count: () => ({
      rooms: rooms.size,
      followers: [...rooms.values()].reduce((sum, { followers }) => sum + followers.size, 0),
    }),
  }
}

function createLiveNews(onClose: () => void): { receive: (news: RoomNews) => void; live: LiveNews } {
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
      if (behind) return
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
