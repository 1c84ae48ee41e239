import type { ChangeTail } from '../fanout/change-tail'
import type { RoomFeeds } from '../fanout/room-feeds'
import type { Log } from '../platform/log'
import type { ClusterPresence } from './cluster-presence'
import type { PresenceStore } from './presence-store'
import { type PresenceSubscription, RoomWatch } from './room-watch'

/** Presence in the rooms that somebody on this node watches. */
export interface RoomPresence {
  /** Starts with the current state. @param userId the watcher: the subscription ends with their membership */
  watch(room: string, userId: string): PresenceSubscription
  close(): void
}

interface RoomPresenceParts {
  cluster: ClusterPresence
  store: Pick<PresenceStore, 'membersOf' | 'membersAmong'>
  rooms: { requireMembership(room: string, userId: string): Promise<unknown> }
  feeds: Pick<RoomFeeds, 'watch'>
  tail: Pick<ChangeTail, 'onChanges'>
  log: Log
}

export function createRoomPresence({ cluster, store, rooms, feeds, tail, log }: RoomPresenceParts): RoomPresence {
  const watches = new Map<string, RoomWatch>()
  /** The watched rooms of each person, so that a change of theirs only costs these. */
  const roomsOf = new Map<string, RoomWatch[]>()

  function indexMember(room: RoomWatch, userId: string, isMember: boolean) {
    const others = (roomsOf.get(userId) ?? []).filter((other) => other !== room)
    if (isMember) others.push(room)
    if (others.length > 0) roomsOf.set(userId, others)
    else roomsOf.delete(userId)
  }

  function open(room: string): RoomWatch {
    const opened = new RoomWatch({
      room,
      cluster,
      store,
      requireMembership: (userId) => rooms.requireMembership(room, userId),
      onError: (error) => log.warn({ room, error: error.message }, 'could not read the members of a room; trying again'),
      onMember: (userId, isMember) => indexMember(opened, userId, isMember),
      onUnwatched: () => {
        if (watches.get(room) === opened) watches.delete(room)
        watch.stop()
        opened.close()
      },
    })
    const watch = feeds.watch(room, opened)
    watches.set(room, opened)
    return opened
  }

  const unsubscribe = cluster.onChange((changed) => {
    if (changed === 'all') for (const room of watches.values()) room.allChanged()
    else for (const userId of changed) for (const room of roomsOf.get(userId) ?? []) room.stateChanged(userId)
  })

  const stopTail = tail.onChanges((changes) => {
    // When anything may have changed, the feeds tell it.
    if (changes === 'anything') return
    for (const { room, userId } of changes.memberships) if (userId !== null) watches.get(room)?.membershipChanged(userId)
  })

  return {
    watch: (room, userId) => (watches.get(room) ?? open(room)).subscribe(userId),
    close: () => {
      unsubscribe()
      stopTail()
      for (const room of [...watches.values()]) room.close()
    },
  }
}
