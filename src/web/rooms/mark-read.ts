import { useEffect } from 'react'
import type { ChatClient, Room } from '../../sdk'

/** Who looks at a room has read it, as long as its tab is in front. */
export function useMarkRead(client: ChatClient, listed: Room | undefined) {
  const room = listed?.id
  const lastSeq = listed?.lastSeq ?? 0
  const isUnread = listed !== undefined && listed.unread > 0
  useEffect(() => {
    if (room === undefined || !isUnread) return
    const mark = () => {
      // A mark that is lost is set again with the next message.
      if (document.visibilityState === 'visible') client.chat.markRead.mutate({ room, seq: lastSeq }).catch(() => {})
    }
    mark()
    document.addEventListener('visibilitychange', mark)
    return () => document.removeEventListener('visibilitychange', mark)
  }, [client, room, lastSeq, isUnread])
}
