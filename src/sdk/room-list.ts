import type { Room, RoomListEvent } from '../contract/room'
import type { ChatClient } from './chat-client'
import { type ChatFailure, readFailure } from './chat-error'
import { withRoomListEvent } from './listed-rooms'
import { backoffWithJitter } from './reconnect'
import { createStore, type Store } from './store'
import { waitFor } from './wait-for'

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

  void keepFollowing()

  async function keepFollowing() {
    for (let attempt = 0; !closing.signal.aborted; attempt++) {
      let waitMs = backoffWithJitter(attempt)
      try {
        await follow(() => {
          attempt = 0
        })
      } catch (error) {
        if (closing.signal.aborted) return
        const reason = readFailure(error)
        if (!reason.retry) return state.set({ state: 'ended', rooms: state.get().rooms, reason })
        waitMs = reason.retryAfterMs ?? waitMs
      }
      await waitFor(waitMs, closing.signal)
    }
  }

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
