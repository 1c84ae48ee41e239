import type { Message } from '../../contract/message'
import type { RoomListEvent } from '../../contract/room'
import type { CallContext, CallerConnection } from '../caller'
import type { RoomActStore } from './room-act-store'
import type { RoomLockNeeds } from './room-lock'
import type { RoomStore } from './room-store'

/** What the procedures of `rooms` need. */
export interface RoomsNeeds extends RoomLockNeeds {
  rooms: RoomStore
  roomActs: RoomActStore
  roomLists: RoomLists
  messages: NewestMessages
}

export type RoomsContext = CallContext<RoomsNeeds>

/** The newest message of each room, by the room's id. */
export interface NewestMessages {
  newestOf(rooms: string[]): Promise<Map<string, Message>>
  newestOfPerson(userId: string): Promise<Map<string, Message>>
}

export interface RoomLists {
  /**
   * The person's room list, and every change of it from then on. What changes twice before it is taken comes once, as it is
   * then, so that a slow reader costs no more than its list is long.
   * @throws {Failure} TOO_MANY_SUBSCRIPTIONS
   */
  follow(
    userId: string,
    connection: Pick<CallerConnection, 'openSubscription' | 'untilReadable'>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<RoomListEvent>>
}
