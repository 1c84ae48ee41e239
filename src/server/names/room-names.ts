import { Failure } from '../../contract/failures'
import { seesRoom } from '../../contract/rights'
import type { RoomKind } from '../../contract/room'
import type { RoomRole, ServerRole } from '../../contract/rules'
import type { Querying } from '../platform/database'
import { roomNameKeys } from './look-alikes'

/** The space of advisory locks for keys of room names. The number is arbitrary. */
const keyLocks = 7_306_002

/**
 * Claims the name of a new or renamed public room, so that no public room that its actor can see has one that looks like it. Rooms
 * that they cannot see make no difference, because the answer would tell of them: that is why the keys of a room are no unique
 * index. Of two that are claimed at the same time the second waits for the first.
 * @throws {Failure} ROOM_NAME_TAKEN
 */
export async function claimRoomName(transaction: Querying, room: { id: string; name: string }, actorId: string): Promise<void> {
  const keys = roomNameKeys(room.name)
  // In one order, so that two claims cannot wait for each other.
  await transaction.query(
    'SELECT pg_advisory_xact_lock(hashtextextended(key, $2)) FROM (SELECT key FROM unnest($1::text[]) WITH ORDINALITY AS k(key, place) ORDER BY place) k',
    [keys, keyLocks],
  )
  // A statement of its own: the one that waits for the locks sees what was true before it waited.
  const { rows: namesakes } = await transaction.query<{
    kind: RoomKind
    server: ServerRole
    room: RoomRole | null
    isBanned: boolean
  }>(
    `SELECT r.kind, u.role AS server, s.role AS room,
       EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = u.id) AS "isBanned"
     FROM room_names n JOIN rooms r ON r.id = n.room_id JOIN users u ON u.id = $3
     LEFT JOIN memberships s ON s.room_id = r.id AND s.user_id = u.id
     WHERE n.key = ANY($1) AND n.room_id <> $2 AND r.archived_at IS NULL`,
    [keys, room.id, actorId],
  )
  if (namesakes.some((other) => seesRoom({ ...other, isArchived: false }, other)))
    throw new Failure('ROOM_NAME_TAKEN', { fields: { name: 'is taken, or looks too much like another one' } })
  await transaction.query('DELETE FROM room_names WHERE room_id = $1', [room.id])
  await transaction.query('INSERT INTO room_names (room_id, key) SELECT $1, unnest($2::text[])', [room.id, keys])
}
