import { Failure } from '../../contract/failures'
import { isModerator } from '../../contract/rules'
import type { LockedRoom } from '../rooms/locked-room'

/** What an act has to know about the message that it changes. */
export interface LockedMessage {
  seq: number
  authorId: string
  text: string
  isPinned: boolean
}

/** @throws {Failure} ROOM_ARCHIVED */
export function requireNotArchived(room: LockedRoom): void {
  if (room.isArchived) throw new Failure('ROOM_ARCHIVED')
}

/** @throws {Failure} ROOM_ARCHIVED, MUTED */
export function requireMayWrite(room: LockedRoom): void {
  requireNotArchived(room)
  if (room.actor.isMuted) throw new Failure('MUTED')
}

/** @throws {Failure} ROOM_ARCHIVED, MUTED, POSTING_RESTRICTED */
export function requireMayPost(room: LockedRoom): void {
  requireMayWrite(room)
  if (room.postingPolicy === 'moderators' && !isModerator(room.actor)) throw new Failure('POSTING_RESTRICTED')
}

/** What somebody wrote here, and has not been removed. @throws {Failure} MESSAGE_NOT_FOUND */
export async function requireMessage(room: LockedRoom, seq: number): Promise<LockedMessage> {
  const { rows } = await room.query<{ author_id: string; text: string; is_pinned: boolean }>(
    `SELECT author_id, text, pinned_at IS NOT NULL AS is_pinned FROM messages WHERE room_id = $1 AND seq = $2 AND kind = 'text' AND deleted_at IS NULL`,
    [room.id, seq],
  )
  const [row] = rows
  if (!row) throw new Failure('MESSAGE_NOT_FOUND')
  return { seq, authorId: row.author_id, text: row.text, isPinned: row.is_pinned }
}
