import type { ChatRoom } from '../../../sdk'
import { useAct } from '../../ui/act'
import { Button } from '../../ui/button'
import { Mark } from '../../ui/mark'

/** What the list begins with when the room's first message is loaded. */
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

/** Loads one page at a time while there is one. After a failure it waits for `retry`. */
export function useMorePages(load: () => Promise<void>, hasMore: boolean) {
  const { pending, failure, run } = useAct()
  const loadNext = () => void run(load)
  return {
    pending,
    failure,
    loadMore: () => {
      if (hasMore && !failure) loadNext()
    },
    retry: loadNext,
  }
}

export const useOlderPages = (handle: ChatRoom, hasBefore: boolean) => useMorePages(handle.loadOlder, hasBefore)
export const useNewerPages = (handle: ChatRoom, hasAfter: boolean) => useMorePages(handle.loadNewer, hasAfter)

interface MorePagesProps extends Pick<ReturnType<typeof useMorePages>, 'failure' | 'retry'> {
  which: 'older' | 'newer'
}

/** Stands for the messages that are not loaded. */
export function MorePages({ which, failure, retry }: MorePagesProps) {
  return (
    <div className="flex h-14 shrink-0 items-center justify-center gap-3 text-faint text-sm">
      {failure ? (
        <>
          Couldn't load {which} messages.
          <Button look="outline" onClick={retry}>
            Try again
          </Button>
        </>
      ) : (
        <span className="late">Loading {which} messages…</span>
      )}
    </div>
  )
}
