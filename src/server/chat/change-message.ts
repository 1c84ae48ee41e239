import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { findMentions } from '../../contract/text-tokens'
import type { Changed } from '../rooms/room-lock'
import { tell } from '../rooms/rooms'
import type { ChatContext } from './needs'

type OnMessage = { room: string; seq: number }

/** The author's new text in the old one's place. */
export function editMessage(context: ChatContext, { room, seq, text }: OnMessage & { text: string }): Promise<Message> {
  const { parts, caller } = context
  parts.limits.sends.count(caller.user.id)
  return changed(context, { room, seq }, parts.messageActs.edit({ ...act(context, { room, seq }), text, mentions: findMentions(text) }))
}

/** The message keeps its place, and nothing else: its text, its mentions and its reactions are gone. */
export function removeMessage(context: ChatContext, on: OnMessage): Promise<Message> {
  return changed(context, on, context.parts.messageActs.remove(act(context, on)))
}

export function react(context: ChatContext, { emoji, ...on }: OnMessage & { emoji: string }): Promise<Message> {
  context.parts.limits.sends.count(context.caller.user.id)
  return changed(context, on, context.parts.messageActs.react({ ...act(context, on), emoji }))
}

export function unreact(context: ChatContext, { emoji, ...on }: OnMessage & { emoji: string }): Promise<Message> {
  context.parts.limits.sends.count(context.caller.user.id)
  return changed(context, on, context.parts.messageActs.unreact({ ...act(context, on), emoji }))
}

const act = ({ caller }: ChatContext, { room, seq }: OnMessage) => ({ roomId: room, actorId: caller.user.id, seq })

/** Tells the room, and answers the message as it is by then: changed by this act, or already as it asked for. */
async function changed({ parts, caller }: ChatContext, { room, seq }: OnMessage, changing: Promise<Changed<void>>): Promise<Message> {
  const done = await changing
  tell(parts, room, done)
  const news = done.news.find((entry) => entry.type === 'message')
  if (news) return news.message
  const message = await parts.messages.find(room, seq)
  await parts.rooms.requireMembership(room, caller.user.id)
  if (!message) throw new Failure('MESSAGE_NOT_FOUND')
  return message
}
