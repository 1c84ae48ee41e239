import type { Room, RoomListEvent } from '../contract/room'
import { compareRooms } from '../contract/rules'

/** The room list after an event: the room with the newest message first, those of the same time by name. */
export function withRoomListEvent(rooms: readonly Room[], event: RoomListEvent): readonly Room[] {
  switch (event.type) {
    case 'list':
      return event.rooms.toSorted(compareRooms)
    case 'room':
      return [...rooms.filter(({ id }) => id !== event.room.id), event.room].sort(compareRooms)
    case 'gone':
      return rooms.filter(({ id }) => id !== event.room)
  }
}
