import { cutQuote } from '../../contract/rules'
import type { Message, Room } from '../../sdk'

/** Something that somebody said in a room, worth telling a person of who does not look. */
export interface RoomNews {
  room: Room
  message: Message
  /** The newest message of the room may not be the one that mentions them. */
  isMention: boolean
}

/**
 * What has been said between two states of the person's list, at most once for each room: of rooms with all messages
 * whatever others said, of rooms with mentions only when there are more of them. Changes of old messages are no news.
 */
export function newsBetween(before: readonly Room[], after: readonly Room[], me: string): RoomNews[] {
  const known = new Map(before.map((room) => [room.id, room]))
  return after.flatMap((room) => {
    const { lastMessage: message, lastSeq, readSeq, notify, mentions } = room
    // Who has just come into a room has read what was said before.
    const { lastSeq: lastSeqBefore, mentions: mentionsBefore } = known.get(room.id) ?? { lastSeq: readSeq, mentions: 0 }
    if (!message || lastSeq <= lastSeqBefore || readSeq >= lastSeq || notify === 'nothing') return []
    const isMention = mentions > mentionsBefore
    const isSaid = message.kind === 'text' && message.deletedAt === null && message.author.username !== me
    return isMention || (isSaid && notify === 'all') ? [{ room, message, isMention }] : []
  })
}

/** What a notification says. */
export function wordsOf({ room, message, isMention }: RoomNews): { title: string; body: string } {
  const { author, text, kind } = message
  const name = author.displayName
  const title = room.kind === 'direct' ? room.name : `${isMention ? 'You were mentioned in ' : ''}${room.name}`
  if (kind !== 'text') return { title, body: '' }
  const said = cutQuote(text)
  return { title, body: room.kind === 'direct' && room.people.length === 1 ? said : `${name}: ${said}` }
}
