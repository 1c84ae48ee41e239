import type { Message } from '../../contract/message'
import { findMentions } from '../../contract/text-tokens'
import type { ChatContext, ChatNeeds } from './needs'

/** Stores once, publishes, returns: whoever gets an answer can rely on it, whatever happens to the news of it. */
export async function sendMessage(
  { parts, caller }: ChatContext,
  input: { room: string; text: string; clientId?: string | undefined; replyTo?: number | undefined },
): Promise<Message> {
  parts.limits.sends.count(caller.user.id)
  const startedAt = performance.now()
  const { message, isNew, parentVersion } = await parts.messages.store({
    room: input.room,
    authorId: caller.user.id,
    uid: caller.uid,
    clientId: input.clientId ?? null,
    text: input.text,
    replyTo: input.replyTo ?? null,
    mentions: findMentions(input.text),
  })
  parts.metrics.messageStored((performance.now() - startedAt) / 1000)
  if (isNew) parts.bus.publish(input.room, { type: 'message', message })
  if (parentVersion !== null && input.replyTo !== undefined) void tellParent(parts, input.room, input.replyTo, parentVersion)
  // What was stored before may have been changed since, and its author removed.
  if (!isNew) await parts.rooms.requireMembership(input.room, caller.user.id)
  return message
}

/** The message that was answered counts its answers. Nobody waits for it: where this fails, followers find a gap and read it. */
async function tellParent({ bus, messages }: ChatNeeds, room: string, seq: number, version: number): Promise<void> {
  const parent = await messages.find(room, seq).catch(() => null)
  if (!parent) return
  // It has changed once more: the change that it is by now comes with its own news, and this one must be no gap.
  if (parent.version > version) bus.publish(room, { type: 'room', version })
  bus.publish(room, { type: 'message', message: parent })
}
