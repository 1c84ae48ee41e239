import type { Room, RoomListEvent } from '../contract/room'

/** The room list after what was told of it: the room with the newest talk first, and those of one moment by name. */
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
  // Times are all in UTC and of one length: as text they are in their order.
  compare(b.lastMessage?.time ?? '', a.lastMessage?.time ?? '') || a.name.localeCompare(b.name) || compare(a.id, b.id)

const compare = (a: string, b: string) => Number(a > b) - Number(a < b)
