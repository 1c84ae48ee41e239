import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { limits } from '../../contract/rules'
import type { LockedRoom } from '../rooms/locked-room'
import { changeRoom } from '../rooms/room-lock'
import { requireMayWrite, requireMessage } from './locked-message'
import type { ChatContext } from './needs'

interface ReactionInput {
  room: string
  seq: number
  emoji: string
}

/** Adds the caller's reaction, once per emoji. @throws {Failure} MESSAGE_NOT_FOUND, TOO_MANY_REACTIONS, MUTED, ROOM_ARCHIVED */
export async function react(ctx: ChatContext, { room, seq, emoji }: ReactionInput): Promise<Message> {
  return changeRoom(ctx, 'chat.react', room, async (locked) => {
    requireMayWrite(locked)
    await requireMessage(locked, seq)
    const { rows } = await locked.query<{ others: number }>(
      'SELECT count(DISTINCT emoji)::int AS others FROM reactions WHERE room_id = $1 AND seq = $2 AND emoji <> $3',
      [room, seq, emoji],
    )
    if ((rows[0]?.others ?? 0) >= limits.emojiPerMessage) throw new Failure('TOO_MANY_REACTIONS')
    const { rowCount } = await locked.query(
      'INSERT INTO reactions (room_id, seq, emoji, user_id, at) VALUES ($1, $2, $3, $4, clock_timestamp()) ON CONFLICT DO NOTHING',
      [room, seq, emoji, locked.actor.id],
    )
    if (rowCount) await countReactions(locked, seq)
    return locked.readMessage(seq)
  })
}

/** Removes the caller's reaction, if there is one. @throws {Failure} MESSAGE_NOT_FOUND, MUTED, ROOM_ARCHIVED */
export async function unreact(ctx: ChatContext, { room, seq, emoji }: ReactionInput): Promise<Message> {
  return changeRoom(ctx, 'chat.unreact', room, async (locked) => {
    requireMayWrite(locked)
    await requireMessage(locked, seq)
    const { rowCount } = await locked.query('DELETE FROM reactions WHERE room_id = $1 AND seq = $2 AND emoji = $3 AND user_id = $4', [
      ...[room, seq, emoji, locked.actor.id],
    ])
    if (rowCount) await countReactions(locked, seq)
    return locked.readMessage(seq)
  })
}

async function countReactions(room: LockedRoom, seq: number): Promise<void> {
  await room.query(
    `UPDATE messages m SET version = $3,
       reaction_count = (SELECT count(*) FROM reactions r WHERE r.room_id = m.room_id AND r.seq = m.seq)
     WHERE m.room_id = $1 AND m.seq = $2`,
    [room.id, seq, await room.takeMessageVersion(seq, 'reacted')],
  )
}
