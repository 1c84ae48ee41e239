import type { Room, RoomListEvent } from '../contract/room'

/** The room list after an event: the room with the newest message first, those of the same time by name. */
export function withRoomListEvent(rooms: readonly Room[], event: RoomListEvent): readonly Room[] {
  switch (event.type) {
    case 'list':
      return event.rooms.toSorted(byLatest)
    case 'room':
      return [...rooms.filter(({ id }) => id !== event.room.id), event.room].sort(byLatest)
    case 'gone':
      return rooms.filter(({ id }) => id !== event.room)
  }
}

const byLatest = (a: Room, b: Room) =>
  // ISO 8601 times in UTC have one length, so they sort as text.
  compare(b.lastMessage?.time ?? '', a.lastMessage?.time ?? '') || a.name.localeCompare(b.name) || compare(a.id, b.id)

const compare = (a: string, b: string) => Number(a > b) - Number(a < b)
