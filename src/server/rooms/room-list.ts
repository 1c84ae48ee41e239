import { Failure } from '../../contract/failures'
import type { Room } from '../../contract/room'
import { compareRooms } from '../../contract/rules'
import type { CallContext, ReaderContext } from '../caller'
import { toRoom } from './list-entry'
import type { ListStore } from './list-store'
import type { RoomsNeeds } from './needs'

type ListNeeds = Pick<RoomsNeeds, 'lists'>

/** A long list is read in slices, so that the node's other work does not wait for it. */
const roomsPerSlice = 500

/** The caller's rooms, the one with the latest message first. Archived ones are not in it. */
export async function listRooms({ parts: { lists }, caller }: CallContext<ListNeeds>): Promise<Room[]> {
  const userId = caller.user.id
  const ids = (await lists.roomsOf([userId])).get(userId) ?? []
  const listed: Room[] = []
  for (let from = 0; from < ids.length; from += roomsPerSlice) {
    listed.push(...(await readRooms(lists, userId, ids.slice(from, from + roomsPerSlice))))
  }
  return listed.sort(compareRooms)
}

async function readRooms(lists: ListStore, userId: string, ids: readonly string[], options?: { archivedToo: boolean }): Promise<Room[]> {
  // The rooms first: a message that was written after the person was removed is then in none of the rooms that are still theirs.
  const summaries = await lists.summariesOf(ids)
  const own = await lists.partsAmong(
    summaries.map(({ id }) => ({ userId, room: id })),
    options,
  )
  return summaries.flatMap((summary, index) => {
    const part = own[index]
    return part ? [toRoom(summary, part, userId)] : []
  })
}

/** A room of the caller's as it is now, archived or not. @throws {Failure} ROOM_NOT_FOUND when they are not a member */
export async function getRoom(ctx: CallContext<ListNeeds>, roomId: string): Promise<Room> {
  const room = await findRoom(ctx, roomId)
  if (!room) throw new Failure('ROOM_NOT_FOUND')
  return room
}

export async function findRoom({ parts, caller }: ReaderContext<ListNeeds>, roomId: string): Promise<Room | null> {
  const [room] = await readRooms(parts.lists, caller.user.id, [roomId], { archivedToo: true })
  return room ?? null
}
