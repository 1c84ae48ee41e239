import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { announceToRoom } from '../bus/announce'
import type { JobHandler } from '../jobs/job-worker'
import { addJobs } from '../jobs/job-worker'
import { inTransaction, retried } from '../platform/database'
import { actAsAdmin } from './acting'
import { writeAudit } from './audit-log'
import type { AdminContext } from './needs'

const jobName = 'delete room'
/** Everybody becomes a member of this room when they get their account. */
const firstRoom = 'general'
/** Some tens of milliseconds each, so that nothing else waits for long. */
const messagesPerBatch = 2_000
/** A caller waits no longer for the rows to go. The job does the rest. */
const callMs = 8_000
/** Shorter than a job may take: the rest is a job of its own. */
const jobMs = 40_000

/**
 * Deletes a room with everything in it. In one transaction everybody loses it: it becomes private and has no members, so that
 * it answers like a room that never existed. Its rows go in batches after that, so that nobody waits for a large room.
 * @throws {Failure} ROOM_NOT_FOUND, for direct rooms too; NOT_ALLOWED for `general`
 */
export async function deleteRoom(ctx: AdminContext, roomId: string): Promise<{ room: string }> {
  const { parts } = ctx
  const version = await actAsAdmin(ctx, async (transaction) => {
    const { rows } = await transaction.query<{ name: string; kind: string; lastSeq: number; memberCount: number }>(
      `SELECT name, kind, last_seq AS "lastSeq", member_count AS "memberCount" FROM rooms
       WHERE id = $1 AND kind <> 'direct' AND deleted_at IS NULL FOR UPDATE`,
      [roomId],
    )
    const [room] = rows
    if (!room) throw new Failure('ROOM_NOT_FOUND')
    if (roomId === firstRoom)
      throw new Failure('NOT_ALLOWED', { words: `Everybody starts in ${firstRoom}, so it can't be deleted. You can archive it.` })
    for (const table of ['memberships', 'past_memberships', 'invites', 'bans']) {
      await transaction.query(`DELETE FROM ${table} WHERE room_id = $1`, [roomId])
    }
    // Two versions, of which only the second is announced: whoever follows the room finds a gap, and reads who may still see it.
    const { rows: hidden } = await transaction.query<{ version: number }>(
      `UPDATE rooms SET kind = 'private', name = '', topic = '', created_by = NULL, archived_at = coalesce(archived_at, now()),
         deleted_at = now(), last_version = last_version + 2 WHERE id = $1 RETURNING last_version AS version`,
      [roomId],
    )
    const { name, kind, lastSeq, memberCount } = room
    await writeAudit(transaction, {
      ...{ kind: 'admin.roomDeleted', actorId: ctx.actorId, room: roomId },
      detail: { name, kind, messages: lastSeq, members: memberCount },
    })
    await addJobs(transaction, [{ job: jobName, key: roomId, payload: { room: roomId } }])
    return hidden[0]?.version ?? 0
  })
  announceToRoom(parts, roomId, [{ type: 'room', version }])
  await deleteRows(parts.pool, roomId, performance.now() + callMs)
  return { room: roomId }
}

/** Goes on where a call, or a process that was killed, has stopped. */
export const createRoomDeletionJob = (pool: Pool): JobHandler => ({
  name: jobName,
  run: async (payload) => {
    const { room } = payload as { room: string }
    const isDone = await deleteRows(pool, room, performance.now() + jobMs)
    if (!isDone) await addJobs(pool, [{ job: jobName, key: room, payload: { room } }])
  },
})

/**
 * Deletes the rows of a room that is marked as deleted, and the room last. Any number of processes may do it at once.
 * @returns whether it is gone
 */
export async function deleteRows(pool: Pool, roomId: string, until = Number.POSITIVE_INFINITY): Promise<boolean> {
  for (;;) {
    const deleted = await retried(() => inTransaction(pool, (transaction) => transaction.query(messageBatch, [roomId, messagesPerBatch])))
    if ((deleted.rowCount ?? 0) === 0) break
    if (performance.now() > until) return false
  }
  for (;;) {
    const { rowCount } = await pool.query(
      `DELETE FROM room_changes WHERE ctid = ANY(ARRAY(SELECT c.ctid FROM room_changes c WHERE c.room_id = $1
         AND EXISTS (SELECT FROM rooms r WHERE r.id = $1 AND r.deleted_at IS NOT NULL) LIMIT $2))`,
      [roomId, messagesPerBatch * 5],
    )
    if (!rowCount) break
    if (performance.now() > until) return false
  }
  await pool.query('DELETE FROM after_commit WHERE room_id = $1', [roomId])
  await pool.query('DELETE FROM rooms WHERE id = $1 AND deleted_at IS NOT NULL', [roomId])
  return true
}

/** From the newest on: an answer goes before the message that it answers. */
const messageBatch = `DELETE FROM messages WHERE ctid = ANY(ARRAY(
  SELECT m.ctid FROM messages m JOIN rooms r ON r.id = m.room_id AND r.deleted_at IS NOT NULL
  WHERE m.room_id = $1 ORDER BY m.seq DESC LIMIT $2 FOR UPDATE OF m))`
