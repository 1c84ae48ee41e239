import { ArrowDown } from 'lucide-react'
import { Fragment, useEffect, useMemo } from 'react'
import type { RoomHandle, RoomTimeline } from '../../../sdk'
import type { Visitor } from '../../account/visitor'
import { Button } from '../../ui/button'
import { formatDay } from '../../ui/times'
import type { FirstUnread } from './first-unread'
import { ToFirstUnread, UnreadLine } from './first-unread'
import type { Jump } from './jump'
import { useJumpTarget } from './jump'
import { createListRows } from './list-rows'
import { OlderMessages, RoomBeginning, useOlderMessages } from './list-top'
import { MessageItem } from './message-item'
import type { ReadMarks } from './read-marks'
import { usePageAttention } from './read-marks'
import { useScrollKeeping } from './scroll-keeping'
import { UnsentItem } from './unsent-item'

interface MessageListProps {
  handle: RoomHandle
  timeline: RoomTimeline
  visitor: Visitor
  name: string
  topic: string
  readMarks: ReadMarks
  /** The read mark in the room list. */
  listedReadSeq: number | undefined
  firstUnread: FirstUnread
  jump: Jump
}

export function MessageList({ handle, timeline, visitor, name, topic, readMarks, listedReadSeq, firstUnread, jump }: MessageListProps) {
  const { messages, unsent, hasBefore } = timeline
  const rows = useMemo(
    () => createListRows({ messages, unsent, own: visitor, firstUnread: firstUnread.seq }),
    [messages, unsent, visitor, firstUnread.seq],
  )
  const older = useOlderMessages(handle, hasBefore)
  const last = messages.at(-1)?.seq ?? 0
  const scroll = useScrollKeeping(last, unsent.at(-1)?.clientId, older.loadMore, readMarks.resume)
  const { scroller, awaySince } = scroll
  const highlighted = useJumpTarget(jump, scroller, scroll.show)
  const unseen = awaySince === null ? 0 : last - awaySince

  const isLooking = usePageAttention() && awaySince === null
  useEffect(() => readMarks.update({ lastSeq: last, listedReadSeq, isLooking }), [readMarks, last, listedReadSeq, isLooking])

  const { watch } = firstUnread
  // biome-ignore lint/correctness/useExhaustiveDependencies: the line may have come with a page
  useEffect(() => watch(scroller.current), [watch, rows])

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        onScroll={scroll.onScroll}
        role="log"
        aria-live="polite"
        aria-label={`Messages in ${name}`}
        aria-busy={older.pending}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it
        tabIndex={0}
        className="h-full scroll-py-16 overflow-y-auto overscroll-contain outline-offset-[-2px] [overflow-anchor:none]"
      >
        <div className="@container flex min-h-full flex-col justify-end pb-3">
          {hasBefore ? (
            <OlderMessages failure={older.failure} retry={older.retry} />
          ) : (
            <RoomBeginning name={name} topic={topic} isEmpty={rows.length === 0} />
          )}
          <ol ref={scroll.list}>
            {rows.map((row) => (
              <Fragment key={row.key}>
                {row.day && <DayLine day={row.day} />}
                {'message' in row ? (
                  <>
                    {row.message.seq === firstUnread.seq && <UnreadLine />}
                    <MessageItem
                      message={row.message}
                      startsGroup={row.startsGroup}
                      quote={row.quote}
                      isHighlighted={row.message.seq === highlighted}
                    />
                  </>
                ) : (
                  <UnsentItem unsent={row.unsent} author={visitor} startsGroup={row.startsGroup} quote={row.quote} handle={handle} />
                )}
              </Fragment>
            ))}
          </ol>
        </div>
      </div>
      {firstUnread.seq !== null && firstUnread.isAbove && (
        <ToFirstUnread count={firstUnread.count} onGo={() => jump.to(firstUnread.seq ?? 0)} onDismiss={firstUnread.dismiss} />
      )}
      {awaySince !== null && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 z-10 flex justify-center px-2" data-floating="">
          <Button
            look={unseen > 0 ? 'primary' : 'outline'}
            onClick={scroll.toBottom}
            className="pointer-events-auto rounded-full! shadow-high"
          >
            <ArrowDown aria-hidden="true" className="size-4" />
            {unseen > 0 ? `${unseen} new ${unseen === 1 ? 'message' : 'messages'}` : 'Jump to latest'}
          </Button>
        </div>
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
