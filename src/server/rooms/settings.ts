import type { PostingPolicy, Room } from '../../contract/room'
import { announceToPeople } from '../bus/announce'
import { claimRoomName } from '../names/room-names'
import type { RoomsContext } from './needs'
import { findRoom, getRoom } from './room-list'
import { changeRoom } from './room-lock'

/** What the caller gets of a room that they changed: an admin need not be a member of it. */
type ChangedRoom = Room | { id: string }

/** @throws {Failure} DIRECT_ROOM, ROOM_ARCHIVED, ROOM_NAME_TAKEN */
export async function updateRoom(
  ctx: RoomsContext,
  input: {
    room: string
    name?: string | undefined
    topic?: string | undefined
    postingPolicy?: PostingPolicy | undefined
    slowModeSeconds?: number | undefined
  },
): Promise<ChangedRoom> {
  await changeRoom(ctx, 'rooms.update', input.room, async (room) => {
    room.requireChangeable()
    const { name = room.name, topic = room.topic, postingPolicy = room.postingPolicy, slowModeSeconds = room.slowModeSeconds } = input
    const hasNewRules = postingPolicy !== room.postingPolicy || slowModeSeconds !== room.slowModeSeconds
    if (name === room.name && topic === room.topic && !hasNewRules) return
    await room.query('UPDATE rooms SET name = $2, topic = $3, posting_policy = $4, slow_mode_seconds = $5 WHERE id = $1', [
      ...[room.id, name, topic, postingPolicy, slowModeSeconds],
    ])
    if (name !== room.name) {
      if (room.kind === 'public') await claimRoomName(room, { id: room.id, name }, room.actor.id)
      await room.addLine('renamed', { name })
    }
    if (topic !== room.topic) await room.addLine('topic', { topic })
    if (hasNewRules) await room.takeRoomVersion()
    await room.audit('room.updated', null, { name, topic, postingPolicy, slowModeSeconds })
  })
  return showChangedRoom(ctx, input.room)
}

/** Nobody can write in an archived room, and it is in nobody's list. Its members can still read it. @throws {Failure} DIRECT_ROOM */
export async function archiveRoom(ctx: RoomsContext, roomId: string): Promise<ChangedRoom> {
  await changeRoom(ctx, 'rooms.archive', roomId, async (room) => {
    room.requireNotDirect()
    if (room.isArchived) return
    await room.query('UPDATE rooms SET archived_at = now() WHERE id = $1', [room.id])
    await room.addLine('archived')
    await room.audit('room.archived')
  })
  return showChangedRoom(ctx, roomId)
}

/** Takes an archived room back. @throws {Failure} DIRECT_ROOM */
export async function restoreRoom(ctx: RoomsContext, roomId: string): Promise<ChangedRoom> {
  await changeRoom(ctx, 'rooms.archive', roomId, async (room) => {
    room.requireNotDirect()
    if (!room.isArchived) return
    await room.query('UPDATE rooms SET archived_at = NULL WHERE id = $1', [room.id])
    await room.addLine('restored')
    await room.audit('room.restored')
  })
  // The others' lists show it within a second; the caller's at once.
  announceToPeople(ctx.parts, roomId, [ctx.caller.user.id])
  return showChangedRoom(ctx, roomId)
}

const showChangedRoom = async (ctx: RoomsContext, room: string): Promise<ChangedRoom> => (await findRoom(ctx, room)) ?? { id: room }

/** Sets which messages of the room notify the caller. */
export async function setNotify(ctx: RoomsContext, { room, notify }: Pick<Room, 'notify'> & { room: string }): Promise<Room> {
  const { parts, caller } = ctx
  await parts.rooms.setNotify(room, caller.user.id, notify)
  announceToPeople(parts, room, [caller.user.id])
  return getRoom(ctx, room)
}

/** Keeps the room at the top of the caller's list, on all their devices, or no longer. */
export async function setFavorite(ctx: RoomsContext, { room, favorite }: { room: string; favorite: boolean }): Promise<Room> {
  const { parts, caller } = ctx
  await parts.rooms.setFavorite(room, caller.user.id, favorite)
  announceToPeople(parts, room, [caller.user.id])
  return getRoom(ctx, room)
}
