import type { Message } from '../../contract/message'
import type { RoomListEvent } from '../../contract/room'
import type { CallContext, CallerConnection } from '../caller'
import type { RoomLockNeeds } from './room-lock'
import type { RoomStore } from './room-store'

/** What the procedures of `rooms` need. */
export interface RoomsNeeds extends RoomLockNeeds {
  rooms: RoomStore
  roomListFeed: RoomListFeed
  messages: NewestMessages
}

export type RoomsContext = CallContext<RoomsNeeds>

/** The newest message of each room, by the room's id. */
export interface NewestMessages {
  newestOf(rooms: string[]): Promise<Map<string, Message>>
  newestOfPerson(userId: string): Promise<Map<string, Message>>
}

export interface RoomListFeed {
  /**
   * The person's room list, and every change of it from then on. A room that changes twice before its event is sent is sent
   * once, as it is then, so that a slow reader costs no more memory than its list is long.
   * @throws {Failure} TOO_MANY_SUBSCRIPTIONS
   */
  follow(
    userId: string,
    connection: Pick<CallerConnection, 'openSubscription' | 'untilReadable'>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<RoomListEvent>>
}
