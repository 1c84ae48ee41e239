import { plainText } from '../../contract/markdown/plain-text'
import { cutQuote } from '../../contract/rules'
import type { LastMessage, Room } from '../../sdk'

/** A message to notify the user about. */
export interface RoomNotification {
  room: Room
  message: LastMessage
  /** Whether the user was mentioned. `message` is the room's newest one, and may not be the one with the mention. */
  isMention: boolean
}

/** What a notification says. */
export function notificationText({ room, message, isMention }: RoomNotification): { title: string; body: string } {
  const { author, text, kind } = message
  const name = author.displayName
  const title = room.kind === 'direct' ? room.name : `${isMention ? 'You were mentioned in ' : ''}${room.name}`
  if (kind !== 'text') return { title, body: '' }
  const excerpt = cutQuote(plainText(text))
  return { title, body: room.kind === 'direct' && room.people.length === 1 ? excerpt : `${name}: ${excerpt}` }
}
