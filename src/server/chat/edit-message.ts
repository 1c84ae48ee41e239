import { Failure } from '../../contract/failures'
import { findMentions } from '../../contract/markdown/mentions'
import type { Message } from '../../contract/message'
import { changeRoom } from '../rooms/room-lock'
import { requireMayPost, requireMayWrite, requireMessage } from './locked-message'
import type { ChatContext } from './needs'

/**
 * Gives the author's message a new text.
 * @throws {Failure} MESSAGE_NOT_FOUND, NOT_ALLOWED for messages of others, POSTING_RESTRICTED, MUTED, ROOM_ARCHIVED
 */
export async function editMessage(ctx: ChatContext, { room, seq, text }: { room: string; seq: number; text: string }): Promise<Message> {
  return changeRoom(ctx, 'chat.edit', room, async (locked) => {
    requireMayWrite(locked)
    const message = await requireMessage(locked, seq)
    if (message.authorId !== locked.actor.id) throw new Failure('NOT_ALLOWED')
    requireMayPost(locked)
    if (message.text !== text) {
      await locked.query(
        `WITH edited AS (
           UPDATE messages m SET version = $3, text = $4, edited_at = clock_timestamp(), mentions = n.names, mentions_room = '@room' = ANY(n.names)
           FROM (SELECT mentions_in($1, $5) AS names) n WHERE m.room_id = $1 AND m.seq = $2
           RETURNING m.mentions, m.author_id
         ),
         mentioned AS (SELECT p.id FROM edited e, people_mentioned(e.mentions, e.author_id) AS p(id)),
         dropped AS (DELETE FROM mentions WHERE room_id = $1 AND seq = $2 AND user_id NOT IN (SELECT id FROM mentioned))
         INSERT INTO mentions (user_id, room_id, seq) SELECT id, $1, $2 FROM mentioned ON CONFLICT DO NOTHING`,
        [room, seq, await locked.takeMessageVersion(seq, 'edited'), text, findMentions(text)],
      )
    }
    return locked.readMessage(seq)
  })
}
