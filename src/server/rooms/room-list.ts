import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { Room } from '../../contract/room'
import { compareRooms } from '../../contract/rules'
import type { CallContext } from '../caller'
import type { RoomsNeeds } from './needs'
import type { ListedRoom } from './room-store'

type ListNeeds = Pick<RoomsNeeds, 'rooms' | 'messages'>

/** The caller's rooms, the one with the latest message first. Archived ones are not in it. */
export const listRooms = ({ parts, caller }: CallContext<ListNeeds>): Promise<Room[]> => readRoomList(parts, caller.user.id)

export async function readRoomList({ rooms, messages }: ListNeeds, userId: string): Promise<Room[]> {
  // Messages first: one that was written after the person was removed is then in none of the rooms that are still theirs.
  const newest = await messages.newestOfPerson(userId)
  const listed = await rooms.listOf(userId)
  return listed.map((room) => toRoom(room, newest.get(room.id))).sort(compareRooms)
}

/** A room of the caller's as it is now, archived or not. @throws {Failure} ROOM_NOT_FOUND when they are not a member */
export async function getRoom(ctx: CallContext<ListNeeds>, roomId: string): Promise<Room> {
  const room = await findRoom(ctx, roomId)
  if (!room) throw new Failure('ROOM_NOT_FOUND')
  return room
}

export async function findRoom({ parts, caller }: CallContext<ListNeeds>, roomId: string): Promise<Room | null> {
  // The message first, as in `readRoomList`.
  const newest = await parts.messages.newestOf([roomId])
  const listed = await parts.rooms.findListed(roomId, caller.user.id)
  return listed && toRoom(listed, newest.get(roomId))
}

export function toRoom({ userId: _, ...room }: ListedRoom, lastMessage: Message | null = null): Room {
  return { ...room, lastMessage }
}
