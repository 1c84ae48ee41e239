import { findMentions } from '../../contract/markdown/mentions'
import type { Message } from '../../contract/message'
import type { Caller } from '../caller'
import type { ChatNeeds } from './needs'

/** What sending needs. Hooks have no more of it. */
export interface SendContext {
  parts: Pick<ChatNeeds, 'sends' | 'messages' | 'rooms' | 'bus' | 'metrics'>
  caller: Pick<Caller, 'user' | 'uid'>
}

/** Stores the message once, announces it and returns it: the answer holds whatever becomes of the announcement. */
export async function sendMessage(
  { parts, caller }: SendContext,
  input: { room: string; text: string; clientId?: string | undefined; replyTo?: number | undefined },
): Promise<Message> {
  const startedAt = performance.now()
  const { message, isNew, parentVersion } = await parts.sends.store({
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
  if (parentVersion !== null && input.replyTo !== undefined) void announceParent(parts, input.room, input.replyTo, parentVersion)
  // A message that was stored before may have changed since, and its author may have been removed.
  if (!isNew) await parts.rooms.requireMembership(input.room, caller.user.id)
  return message
}

/** The answered message has one answer more. Nobody waits for this: where it fails, followers notice the gap and read. */
async function announceParent({ bus, messages }: SendContext['parts'], room: string, seq: number, version: number): Promise<void> {
  const parent = await messages.find(room, seq).catch(() => null)
  if (!parent) return
  // It has changed again, and that change is announced by itself: fill the version in between, or followers see a gap.
  if (parent.version > version) bus.publish(room, { type: 'room', version })
  bus.publish(room, { type: 'message', message: parent })
}
