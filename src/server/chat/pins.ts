import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { limits } from '../../contract/rules'
import type { CallContext } from '../caller'
import type { LockedRoom } from '../rooms/locked-room'
import type { RoomsNeeds } from '../rooms/needs'
import { changeRoom } from '../rooms/room-lock'
import type { MessageHistory } from './history'
import { requireMayPost, requireMessage } from './locked-message'
import type { ChatContext } from './needs'

interface PinInput {
  room: string
  seq: number
}

/**
 * Pins the message for everybody in the room. One that is pinned stays where it is among the pins.
 * @throws {Failure} MESSAGE_NOT_FOUND, TOO_MANY_PINS, POSTING_RESTRICTED, MUTED, ROOM_ARCHIVED
 */
export async function pinMessage(ctx: ChatContext, { room, seq }: PinInput): Promise<Message> {
  return changeRoom(ctx, 'chat.pin', room, async (locked) => {
    requireMayPost(locked)
    if (!(await requireMessage(locked, seq)).isPinned) {
      const { rows } = await locked.query<{ pins: number }>(
        'SELECT count(*)::int AS pins FROM messages WHERE room_id = $1 AND pinned_at IS NOT NULL',
        [room],
      )
      if ((rows[0]?.pins ?? 0) >= limits.pinsPerRoom) throw new Failure('TOO_MANY_PINS')
      await setPinned(locked, seq, true)
    }
    return locked.readMessage(seq)
  })
}

/** Unpins the message, if it is pinned. @throws {Failure} MESSAGE_NOT_FOUND, POSTING_RESTRICTED, MUTED, ROOM_ARCHIVED */
export async function unpinMessage(ctx: ChatContext, { room, seq }: PinInput): Promise<Message> {
  return changeRoom(ctx, 'chat.unpin', room, async (locked) => {
    requireMayPost(locked)
    if ((await requireMessage(locked, seq)).isPinned) await setPinned(locked, seq, false)
    return locked.readMessage(seq)
  })
}

/** The room's pinned messages, the one that was pinned last first. */
export async function listPins(
  { parts, caller }: CallContext<Pick<RoomsNeeds, 'rooms'> & { messages: Pick<MessageHistory, 'pins'> }>,
  room: string,
): Promise<{ messages: Message[] }> {
  const messages = await parts.messages.pins(room)
  // Checked again after they were read: somebody may have been removed since.
  await parts.rooms.requireMembership(room, caller.user.id)
  return { messages }
}

async function setPinned(room: LockedRoom, seq: number, isPinned: boolean): Promise<void> {
  await room.query(
    'UPDATE messages SET version = $3, pinned_at = CASE WHEN $4 THEN clock_timestamp() END WHERE room_id = $1 AND seq = $2',
    [room.id, seq, await room.takeMessageVersion(seq, 'pinned'), isPinned],
  )
}
