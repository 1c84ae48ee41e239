import type { Room } from '../../contract/room'
import { announceToPeople } from '../bus/announce'
import { getRoom } from '../rooms/room-list'
import type { ChatContext } from './needs'

/** The caller has read the room up to a place. It never takes back what was read on another device. */
export async function markRead({ parts, caller }: ChatContext, { room, seq }: { room: string; seq: number }): Promise<Room> {
  await parts.rooms.moveReadMark(room, caller.user.id, { upTo: seq })
  announceToPeople(parts, room, [caller.user.id])
  return getRoom({ parts, caller }, room)
}

/** From this message on, the room is unread for the caller. */
export async function markUnread({ parts, caller }: ChatContext, { room, seq }: { room: string; seq: number }): Promise<Room> {
  await parts.rooms.moveReadMark(room, caller.user.id, { set: seq - 1 })
  announceToPeople(parts, room, [caller.user.id])
  return getRoom({ parts, caller }, room)
}
