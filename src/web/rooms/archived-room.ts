import { useEffect, useState } from 'react'
import type { ChatClient, Room } from '../../sdk'

/**
 * An archived room is in nobody's list, and its members still read it: this asks for it.
 * @param room null when nothing is asked
 */
export function useArchivedRoom(client: ChatClient, room: string | null): Room | null {
  const [found, setFound] = useState<Room | null>(null)
  useEffect(() => {
    if (room === null) return setFound(null)
    let isLate = false
    // Having read up to place 0 changes nothing, and answers with the room.
    client.chat.markRead.mutate({ room, seq: 0 }).then(
      (answer) => isLate || setFound(answer),
      () => {},
    )
    return () => {
      isLate = true
    }
  }, [client, room])
  return found?.id === room && found?.archivedAt ? found : null
}
