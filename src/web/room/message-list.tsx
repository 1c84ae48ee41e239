import { ArrowDown } from 'lucide-react'
import { Fragment, useCallback, useMemo, useRef, useState } from 'react'
import type { RoomHandle, RoomTimeline } from '../../sdk'
import type { Visitor } from '../account/visitor'
import { Button } from '../ui/button'
import { MessageItem, UnsentItem } from './message-item'
import { createMessageRows } from './message-rows'
import { RoomBeginning } from './room-beginning'
import { useScrollKeeping } from './scroll-keeping'
import { formatDay } from './times'

interface MessageListProps {
  handle: RoomHandle
  timeline: RoomTimeline
  visitor: Visitor
  name: string
  topic: string
}

export function MessageList({ handle, timeline, visitor, name, topic }: MessageListProps) {
  const { messages, unsent, hasBefore } = timeline
  const rows = useMemo(() => createMessageRows(messages, unsent, visitor), [messages, unsent, visitor])
  const older = useOlderMessages(handle, hasBefore)
  const last = messages.at(-1)?.seq ?? 0
  const { scroller, onScroll, awaySince, toBottom } = useScrollKeeping(messages[0]?.seq ?? 0, last, unsent.at(-1)?.clientId, older.loadMore)
  const unseen = awaySince === null ? 0 : last - awaySince

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-live="polite"
        aria-label={`Messages in ${name}`}
        aria-busy={older.state === 'loading'}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain outline-offset-[-2px] [overflow-anchor:none]"
      >
        <div className="flex min-h-full flex-col justify-end pb-3">
          {hasBefore ? <OlderMessages {...older} /> : <RoomBeginning name={name} topic={topic} isEmpty={rows.length === 0} />}
          <ol>
            {rows.map((row) => (
              <Fragment key={row.key}>
                {row.day && <DayLine day={row.day} />}
                {'message' in row ? (
                  <MessageItem message={row.message} startsGroup={row.startsGroup} />
                ) : (
                  <UnsentItem unsent={row.unsent} author={visitor} startsGroup={row.startsGroup} handle={handle} />
                )}
              </Fragment>
            ))}
          </ol>
        </div>
      </div>
      {awaySince !== null && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <Button look={unseen > 0 ? 'primary' : 'outline'} onClick={toBottom} className="pointer-events-auto rounded-full! shadow-high">
            <ArrowDown aria-hidden="true" className="size-4" />
            {unseen > 0 ? `${unseen} new ${unseen === 1 ? 'message' : 'messages'}` : 'To the newest'}
          </Button>
        </div>
      )}
    </div>
  )
}

/** One page at a time; after a failure only when asked. */
function useOlderMessages(handle: RoomHandle, hasBefore: boolean) {
  const [state, setState] = useState<'idle' | 'loading' | 'failed'>('idle')
  const isBusy = useRef(false)

  const load = useCallback(async () => {
    if (isBusy.current) return
    isBusy.current = true
    setState('loading')
    try {
      await handle.loadOlder()
      isBusy.current = false
      setState('idle')
    } catch {
      setState('failed')
    }
  }, [handle])

  return {
    state,
    loadMore: () => {
      if (hasBefore) void load()
    },
    retry: () => {
      isBusy.current = false
      void load()
    },
  }
}

function OlderMessages({ state, retry }: { state: 'idle' | 'loading' | 'failed'; retry: () => void }) {
  return (
    <div className="flex h-14 shrink-0 items-center justify-center gap-3 text-faint text-sm">
      {state === 'failed' ? (
        <>
          The older messages did not come.
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

function DayLine({ day }: { day: Date }) {
  return (
    <li className="mt-6 mb-1 flex items-center gap-3 px-4 md:px-6">
      <h2 className="font-medium text-soft text-xs">
        <time dateTime={day.toISOString()}>{formatDay(day)}</time>
      </h2>
      <span aria-hidden="true" className="h-px flex-1 bg-line" />
    </li>
  )
}
