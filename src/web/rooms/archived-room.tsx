import { Archive } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import { failures } from '../../contract/failures'
import type { Chat, Room, ServerRole } from '../../sdk'
import { FailureLine, useAct } from '../ui/act'
import { useAnswer } from '../ui/answer'
import { Button } from '../ui/button'
import { forRole, rightsIn } from './room-rights'

/**
 * An archived room is in nobody's list, but its members can still read it, so it has to be asked for.
 * @param room null to ask for nothing
 * @param role the viewer's role on the server
 * @param lastSeq the room's newest seq: the room is asked for again after each line, because it may have been restored
 */
export function useArchivedRoom(client: Chat, room: string | null, role: ServerRole, lastSeq: number): Room | null {
  const { value, reload } = useAnswer(useMemo(() => (room === null ? null : () => client.trpc.rooms.get.query({ room })), [client, room]))
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line is a reason to read again
  useEffect(() => {
    if (room !== null) reload()
  }, [room, lastSeq, reload])
  const found = value && forRole(value, role)
  return room !== null && found?.id === room && found.archivedAt ? found : null
}

/** Takes the composer's place in an archived room. */
export function ArchivedNotice({ client, room }: { client: Chat; room: Room }) {
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
            onClick={() => run(() => client.trpc.rooms.archive.mutate({ room: room.id, archived: false }))}
          >
            Restore room
          </Button>
        )}
      </div>
      <FailureLine failure={failure} />
    </div>
  )
}
