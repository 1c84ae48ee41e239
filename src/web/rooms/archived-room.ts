import { useEffect, useState } from 'react'
import type { ChatClient, Room } from '../../sdk'

/**
 * An archived room is in nobody's list, and its members still read it: this asks for it.
 * @param room null when nothing is asked
 * @param lastSeq the place of its newest line: after each it is asked again, as one of them may say that it is restored
 */
export function useArchivedRoom(client: ChatClient, room: string | null, lastSeq: number): Room | null {
  const [found, setFound] = useState<Room | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: see lastSeq
  useEffect(() => {
    if (room === null) return setFound(null)
    let isLate = false
    // Having read up to place 0 changes nothing, answers with the room, and puts one that is restored into the list again.
    client.chat.markRead.mutate({ room, seq: 0 }).then(
      (answer) => isLate || setFound(answer),
      () => {},
    )
    return () => {
      isLate = true
    }
  }, [client, room, lastSeq])
  return found?.id === room && found?.archivedAt ? found : null
}
