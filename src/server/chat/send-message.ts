import type { Message } from '../../contract/message'
import type { Context } from '../context'
import { findMentions } from './mentions'

/** Stores once, publishes, returns: whoever gets an answer can rely on it, whatever happens to the news of it. */
export async function sendMessage(
  { parts, caller }: Context,
  input: { room: string; text: string; clientId?: string | undefined; replyTo?: number | undefined },
): Promise<Message> {
  parts.sendLimits.countSend(caller.user.id)
  const startedAt = performance.now()
  const { message, isNew, parent } = await parts.messages.store({
    room: input.room,
    authorId: caller.user.id,
    uid: caller.uid,
    clientId: input.clientId ?? null,
    text: input.text,
    replyTo: input.replyTo ?? null,
    mentions: input.text.includes('@') ? findMentions(input.text) : [],
  })
  parts.metrics.messageStored((performance.now() - startedAt) / 1000)
  if (isNew) parts.bus.publish(input.room, { type: 'message', message })
  if (parent) parts.bus.publish(input.room, { type: 'message', message: parent })
  return message
}
