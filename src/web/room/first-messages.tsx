import clsx from 'clsx'
import { Fragment, useLayoutEffect, useMemo, useRef } from 'react'
import type { Visitor } from '../account/visitor'
import { entryInHistory } from '../navigation'
import { useIsLocal } from '../ui/local-time'
import { DayLine } from './messages/day-line'
import { findFirstUnread, UnreadLine } from './messages/first-unread'
import { createListRows, type ListRow } from './messages/list-rows'
import { RoomBeginning } from './messages/list-top'
import { type MessageActs, MessageActsProvider } from './messages/message-acts'
import { MessageItem } from './messages/message-item'
import { rememberPlace } from './messages/places'
import type { ListPlace } from './messages/row-window'
import type { OpenedRoom } from './opened-room'

/**
 * The messages of a room as they are in the HTML of its page, until the page is connected. It looks like the list that takes
 * its place: the newest message at the bottom, or the one that the page is about in the middle, without any script.
 */
export function FirstMessages({ opened, visitor }: { opened: OpenedRoom; visitor: Visitor }) {
  const { room, first, around, timeZone } = opened
  const firstUnread = useMemo(() => findFirstUnread(first, room.readSeq, visitor.username).seq, [first, room, visitor])
  const rows = useMemo(
    () => createListRows({ messages: first.messages, unsent: [], own: visitor, firstUnread, timeZone }),
    [first, visitor, firstUnread, timeZone],
  )
  const acts = useMemo(() => actsBefore(visitor.username), [visitor.username])
  const scroller = useRef<HTMLDivElement>(null)
  const isTakenOver = useIsLocal()
  const middle = rows.findIndex((row) => 'message' in row && row.message.seq === around)

  /** Somebody may have scrolled, even before there was any script: the list that follows stays there. */
  function keepPlace() {
    const place = scroller.current && findScrolledPlace(scroller.current, around)
    if (place) rememberPlace(room.id, entryInHistory(), place)
  }
  useLayoutEffect(keepPlace)

  const renderRow = (row: ListRow) => (
    <Fragment key={row.key}>
      {row.day && <DayLine day={row.day} onChoose={() => {}} />}
      {'message' in row && row.message.seq === firstUnread && <UnreadLine />}
      {row !== rows[middle] && renderMessage(row)}
    </Fragment>
  )

  return (
    <MessageActsProvider value={acts}>
      <div
        ref={scroller}
        onScroll={keepPlace}
        role="log"
        aria-label={`Messages in ${room.name}`}
        aria-busy="true"
        className={clsx(
          'min-h-0 flex-1 overflow-y-auto overscroll-contain [overflow-anchor:none]',
          around === null ? 'flex flex-col-reverse' : !isTakenOver && '[@media(scripting:none)]:snap-none snap-y snap-mandatory',
        )}
      >
        <div className="@container mx-auto flex min-h-full w-full max-w-(--measure) flex-col justify-end pb-3">
          {first.hasBefore ? (
            <div className="h-14 shrink-0" />
          ) : (
            <RoomBeginning name={room.name} topic={room.topic} isEmpty={rows.length === 0} />
          )}
          <div>
            <ol>{rows.slice(0, middle + 1 || rows.length).map(renderRow)}</ol>
            {rows[middle] && (
              <>
                <ol className="snap-center">{renderMessage(rows[middle])}</ol>
                <ol>{rows.slice(middle + 1).map(renderRow)}</ol>
              </>
            )}
          </div>
          {first.hasAfter && <div className="h-14 shrink-0" />}
        </div>
      </div>
      <div className="mx-auto w-full max-w-(--measure) shrink-0 px-3 pt-5.5 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:px-6 md:pb-4">
        <div className="h-13.5 rounded-l border border-line-strong bg-raised shadow-low md:h-12.5" />
      </div>
    </MessageActsProvider>
  )

  function renderMessage(row: ListRow) {
    if (!('message' in row)) return null
    return <MessageItem message={row.message} startsGroup={row.startsGroup} quote={row.quote} isHighlighted={row.message.seq === around} />
  }
}

/** Closer than this to where the page begins, nobody has scrolled. */
const nearPx = 24

/** Where somebody has scrolled to; null while they are where the page begins. */
function findScrolledPlace(scroller: HTMLElement, around: number | null): ListPlace | null {
  const { top, height } = scroller.getBoundingClientRect()
  const middle = around === null ? null : scroller.querySelector(`[data-seq="${around}"]`)?.getBoundingClientRect()
  const movedPx = middle ? middle.top + middle.height / 2 - top - height / 2 : scroller.scrollTop
  if (Math.abs(movedPx) < nearPx) return null
  const rows = [...scroller.querySelectorAll('[data-seq]')].map((row) => ({ row, bounds: row.getBoundingClientRect() }))
  const first = rows.find(({ bounds }) => bounds.bottom > top)
  return first ? { kind: 'message', seq: Number(first.row.getAttribute('data-seq')), offsetPx: first.bounds.top - top } : null
}

/** Nothing can be done with a message before the page is connected. */
const actsBefore = (me: string): MessageActs => ({
  ...{ me, mayWrite: false, mayAct: false, mayRemoveOwn: false, mayRemoveAny: false },
  reply: () => {},
  edit: () => {},
  remove: () => {},
  toggleReaction: () => {},
  markUnread: () => {},
  togglePin: () => {},
  jumpTo: () => {},
  focusComposer: () => {},
  openThread: () => {},
})
