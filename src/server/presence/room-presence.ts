import type { RoomFeeds } from '../fanout/room-feeds'
import type { Log } from '../platform/log'
import type { PresenceBoard } from './presence-board'
import type { PresenceStore } from './presence-store'
import { type PresenceWatch, WatchedRoom } from './watched-room'

/** Who is here in the rooms that somebody on this node watches. */
export interface RoomPresence {
  /** The first thing it tells is how it is now. @param userId whose watch it is: it ends with their membership */
  watch(room: string, userId: string): PresenceWatch
  close(): void
}

interface RoomPresenceParts {
  board: PresenceBoard
  store: Pick<PresenceStore, 'membersOf' | 'membersAmong'>
  rooms: { requireMembership(room: string, userId: string): Promise<unknown> }
  feeds: Pick<RoomFeeds, 'watch'>
  log: Log
}

export function createRoomPresence({ board, store, rooms, feeds, log }: RoomPresenceParts): RoomPresence {
  const watched = new Map<string, WatchedRoom>()
  /** Which of them somebody is in: a change of theirs costs those, and no others. */
  const roomsOf = new Map<string, WatchedRoom[]>()

  function indexMember(room: WatchedRoom, userId: string, isMember: boolean) {
    const others = (roomsOf.get(userId) ?? []).filter((other) => other !== room)
    if (isMember) others.push(room)
    if (others.length > 0) roomsOf.set(userId, others)
    else roomsOf.delete(userId)
  }

  function open(room: string): WatchedRoom {
    const opened = new WatchedRoom({
      room,
      board,
      store,
      requireMembership: (userId) => rooms.requireMembership(room, userId),
      onError: (error) => log.warn({ room, error: error.message }, 'the members of a room could not be read; it is tried again'),
      onMember: (userId, isMember) => indexMember(opened, userId, isMember),
      onUnwatched: () => {
        if (watched.get(room) === opened) watched.delete(room)
        unwatch()
        opened.close()
      },
    })
    const unwatch = feeds.watch(room, (news) => opened.hear(news))
    watched.set(room, opened)
    return opened
  }

  const stopListening = board.onChange((changed) => {
    if (changed === 'all') for (const room of watched.values()) room.allChanged()
    else for (const userId of changed) for (const room of roomsOf.get(userId) ?? []) room.stateChanged(userId)
  })

  return {
    watch: (room, userId) => (watched.get(room) ?? open(room)).watch(userId),
    close: () => {
      stopListening()
      for (const room of [...watched.values()]) room.close()
    },
  }
}
