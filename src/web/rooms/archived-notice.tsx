import { Archive } from 'lucide-react'
import type { ChatClient, Room } from '../../sdk'
import { useAct } from '../ui/act'
import { Button } from '../ui/button'
import { FailureLine } from '../ui/failure-line'
import { rightsIn } from './room-rights'

/** Stands where one would write, in a room where nobody writes any more. */
export function ArchivedNotice({ client, room }: { client: ChatClient; room: Room }) {
  const { pending, failure, run } = useAct()
  return (
    <div className="shrink-0 space-y-2 border-line border-t px-4 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:px-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Archive aria-hidden="true" className="size-4 shrink-0 text-faint" />
        <p role="status" className="min-w-0 flex-1 text-sm text-soft">
          This room is archived: it can be read, but not written to.
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
