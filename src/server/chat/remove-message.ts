import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { isModerator } from '../../contract/rules'
import { changeRoom } from '../rooms/room-lock'
import { removeTerms } from '../search/term-rows'
import { requireMessage, requireNotArchived } from './locked-message'
import type { ChatContext } from './needs'

/**
 * Removes the text, the mentions and the reactions of a message; it keeps its seq. Its author may, and moderators.
 * @throws {Failure} MESSAGE_NOT_FOUND, NOT_ALLOWED, ROOM_ARCHIVED
 */
export async function removeMessage(ctx: ChatContext, { room, seq }: { room: string; seq: number }): Promise<Message> {
  return changeRoom(ctx, 'chat.remove', room, async (locked) => {
    // Somebody who is muted may still take back what they wrote.
    requireNotArchived(locked)
    const message = await requireMessage(locked, seq)
    const isAuthor = message.authorId === locked.actor.id
    // Direct rooms have no moderation.
    if (!isAuthor && (locked.kind === 'direct' || !isModerator(locked.actor))) throw new Failure('NOT_ALLOWED')
    await locked.query(
      `UPDATE messages SET version = $3, text = '', mentions = '{}', mentions_room = false, reaction_count = 0,
         deleted_at = clock_timestamp(), pinned_at = NULL
       WHERE room_id = $1 AND seq = $2`,
      [room, seq, await locked.takeMessageVersion(seq, 'removed')],
    )
    await locked.query('DELETE FROM mentions WHERE room_id = $1 AND seq = $2', [room, seq])
    await locked.query('DELETE FROM reactions WHERE room_id = $1 AND seq = $2', [room, seq])
    await removeTerms(locked, room, seq)
    if (!isAuthor) await locked.audit('room.messageRemoved', message.authorId, { seq })
    return locked.readMessage(seq)
  })
}
