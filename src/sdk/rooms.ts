import type { PublicRoom, Room } from '../contract/room'
import type { Procedures } from './calls'
import type { RoomListHandle } from './room-list'

/** What a new room is like. */
export interface NewRoom {
  /** One line, up to 80 characters. */
  name: string
  /** Anybody can find and join a public room; a private one only those who are added or invited. */
  kind: 'public' | 'private'
  topic?: string
  /** The usernames of those who are members from the start. */
  members?: string[]
}

/** The person's rooms. All calls reject with an error for `readFailure`. */
export interface ChatRooms {
  /**
   * A live view of the person's rooms, with unread counts that are the same on all devices. Close it when it is no longer shown.
   * @example
   * const list = chat.rooms.open()
   * list.state.subscribe(() => console.log(list.state.get().rooms.map(({ name, unread }) => `${name} ${unread}`)))
   */
  open(): RoomListHandle
  /** The person's rooms as they are now. */
  list(): Promise<Room[]>
  /** One of the person's rooms, archived ones too. @throws ROOM_NOT_FOUND */
  get(id: string): Promise<Room>
  /** Public rooms by name, a page at a time. @param options `query`: a part of the name; `cursor`: the one of the page before */
  browse(options?: { query?: string; cursor?: string }): Promise<{ rooms: PublicRoom[]; cursor: string | null }>
  create(room: NewRoom): Promise<Room>
  /** The direct room of you and exactly these people, which is made if there is none. @param usernames everybody but you */
  direct(usernames: string[]): Promise<Room>
  /** Joins a public room. */
  join(id: string): Promise<Room>
  leave(id: string): Promise<void>
}

export function createRooms({ rooms }: Pick<Procedures, 'rooms'>, open: () => RoomListHandle): ChatRooms {
  return {
    open,
    list: () => rooms.list.query(),
    get: (room) => rooms.get.query({ room }),
    browse: (options = {}) => rooms.browse.query(options),
    create: (room) => rooms.create.mutate(room),
    direct: (usernames) => rooms.direct.mutate({ usernames }),
    join: (room) => rooms.join.mutate({ room }),
    leave: async (room) => {
      await rooms.leave.mutate({ room })
    },
  }
}
