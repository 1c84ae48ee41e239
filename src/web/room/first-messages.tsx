import clsx from 'clsx'
import { Fragment, useMemo } from 'react'
import type { Visitor } from '../account/visitor'
import { useIsLocal } from '../ui/local-time'
import { formatDay } from '../ui/times'
import { createListRows } from './messages/list-rows'
import { type MessageActs, MessageActsProvider } from './messages/message-acts'
import { MessageItem } from './messages/message-item'
import type { OpenedRoom } from './opened-room'

/**
 * The messages of a room as they are in the HTML of its page, until the page is connected. It looks like the list that takes
 * its place: the newest message at the bottom, or the one that the page is about in the middle, without any script.
 */
export function FirstMessages({ opened, visitor }: { opened: OpenedRoom; visitor: Visitor }) {
  const { room, first, around, timeZone } = opened
  const rows = useMemo(
    () => createListRows({ messages: first.messages, unsent: [], own: visitor, firstUnread: null, timeZone }),
    [first, visitor, timeZone],
  )
  const acts = useMemo(() => actsBefore(visitor.username), [visitor.username])
  return (
    <MessageActsProvider value={acts}>
      <div
        role="log"
        aria-label={`Messages in ${room.name}`}
        aria-busy="true"
        className={clsx(
          'min-h-0 flex-1 overflow-y-auto overscroll-contain',
          around === null ? 'flex flex-col-reverse' : 'snap-y snap-mandatory',
        )}
      >
        <div className="@container mx-auto flex min-h-full w-full max-w-(--measure) flex-col justify-end pb-3">
          {first.hasBefore && <div className="h-14 shrink-0" />}
          <ol>
            {rows.map((row) => (
              <Fragment key={row.key}>
                {row.day && <FirstDayLine day={row.day} />}
                {'message' in row && (
                  <MessageItem
                    message={row.message}
                    startsGroup={row.startsGroup}
                    quote={row.quote}
                    isHighlighted={row.message.seq === around}
                  />
                )}
              </Fragment>
            ))}
          </ol>
        </div>
      </div>
      <div className="mx-auto w-full max-w-(--measure) shrink-0 px-3 pt-5.5 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:px-6 md:pb-4">
        <div className="h-13.5 rounded-l border border-line-strong bg-raised shadow-low md:h-12.5" />
      </div>
    </MessageActsProvider>
  )
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

function FirstDayLine({ day }: { day: Date }) {
  const isLocal = useIsLocal()
  return (
    <li className="mt-6 mb-1 flex items-center gap-3 px-4 md:px-6">
      <h2 className="font-medium text-soft text-xs">
        <time dateTime={day.toISOString()}>{isLocal ? formatDay(day) : '\u00a0'}</time>
      </h2>
      <span aria-hidden="true" className="h-px flex-1 bg-line" />
    </li>
  )
}
