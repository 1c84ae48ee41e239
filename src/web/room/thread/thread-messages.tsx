import { type RefObject, useLayoutEffect, useMemo, useRef } from 'react'
import type { Message, ThreadHandle, ThreadState } from '../../../sdk'
import type { Visitor } from '../../account/visitor'
import { useAct } from '../../ui/act'
import { Button } from '../../ui/button'
import { formatDay } from '../../ui/times'
import { createListRows } from '../messages/list-rows'
import { MessageItem } from '../messages/message-item'
import { UnsentItem } from '../messages/unsent-item'

interface ThreadMessagesProps {
  thread: ThreadHandle
  state: ThreadState & { root: Message }
  visitor: Visitor
}

/** The first message of a thread, and its answers below it. */
export function ThreadMessages({ thread, state, visitor }: ThreadMessagesProps) {
  const { root, messages, unsent, hasBefore } = state
  const older = useAct()
  const rows = useMemo(() => createListRows({ messages, unsent, own: visitor, firstUnread: null }), [messages, unsent, visitor])
  const scroller = useRef<HTMLDivElement>(null)
  useKeptScroll(scroller, messages[0]?.seq, unsent.at(-1)?.clientId)

  return (
    <div
      ref={scroller}
      role="log"
      aria-label="Messages in this thread"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it
      tabIndex={0}
      className="@container min-h-0 flex-1 overflow-y-auto overscroll-contain pb-2 outline-offset-[-2px] [overflow-anchor:none]"
    >
      <ol>
        <MessageItem message={root} startsGroup isHighlighted={false} quote="none" />
      </ol>
      <p className="mt-3 flex items-center gap-3 px-4 text-faint text-xs">
        {countWords(messages.length, hasBefore)}
        <span aria-hidden="true" className="h-px flex-1 bg-line" />
      </p>
      {hasBefore && (
        <div className="px-4 pt-2">
          <Button look="outline" pending={older.pending} onClick={() => void older.run(thread.loadOlder)} className="w-full">
            {older.failure ? 'Try again to load earlier replies' : 'Show earlier replies'}
          </Button>
        </div>
      )}
      <ol>
        {rows.map((row, index) => (
          <Row key={row.key} day={index > 0 || hasBefore ? row.day : null}>
            {'message' in row ? (
              <MessageItem
                message={row.message}
                startsGroup={row.startsGroup}
                isHighlighted={false}
                quote={row.message.replyTo?.seq === root.seq ? 'none' : row.quote}
              />
            ) : (
              <UnsentItem
                unsent={row.unsent}
                author={visitor}
                startsGroup={row.startsGroup}
                handle={thread}
                quote={row.unsent.replyTo?.seq === root.seq ? 'none' : row.quote}
              />
            )}
          </Row>
        ))}
      </ol>
    </div>
  )
}

function Row({ day, children }: { day: Date | null; children: React.ReactNode }) {
  return (
    <>
      {day && (
        <li className="mt-4 px-4 text-faint text-xs">
          <time dateTime={day.toISOString()}>{formatDay(day)}</time>
        </li>
      )}
      {children}
    </>
  )
}

function countWords(count: number, hasMore: boolean): string {
  if (hasMore) return 'Latest replies'
  return count === 0 ? 'No replies yet' : count === 1 ? '1 reply' : `${count.toLocaleString()} replies`
}

/** Within this distance the end counts as reached. */
const endPx = 40

/** Stays at the end while replies come in there, and in place while earlier ones are loaded. */
function useKeptScroll(scroller: RefObject<HTMLElement | null>, firstSeq: number | undefined, lastOwn: string | undefined) {
  const before = useRef({ firstSeq, lastOwn, height: 0, isAtEnd: true })
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const last = before.current
    const height = element.scrollHeight
    const isOlder = firstSeq !== undefined && last.firstSeq !== undefined && firstSeq < last.firstSeq
    if (isOlder) element.scrollTop += height - last.height
    else if (last.isAtEnd || lastOwn !== last.lastOwn) element.scrollTop = height
    before.current = { firstSeq, lastOwn, height, isAtEnd: isAtEnd(element) }
  })
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const onScroll = () => {
      before.current.isAtEnd = isAtEnd(element)
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    // The composer grows, and the window changes.
    const observer = new ResizeObserver(() => {
      if (before.current.isAtEnd) element.scrollTop = element.scrollHeight
    })
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', onScroll)
      observer.disconnect()
    }
  }, [scroller])
}

const isAtEnd = ({ scrollHeight, scrollTop, clientHeight }: HTMLElement) => scrollHeight - scrollTop - clientHeight < endPx
