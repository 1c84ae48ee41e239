import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { findRefusal, type RightName, seesRoom } from '../../contract/rights'
import { type AnnounceNeeds, announceToPeople, announceToRoom } from '../bus/announce'
import type { RoomNews } from '../bus/news-bus'
import { inTransaction, type Querying, retried } from '../platform/database'
import { createLockedRoom, type LockedRoom, type ReadMessages, type RoomSnapshot } from './locked-room'
import { inRoomTurn } from './room-turns'

/** What changing a room needs. */
export interface RoomLockNeeds extends AnnounceNeeds {
  pool: Pool
  readMessages: ReadMessages
}

/**
 * Changes a room under its lock and announces the change after the commit. The caller's right is checked before the lock is
 * waited for, and again under it: a right that was taken away meanwhile counts. All of it is stored, or nothing.
 * @param right the procedure's row in the table of rights
 * @param work may run again when its transaction lost against another one
 * @throws {Failure} ROOM_NOT_FOUND, NOT_A_MEMBER, NOT_ALLOWED, UNAUTHORIZED, and what `work` throws
 * @example
 * changeRoom(ctx, 'rooms.remove', room, async (room) => {
 *   const member = await room.requireMember(username)
 *   room.requireOutranked(member)
 *   await room.endMembership(member.user.id)
 *   await room.addLine('removed', { user: member.user })
 * })
 */
export async function changeRoom<Result>(
  { parts, caller }: { parts: RoomLockNeeds; caller: { user: { id: string }; ip?: string } },
  right: RightName,
  roomId: string,
  work: (room: LockedRoom) => Promise<Result>,
): Promise<Result> {
  const actorId = caller.user.id
  // Before the lock is waited for: a stranger must not find out that a room exists because somebody holds it.
  await requireRoomRight(parts.pool, right, roomId, actorId)
  const change = { ...parts, right, roomId, actorId, ip: caller.ip ?? null }
  const { result, news, people } = await inRoomTurn(parts.pool, roomId, () =>
    retried(() => inTransaction(parts.pool, (transaction) => changeLocked(transaction, change, work))),
  )
  announceToRoom(parts, roomId, news)
  announceToPeople(parts, roomId, people)
  return result
}

/** A change of a room in a transaction that does more than that. @returns what to announce after the commit */
export async function changeLocked<Result>(
  transaction: Querying,
  change: { readMessages: ReadMessages; right: RightName; roomId: string; actorId: string; ip: string | null },
  work: (room: LockedRoom) => Promise<Result>,
): Promise<{ result: Result; news: RoomNews[]; people: Set<string> }> {
  const { right, roomId, actorId } = change
  await transaction.query('SELECT FROM rooms WHERE id = $1 FOR NO KEY UPDATE', [roomId])
  // A statement of its own: the one that waits for the lock may see what was true before it waited.
  const state = await requireRoomRight(transaction, right, roomId, actorId)
  const { room, readNews, people } = createLockedRoom(transaction, state, change)
  return { result: await work(room), news: await readNews(), people }
}

/** @throws {Failure} ROOM_NOT_FOUND, NOT_A_MEMBER, NOT_ALLOWED, UNAUTHORIZED @returns the room, seen by the actor */
export async function requireRoomRight(querying: Querying, right: RightName, roomId: string, actorId: string): Promise<RoomSnapshot> {
  const { rows } = await querying.query<
    Omit<RoomSnapshot, 'actor'> & Omit<RoomSnapshot['actor'], 'sees'> & { mayAct: boolean; userId: string }
  >(
    `SELECT r.id, r.kind, r.name, r.topic, r.last_seq AS "lastSeq", r.posting_policy AS "postingPolicy",
       r.slow_mode_seconds AS "slowModeSeconds", r.archived_at IS NOT NULL AS "isArchived",
       u.id AS "userId", u.username, u.display_name AS "displayName", u.avatar, u.role AS server, s.role AS room,
       u.disabled_at IS NULL AND u.deleted_at IS NULL AS "mayAct", coalesce(s.muted_until > clock_timestamp(), false) AS "isMuted",
       (SELECT true FROM bans b WHERE b.room_id = r.id AND b.user_id = u.id LIMIT 1) IS NOT NULL AS "isBanned"
     FROM rooms r JOIN users u ON u.id = $2
     LEFT JOIN memberships s ON s.room_id = r.id AND s.user_id = u.id
     WHERE r.id = $1`,
    [roomId, actorId],
  )
  const [row] = rows
  if (!row) throw new Failure('ROOM_NOT_FOUND')
  const { mayAct, userId, username, displayName, avatar, server, room, isMuted, isBanned, ...state } = row
  if (!mayAct) throw new Failure('UNAUTHORIZED')
  const sees = seesRoom(state, { server, room, isBanned })
  const refusal = findRefusal(right, { server, room, sees })
  if (refusal) throw new Failure(refusal)
  return { ...state, actor: { id: userId, username, displayName, avatar, server, room, sees, isMuted, isBanned } }
}
