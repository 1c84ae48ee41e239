import type { Message } from '../../../contract/message'

/** Names are separate parts: people stand out, and no name may change the direction of the words around it. */
export type RoomLinePart = string | { person: string } | { quoted: string }

/**
 * What a line about the room says. A written message gives no parts.
 * @param me the viewer's username; the viewer is called "you"
 * @example describeRoomLine(message, 'ben') // [{ person: 'Ada' }, ' added ', 'you']
 */
export function describeRoomLine({ kind, author, detail }: Pick<Message, 'kind' | 'author' | 'detail'>, me: string): RoomLinePart[] {
  const actor = author.username === me ? 'You' : { person: author.displayName }
  const subject = detail?.user?.username === me ? 'you' : { person: detail?.user?.displayName ?? 'someone' }
  switch (kind) {
    case 'joined':
      return detail?.user ? [actor, ' joined with an invitation from ', subject] : [actor, ' joined']
    case 'left':
      return [actor, ' left']
    case 'added':
      return [actor, ' added ', subject]
    case 'removed':
      return [actor, ' removed ', subject]
    case 'banned':
      return [actor, ' banned ', subject]
    case 'renamed':
      return [actor, ' renamed the room to “', { quoted: detail?.name ?? '' }, '”']
    case 'topic':
      return detail?.topic ? [actor, ' changed the topic to “', { quoted: detail.topic }, '”'] : [actor, ' cleared the topic']
    case 'archived':
      return [actor, ' archived the room']
    case 'restored':
      return [actor, ' restored the room']
    case 'text':
      return []
    default:
      // While a deploy runs, a newer server may send a kind that this page does not know.
      kind satisfies never
      return [actor, ' changed the room']
  }
}
