import clsx from 'clsx'
import { ArrowDown } from 'lucide-react'
import { Fragment, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { ChatRoom, RoomTimeline } from '../../../sdk'
import type { Visitor } from '../../account/visitor'
import { Button } from '../../ui/button'
import { isForMouse } from '../../ui/media'
import { useAnnouncing } from './announcing'
import { DayChip, DayLine } from './day-line'
import type { FirstUnread } from './first-unread'
import { ToFirstUnread, UnreadLine } from './first-unread'
import type { Goal } from './goal'
import { useHighlight } from './highlight'
import { createListRows } from './list-rows'
import { MorePages, RoomBeginning, useNewerPages, useOlderPages } from './list-top'
import { useLogKeys } from './log-keys'
import { useMessageActs } from './message-acts'
import { MessageItem } from './message-item'
import { rememberPlace } from './places'
import type { ReadMarks } from './read-marks'
import { usePageAttention } from './read-marks'
import type { ListPlace, Rows } from './row-window'
import { useScrollKeeping } from './scroll-keeping'
import { UnsentItem } from './unsent-item'

interface MessageListProps {
  handle: ChatRoom
  timeline: RoomTimeline
  visitor: Visitor
  name: string
  topic: string
  readMarks: ReadMarks
  /** The read mark in the room list. */
  listedReadSeq: number | undefined
  firstUnread: FirstUnread
  goal: Goal | null
  /** The entry of the browser's history, to come back to the same place. */
  entry: string
  onGo(seq: number): void
  onFirst(): void
  onLast(): void
  onNewest(): void
  onChooseDate(): void
}

export function MessageList({ handle, timeline, visitor, name, topic, readMarks, listedReadSeq, firstUnread, ...to }: MessageListProps) {
  const { messages, hasBefore, hasAfter, lastSeq } = timeline
  const all = useMemo(() => ({ from: messages[0]?.seq ?? 1, to: messages.at(-1)?.seq ?? 0 }), [messages])
  const older = useOlderPages(handle, hasBefore)
  const newer = useNewerPages(handle, hasAfter)
  const [topSeq, setTopSeq] = useState(0)
  const { id: room } = handle
  const { look } = firstUnread
  const onPlace = useCallback(
    (place: ListPlace, visible: Rows) => {
      rememberPlace(room, to.entry, place)
      handle.lookAt(place.kind === 'newest' ? null : place.seq)
      setTopSeq(visible.from)
      look(visible)
    },
    [room, to.entry, look, handle],
  )
  const scroll = useScrollKeeping({
    ...{ all, hasAfter, lastSeq, goal: to.goal, onPlace },
    onNearTop: older.loadMore,
    onNearBottom: newer.loadMore,
    onReturn: readMarks.resume,
  })
  const { awaySince, isReady, rows } = scroll
  const unsent = hasAfter ? none : timeline.unsent
  const shown = useMemo(
    () => createListRows({ messages, unsent, own: visitor, firstUnread: firstUnread.seq, rows }),
    [messages, unsent, visitor, firstUnread.seq, rows],
  )
  const acts = useMessageActs()
  const highlighted = useHighlight(scroll.reached, scroll.list)
  const keys = useLogKeys({ scroll, messages, onFirst: to.onFirst, onLast: to.onLast })
  const unseen = awaySince === null ? 0 : lastSeq - awaySince

  const isLooking = usePageAttention() && awaySince === null && !hasAfter
  useEffect(() => readMarks.update({ lastSeq, listedReadSeq, isLooking }), [readMarks, lastSeq, listedReadSeq, isLooking])

  const isAnnouncing = useAnnouncing()
  const grewUp = useRecentGrowth(rows.from)
  const isScrolling = useRecent(topSeq)
  const topMessage = messages[topSeq - all.from]
  const topDay = useMemo(() => topMessage && new Date(topMessage.time), [topMessage])

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroll.scroller}
        onScroll={scroll.onScroll}
        {...keys}
        role="log"
        // Only messages that arrive while the newest ones are shown. What is loaded from the past is not news.
        aria-live={isAnnouncing && awaySince === null && !hasAfter && !grewUp ? 'polite' : 'off'}
        aria-label={`Messages in ${name}`}
        aria-busy={older.pending || newer.pending}
        tabIndex={-1}
        className={clsx(
          'h-full scroll-py-16 overflow-y-auto overscroll-contain outline-none [overflow-anchor:none]',
          !isReady && 'flex flex-col-reverse',
        )}
      >
        <div className="@container mx-auto flex min-h-full w-full max-w-(--measure) flex-col justify-end pb-3">
          {hasBefore ? (
            <MorePages which="older" failure={older.failure} retry={older.retry} />
          ) : (
            <RoomBeginning name={name} topic={topic} isEmpty={shown.length === 0} />
          )}
          {/* The rows above are padding, and not a box: browsers would count the list as moved when it grows upwards. */}
          <ol ref={scroll.list} className="flow-root" {...(isReady && scroll.abovePx > 0 && { style: { paddingTop: scroll.abovePx } })}>
            {shown.map((row) => (
              <Fragment key={row.key}>
                {row.day && <DayLine day={row.day} onChoose={to.onChooseDate} />}
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
          <Spacer heightPx={isReady ? scroll.belowPx : 0} />
          {hasAfter && <MorePages which="newer" failure={newer.failure} retry={newer.retry} />}
        </div>
      </div>
      <div className="pointer-events-none absolute inset-x-0 top-3 z-10 flex flex-col items-center gap-2 px-2" data-floating="">
        {firstUnread.seq !== null && firstUnread.isAbove && (
          <ToFirstUnread count={firstUnread.count} onGo={() => to.onGo(firstUnread.seq ?? 1)} onDismiss={firstUnread.dismiss} />
        )}
        {topDay && awaySince !== null && <DayChip day={topDay} isShown={isScrolling} onChoose={to.onChooseDate} />}
      </div>
      {(awaySince !== null || hasAfter) && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 z-10 flex justify-center px-2" data-floating="">
          <Button
            look={unseen > 0 ? 'primary' : 'outline'}
            onClick={() => {
              to.onNewest()
              // On a phone, that would open the keyboard over the messages.
              if (isForMouse()) acts.focusComposer()
            }}
            className="pointer-events-auto rounded-full! shadow-high"
          >
            <ArrowDown aria-hidden="true" className="size-4" />
            {unseen > 0 ? `${unseen.toLocaleString()} new ${unseen === 1 ? 'message' : 'messages'}` : 'Jump to latest'}
          </Button>
        </div>
      )}
    </div>
  )
}

const none: RoomTimeline['unsent'] = []

/** Stands for rows that are loaded, but far from those that are visible. */
function Spacer({ heightPx }: { heightPx: number }) {
  return <div aria-hidden="true" className="shrink-0" {...(heightPx > 0 && { style: { height: heightPx } })} />
}

const recentMs = 1_500

/** Whether a value has changed within the last moment. */
function useRecent(value: unknown): boolean {
  const [isRecent, setRecent] = useState(false)
  const before = useRef(value)
  useEffect(() => {
    if (before.current === value) return
    before.current = value
    setRecent(true)
    const timer = setTimeout(() => setRecent(false), recentMs)
    return () => clearTimeout(timer)
  }, [value])
  return isRecent
}

/** Whether rows from the past were added within the last moment, or are just being added. */
function useRecentGrowth(from: number): boolean {
  const [quiet, setQuiet] = useState(from)
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(from), recentMs)
    return () => clearTimeout(timer)
  }, [from])
  return from < quiet
}
