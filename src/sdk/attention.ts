import type { Room } from '../contract/room'

/** The unread messages and mentions that count at the room's notification level. */
export function attentionOf({ notify, unread, mentions }: Pick<Room, 'notify' | 'unread' | 'mentions'>): {
  unread: number
  mentions: number
} {
  switch (notify) {
    case 'all':
      return { unread, mentions }
    case 'mentions':
      return { unread: 0, mentions }
    case 'nothing':
      return { unread: 0, mentions: 0 }
  }
}

/** How many messages of all rooms count. */
export function countAttention(rooms: readonly Room[]): number {
  return rooms.reduce((sum, room) => {
    const { unread, mentions } = attentionOf(room)
    return sum + Math.max(unread, mentions)
  }, 0)
}
