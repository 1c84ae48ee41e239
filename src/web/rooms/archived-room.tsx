import { Archive } from 'lucide-react'
import { useEffect, useState } from 'react'
import { failures } from '../../contract/failures'
import type { ChatClient, Room } from '../../sdk'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { rightsIn } from './room-rights'

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

/** Stands where one would write, in a room where nobody writes any more. */
export function ArchivedNotice({ client, room }: { client: ChatClient; room: Room }) {
  const { pending, failure, run } = useAct()
  return (
    <div className="shrink-0 space-y-2 border-line border-t px-4 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:px-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Archive aria-hidden="true" className="size-4 shrink-0 text-faint" />
        <p role="status" className="min-w-0 flex-1 text-sm text-soft">
          {failures.ROOM_ARCHIVED.words}
        </p>
        {rightsIn(room).owns && (
          <Button
            look="outline"
            pending={pending}
            onClick={() => run(() => client.rooms.archive.mutate({ room: room.id, archived: false }))}
          >
            Restore room
          </Button>
        )}
      </div>
      <FailureLine failure={failure} />
    </div>
  )
}
