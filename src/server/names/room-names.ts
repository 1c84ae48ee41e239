import { Failure } from '../../contract/failures'
import type { RoomKind } from '../../contract/room'
import type { RoomRole, ServerRole } from '../../contract/rules'
import type { Querying } from '../platform/database'
import { seesRoom } from '../rights'
import { roomNameKeys } from './look-alikes'

interface NamedRoom {
  id: string
  kind: RoomKind
  name: string
}

/**
 * Claims the name of a new or renamed room, so that no public room that its actor can see has one that looks like it. Rooms
 * that they cannot see make no difference: the answer would tell of them.
 * @throws {Failure} ROOM_NAME_TAKEN
 */
export async function claimRoomName(transaction: Querying, room: NamedRoom, actorId: string): Promise<void> {
  const keys = roomNameKeys(room.name)
  if (room.kind === 'public') {
    await transaction.query('DELETE FROM room_names WHERE room_id = $1 AND NOT key = ANY($2)', [room.id, keys])
    await claimFreeKeys(transaction, room.id, keys)
  }
  const { rows: holders } = await transaction.query<{
    kind: RoomKind
    isArchived: boolean
    server: ServerRole
    room: RoomRole | null
    isBanned: boolean
  }>(
    `SELECT r.kind, r.archived_at IS NOT NULL AS "isArchived", u.role AS server, s.role AS room,
       EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = u.id) AS "isBanned"
     FROM room_names n JOIN rooms r ON r.id = n.room_id JOIN users u ON u.id = $3
     LEFT JOIN memberships s ON s.room_id = r.id AND s.user_id = u.id
     WHERE n.key = ANY($1) AND n.room_id <> $2`,
    [keys, room.id, actorId],
  )
  if (holders.some((holder) => seesRoom(holder, holder)))
    throw new Failure('ROOM_NAME_TAKEN', { fields: { name: 'is taken, or looks like a name that is' } })
}

/** An archived room gives its name up. */
export async function releaseRoomName(transaction: Querying, roomId: string): Promise<void> {
  await transaction.query('DELETE FROM room_names WHERE room_id = $1', [roomId])
}

/** Claims the name of a room that is there already, unless another room has it: then both keep theirs. */
export async function reclaimRoomName(transaction: Querying, room: NamedRoom): Promise<void> {
  if (room.kind === 'public') await claimFreeKeys(transaction, room.id, roomNameKeys(room.name))
}

/** In one order, so that two claims cannot wait for each other. One that is being made elsewhere is waited for. */
async function claimFreeKeys(transaction: Querying, roomId: string, keys: readonly string[]): Promise<void> {
  await transaction.query(
    `INSERT INTO room_names (key, room_id) SELECT key, $1 FROM unnest($2::text[]) WITH ORDINALITY AS k(key, place) ORDER BY place
     ON CONFLICT (key) DO NOTHING`,
    [roomId, keys],
  )
}
