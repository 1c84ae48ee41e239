import { Failure } from '../../contract/failures'
import type { ThreadPage } from '../../contract/message'
import type { CallContext } from '../caller'
import type { RoomsNeeds } from '../rooms/needs'
import type { MessageHistory } from './history'

interface ThreadInput {
  room: string
  /** The seq of any message of the thread. */
  seq: number
  before?: number | undefined
  limit: number
}

/**
 * A page of the thread that this message belongs to, the newest one unless `before` says otherwise. A message that nobody has
 * answered, and a line about the room, is a root without answers; a removed root keeps its thread.
 * @throws {Failure} MESSAGE_NOT_FOUND
 */
export async function readThread(
  { parts, caller }: CallContext<Pick<RoomsNeeds, 'rooms'> & { messages: Pick<MessageHistory, 'findRoot' | 'answers'> }>,
  { room, seq, before, limit }: ThreadInput,
): Promise<ThreadPage> {
  const root = await parts.messages.findRoot(room, seq)
  // One more than the page shows whether there are any before it.
  const found = root ? await parts.messages.answers(room, root.seq, { before, limit: limit + 1 }) : []
  // Checked again after everything was read: somebody may have been removed since.
  await parts.rooms.requireMembership(room, caller.user.id)
  if (!root) throw new Failure('MESSAGE_NOT_FOUND')
  return { root, messages: found.slice(-limit), hasBefore: found.length > limit }
}
