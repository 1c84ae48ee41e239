import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { announceToRoom } from '../bus/announce'
import { addJobs, type JobHandler } from '../jobs/job-worker'
import { erasureOf } from '../people/bot-erasure'
import { retried } from '../platform/database'
import { actAsAdmin } from './acting'
import { writeAudit } from './audit-log'
import type { AdminContext } from './needs'

const jobName = 'delete room'
/** Everybody becomes a member of this room when they get their account. */
const firstRoom = 'general'
/** Some tens of milliseconds each, so that nothing else waits for long. */
const rowsPerBatch = 2_000
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
  const { version } = await actAsAdmin(ctx, async (transaction) => {
    const { rows } = await transaction.query<{ name: string; kind: string; lastSeq: number; memberCount: number }>(
      `SELECT name, kind, last_seq AS "lastSeq", member_count AS "memberCount" FROM rooms
       WHERE id = $1 AND kind <> 'direct' AND deleted_at IS NULL FOR UPDATE`,
      [roomId],
    )
    const [room] = rows
    if (!room) throw new Failure('ROOM_NOT_FOUND')
    if (roomId === firstRoom)
      throw new Failure('NOT_ALLOWED', { words: `Everybody starts in ${firstRoom}, so it can't be deleted. You can archive it.` })
    for (const table of ['memberships', 'past_memberships', 'invites', 'bans', 'room_names', 'outgoing_hooks']) {
      await transaction.query(`DELETE FROM ${table} WHERE room_id = $1`, [roomId])
    }
    const { rows: hooks } = await transaction.query<{ botId: string }>('DELETE FROM hooks WHERE room_id = $1 RETURNING bot_id AS "botId"', [
      roomId,
    ])
    // Two versions, of which only the second is announced: whoever follows the room finds a gap, and reads who may still see it.
    const { rows: hidden } = await transaction.query<{ version: number }>(
      `UPDATE rooms SET kind = 'private', name = '', topic = '', created_by = NULL, archived_at = coalesce(archived_at, now()),
         deleted_at = now(), last_version = last_version + 2 WHERE id = $1 RETURNING last_version AS version`,
      [roomId],
    )
    const { name, kind, lastSeq, memberCount } = room
    await writeAudit(transaction, {
      ...{ kind: 'admin.roomDeleted', actorId: ctx.actorId, ip: ctx.ip, room: roomId },
      detail: { name, kind, messages: lastSeq, members: memberCount },
    })
    await addJobs(transaction, [jobFor(roomId), ...hooks.map(({ botId }) => erasureOf(botId))])
    return { version: hidden[0]?.version ?? 0 }
  })
  announceToRoom(parts, roomId, [{ type: 'room', version }])
  await deleteRows(parts.pool, roomId, performance.now() + callMs)
  return { room: roomId }
}

const jobFor = (room: string) => ({ job: jobName, key: room, payload: { room } })

/**
 * Goes on where a call, or a process that was killed, has stopped. Once an hour it looks for rooms whose job was given up: the
 * database was away for too long.
 */
export const createRoomDeletionJob = (pool: Pool): JobHandler => ({
  name: jobName,
  schedule: '47 * * * *',
  run: async (payload) => {
    const { room } = payload as { room?: string }
    if (room === undefined) return addJobs(pool, (await findMarked(pool)).map(jobFor))
    const isDone = await deleteRows(pool, room, performance.now() + jobMs)
    if (!isDone) await addJobs(pool, [jobFor(room)])
  },
})

async function findMarked(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM rooms WHERE deleted_at IS NOT NULL')
  return rows.map(({ id }) => id)
}

/**
 * Deletes the rows of a room that is marked as deleted, and the room last. Any number of processes may do it at once.
 * @returns whether it is gone
 */
export async function deleteRows(pool: Pool, roomId: string, until = Number.POSITIVE_INFINITY): Promise<boolean> {
  // What was noted for after a commit first: its handlers would store terms of messages for searches.
  for (const table of ['after_commit', 'posts']) await pool.query(`DELETE FROM ${table} WHERE room_id = $1 AND ${isMarked}`, [roomId])
  for (const batch of batches) {
    for (let isFound = true; isFound; ) {
      const { rowCount } = await retried(() => pool.query(batch, [roomId, rowsPerBatch]))
      isFound = (rowCount ?? 0) > 0
      if (isFound && performance.now() > until) return false
    }
  }
  // Its last messages may be in a batch of another process.
  const { rows } = await pool.query<{ isGone: boolean }>(
    `WITH gone AS (
       DELETE FROM rooms r WHERE r.id = $1 AND r.deleted_at IS NOT NULL AND NOT EXISTS (SELECT FROM messages m WHERE m.room_id = r.id) RETURNING id
     )
     SELECT EXISTS (SELECT FROM gone) OR NOT EXISTS (SELECT FROM rooms WHERE id = $1 AND deleted_at IS NOT NULL) AS "isGone"`,
    [roomId],
  )
  return rows[0]?.isGone ?? false
}

const isMarked = 'EXISTS (SELECT FROM rooms r WHERE r.id = $1 AND r.deleted_at IS NOT NULL)'

/** Messages take their reactions, mentions and files with them. From the newest on: an answer goes before what it answers. */
const batches = [
  `SELECT m.ctid FROM messages m WHERE m.room_id = $1 AND ${isMarked} ORDER BY m.seq DESC LIMIT $2 FOR UPDATE OF m SKIP LOCKED`,
  `SELECT t.ctid FROM message_search t WHERE t.room_id = $1 AND ${isMarked} LIMIT $2 FOR UPDATE OF t SKIP LOCKED`,
  `SELECT c.ctid FROM room_changes c WHERE c.room_id = $1 AND ${isMarked} LIMIT $2 FOR UPDATE OF c SKIP LOCKED`,
].map((rows, index) => `DELETE FROM ${['messages', 'message_search', 'room_changes'][index]} WHERE ctid = ANY(ARRAY(${rows}))`)
