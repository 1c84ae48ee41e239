import type { Room, RoomListEvent } from '../contract/room'
import type { ChatClient } from './chat-client'
import type { ChatFailure } from './chat-error'
import { keepFollowing } from './keep-following'
import { withRoomListEvent } from './listed-rooms'
import { createStore, type Store } from './store'

export type RoomListState =
  | { state: 'loading'; rooms: readonly Room[] }
  /** The room with the newest talk comes first. */
  | { state: 'live'; rooms: readonly Room[] }
  /** The server will not tell it, or no longer. */
  | { state: 'ended'; rooms: readonly Room[]; reason: ChatFailure }

export interface RoomListHandle {
  state: Store<RoomListState>
  close(): void
}

/** The rooms that this person is in, with what is unread in them, as they are on all their devices. */
export function openRoomList(client: Pick<ChatClient, 'rooms'>, onClose: () => void = () => {}): RoomListHandle {
  const state = createStore<RoomListState>({ state: 'loading', rooms: [] })
  const closing = new AbortController()

  void keepFollowing({
    follow,
    onEnded: (reason) => state.set({ state: 'ended', rooms: state.get().rooms, reason }),
    signal: closing.signal,
  })

  /** As with a room's stream, tRPC mends a lost connection by itself: the whole list comes first then, too. */
  function follow(onStarted: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      client.rooms.onChange.subscribe(undefined, {
        onStarted,
        onData: (event: RoomListEvent) => state.set({ state: 'live', rooms: withRoomListEvent(state.get().rooms, event) }),
        onError: reject,
        onStopped: resolve,
        onComplete: resolve,
        signal: closing.signal,
      })
    })
  }

  return {
    state,
    close: () => {
      if (closing.signal.aborted) return
      closing.abort()
      onClose()
    },
  }
}
