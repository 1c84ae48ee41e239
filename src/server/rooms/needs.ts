import type { RoomListEvent } from '../../contract/room'
import type { CallContext, CallerConnection } from '../caller'
import type { DirectSubscription } from '../fanout/client-socket'
import type { ListStore } from './list-store'
import type { RoomLockNeeds } from './room-lock'
import type { RoomStore } from './room-store'

/** What the procedures of `rooms` need. */
export interface RoomsNeeds extends RoomLockNeeds {
  rooms: RoomStore
  roomListFeed: RoomListFeed
  lists: ListStore
  /** Delivers the events of a subscription directly; null when they have to go through tRPC's loop. */
  deliverDirectly: ((subscription: DirectSubscription) => AsyncIterable<never>) | null
}

export type RoomsContext = CallContext<RoomsNeeds>

export interface RoomListFeed {
  /**
   * The person's room list, and every change of it from then on. A room that changes twice before its event is sent is sent
   * once, as it is then, so that a slow reader costs no more memory than its list is long.
   * @param deliverDirectly null to pass the events through tRPC's loop
   * @throws {Failure} TOO_MANY_SUBSCRIPTIONS
   */
  follow(
    user: { id: string; username: string },
    connection: Pick<CallerConnection, 'openSubscription' | 'untilReadable'>,
    signal: AbortSignal,
    deliverDirectly: RoomsNeeds['deliverDirectly'],
  ): Promise<AsyncIterable<RoomListEvent>>
}
