import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { createMessageHistory } from '../chat/history'
import { actAsAdmin } from './acting'
import { writeAudit } from './audit-log'
import type { AdminContext } from './needs'

const messagesPerPage = 500

/**
 * Every message of a room, the oldest first, a page at a time. Also of rooms that the actor is not in, direct ones too.
 * @throws {Failure} ROOM_NOT_FOUND
 */
export async function* exportRoom(ctx: AdminContext, room: string): AsyncGenerator<Message[]> {
  await actAsAdmin(ctx, async (transaction) => {
    const { rowCount } = await transaction.query('SELECT FROM rooms WHERE id = $1 AND deleted_at IS NULL', [room])
    if (!rowCount) throw new Failure('ROOM_NOT_FOUND')
    await writeAudit(transaction, { kind: 'admin.roomExported', actorId: ctx.actorId, ip: ctx.ip, room })
  })
  const history = createMessageHistory(ctx.parts.pool)
  for (let after = 0, hasAfter = true; hasAfter; ) {
    const page = await history.page(room, { after, limit: messagesPerPage })
    if (page.messages.length === 0) return
    yield page.messages
    after = page.messages.at(-1)?.seq ?? after
    hasAfter = page.hasAfter
  }
}
