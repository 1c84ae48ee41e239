import type { Room } from '../contract/room'
import type { Procedures } from './calls'
import type { ChatFailure } from './chat-error'
import type { Clock } from './clock'
import type { ConnectionStatus } from './connection/status'
import { startFollowing } from './following'
import { withRoomListEvent } from './listed-rooms'
import { createStore, type Store } from './store'

export type RoomListState =
  | { state: 'loading'; rooms: readonly Room[] }
  /** The room with the newest message comes first. */
  | { state: 'live'; rooms: readonly Room[] }
  /** The server has ended the subscription, or the client has ended. */
  | { state: 'ended'; rooms: readonly Room[]; reason: ChatFailure }

export interface RoomListHandle {
  state: Store<RoomListState>
  /** Subscribes again after it has ended. */
  reopen(): void
  close(): void
}

/** Follows the person's rooms with their unread counts, which are the same on all devices. */
export function openRoomList({
  calls,
  status,
  clock,
}: {
  calls: Pick<Procedures, 'rooms'>
  status: Store<ConnectionStatus>
  clock: Clock
}): RoomListHandle {
  const state = createStore<RoomListState>({ state: 'loading', rooms: [] })
  const following = startFollowing({
    clock,
    status,
    // After a lost connection tRPC subscribes again by itself, and the server sends the whole list first.
    follow: ({ signal, onStarted }) =>
      new Promise((resolve, reject) => {
        if (state.get().state === 'ended') state.set({ state: 'loading', rooms: state.get().rooms })
        calls.rooms.onChange.subscribe(undefined, {
          onStarted,
          onData: (event) => state.set({ state: 'live', rooms: withRoomListEvent(state.get().rooms, event) }),
          onError: reject,
          onStopped: resolve,
          onComplete: resolve,
          signal,
        })
      }),
    onEnded: (reason) => state.set({ state: 'ended', rooms: state.get().rooms, reason }),
  })
  return { state, reopen: following.reopen, close: following.close }
}
