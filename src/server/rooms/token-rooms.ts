import { Failure } from '../../contract/failures'
import { changeRoom, type RoomLockNeeds } from './room-lock'

/**
 * Makes somebody a member of the rooms that their token names. A room that does not exist, is archived or direct, or has
 * banned them is left out: a token that names an old room must not keep its person out of the others. Nobody is removed from
 * a room that the token does not name.
 */
export async function addToRooms(parts: RoomLockNeeds, userId: string, rooms: readonly string[]): Promise<void> {
  const { rows } = await parts.pool.query<{ id: string }>(
    `SELECT r.id FROM unnest($2::text[]) AS k(id)
     CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = k.id AND r.kind <> 'direct' AND r.archived_at IS NULL LIMIT 1) r
     WHERE NOT EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id = $1)
       AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = $1)
     ORDER BY r.id`,
    [userId, [...new Set(rooms)]],
  )
  for (const { id } of rows) await addToRoom(parts, userId, id)
}

async function addToRoom(parts: RoomLockNeeds, userId: string, roomId: string): Promise<void> {
  try {
    await changeRoom({ parts, caller: { user: { id: userId } } }, 'rooms.acceptInvite', roomId, async (room) => {
      const { actor, kind, isArchived } = room
      if (actor.room !== null || actor.isBanned || isArchived || kind === 'direct') return
      await room.addMember(userId)
      if (kind === 'private') await room.addLine('joined')
      await room.audit('room.invited', userId, { by: 'app' })
    })
  } catch (error) {
    // The room was deleted meanwhile, or the person may no longer sign in, which ends their token in another place.
    if (!(error instanceof Failure) || error.failure === 'UNAVAILABLE') throw error
  }
}
