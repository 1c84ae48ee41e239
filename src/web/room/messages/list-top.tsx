import type { RoomHandle } from '../../../sdk'
import { useAct } from '../../ui/act'
import { Button } from '../../ui/button'
import { Mark } from '../../ui/mark'

/** What the list begins with when the whole room is loaded. */
export function RoomBeginning({ name, topic, isEmpty }: { name: string; topic: string; isEmpty: boolean }) {
  return (
    <div className="px-4 pt-10 pb-2 md:px-6">
      <Mark className="mb-4 size-11" />
      <p className="font-semibold text-xl tracking-tight" dir="auto">
        This is the start of {name}
      </p>
      {topic && (
        <p className="mt-1 max-w-prose text-soft [overflow-wrap:anywhere]" dir="auto">
          {topic}
        </p>
      )}
      {isEmpty && <p className="mt-1 text-soft">No messages yet. Be the first to write one.</p>}
    </div>
  )
}

/** Loads one page at a time. After a failure it waits for `retry`. */
export function useOlderMessages(handle: RoomHandle, hasBefore: boolean) {
  const { pending, failure, run } = useAct()
  const load = () => void run(() => handle.loadOlder())
  return {
    pending,
    failure,
    loadMore: () => {
      if (hasBefore && !failure) load()
    },
    retry: load,
  }
}

type OlderMessagesProps = Pick<ReturnType<typeof useOlderMessages>, 'failure' | 'retry'>

export function OlderMessages({ failure, retry }: OlderMessagesProps) {
  return (
    <div className="flex h-14 shrink-0 items-center justify-center gap-3 text-faint text-sm">
      {failure ? (
        <>
          Couldn't load older messages.
          <Button look="outline" onClick={retry}>
            Try again
          </Button>
        </>
      ) : (
        <span className="late">Loading older messages…</span>
      )}
    </div>
  )
}
