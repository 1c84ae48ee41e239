import type { Room } from '../../contract/room'
import { announceToPeople } from '../bus/announce'
import { getRoom } from '../rooms/room-list'
import type { ChatContext } from './needs'

/** Notes that the caller has read the room up to this seq. A later seq that another device noted stays. */
export async function markRead({ parts, caller }: ChatContext, { room, seq }: { room: string; seq: number }): Promise<Room> {
  const shown = await parts.rooms.moveReadMark(room, caller.user.id, { upTo: seq })
  if (shown !== null) parts.bus.publish(room, { type: 'read', userId: caller.user.id, seq: shown })
  announceToPeople(parts, room, [caller.user.id])
  return getRoom({ parts, caller }, room)
}

/** Makes this message and everything after it unread for the caller. */
export async function markUnread({ parts, caller }: ChatContext, { room, seq }: { room: string; seq: number }): Promise<Room> {
  const shown = await parts.rooms.moveReadMark(room, caller.user.id, { set: seq - 1 })
  // News may come in another order than it was sent, so a mark that went back is read.
  if (shown !== null) parts.bus.publish(room, { type: 'read', userId: caller.user.id, seq: null })
  announceToPeople(parts, room, [caller.user.id])
  return getRoom({ parts, caller }, room)
}
