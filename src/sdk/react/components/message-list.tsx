import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import type { Message } from '../../../contract/message'
import { type ChatFailure, readFailure } from '../../chat-error'
import { useComposer } from '../composer-state'
import { useMessages } from '../messages'
import { useOwnUser } from '../own-user'
import { useRoom } from '../room-provider'
import { joinClasses } from './class-names'
import { useKeptPlace } from './kept-place'
import { ListedMessage, ListedUnsent } from './listed-message'

export interface MessageListProps {
  /** Draws a message in a way of your own, inside its `<li>`. Must be the same function each time: rows whose message is the same are not drawn again. */
  renderMessage?: (message: Message) => ReactNode
  /** What the list is called for those who do not see it. Default: "Messages" */
  label?: string
  /** Whether messages count as read once somebody has seen the end of the list. Default: true */
  marksRead?: boolean
  className?: string
}

/** Pages are loaded when this little is left to scroll, in pixels. */
const nearPx = 400
/** Later messages of the same author have their name again. */
const groupMs = 5 * 60_000

/**
 * The messages of the nearest RoomProvider's room. It needs a height and `overflow-y: auto`, which the optional stylesheet gives
 * it. It stays at the newest message, keeps the place of somebody who reads further up, loads more at both ends, and marks the
 * room as read at its end.
 * @example <MessageList className="messages" />
 */
export function MessageList({ renderMessage, label = 'Messages', marksRead = true, className }: MessageListProps): ReactNode {
  const { state, failure, messages, unsent, hasBefore, hasAfter, loadOlder, loadNewer, openNewest, retry, discard, reopen } = useMessages()
  const me = useOwnUser()?.username
  const { setReplyTo } = useComposer()
  const scroller = useRef<HTMLElement>(null)
  const { isAtEnd, toEnd } = useKeptPlace(scroller, !hasAfter)
  const older = usePage(hasBefore, loadOlder)
  const newer = usePage(hasAfter, loadNewer)
  useReadMark(marksRead && isAtEnd ? messages.at(-1)?.seq : undefined)

  /** After each rendering too: a page may be shorter than the list is high. */
  function loadWhatIsNear() {
    const element = scroller.current
    if (!element || state !== 'live') return
    if (element.scrollTop < nearPx) older.load()
    if (element.scrollHeight - element.scrollTop - element.clientHeight < nearPx) newer.load()
  }
  useEffect(loadWhatIsNear)

  const newestUnsent = unsent.at(-1)?.clientId
  useEffect(() => {
    if (newestUnsent !== undefined) toEnd()
  }, [newestUnsent, toEnd])

  async function goToNewest() {
    await openNewest()
    toEnd()
  }

  return (
    <section
      ref={scroller}
      className={joinClasses('roomline-messages', className)}
      role="log"
      aria-label={label}
      aria-busy={state === 'loading'}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
      tabIndex={0}
      data-state={state}
      onScroll={loadWhatIsNear}
    >
      <div>
        {older.failure && <Failed failure={older.failure} onRetry={older.retry} />}
        <ol>
          {messages.map((message, index) => (
            <ListedMessage
              key={message.seq}
              message={message}
              me={me}
              isGrouped={isGrouped(messages[index - 1], message)}
              render={renderMessage}
              onReply={setReplyTo}
            />
          ))}
          {unsent.map((each) => (
            <ListedUnsent key={each.clientId} unsent={each} onRetry={retry} onDiscard={discard} />
          ))}
        </ol>
        {newer.failure && <Failed failure={newer.failure} onRetry={newer.retry} />}
        {state === 'ended' && <Failed failure={failure} onRetry={reopen} />}
        {!isAtEnd && messages.length > 0 && (
          <button type="button" className="roomline-to-newest" onClick={() => void goToNewest().catch(() => {})}>
            Newest messages
          </button>
        )}
      </div>
    </section>
  )
}

function Failed({ failure, onRetry }: { failure: ChatFailure; onRetry(): void }) {
  return (
    <p className="roomline-failure" role="alert">
      {failure.words}{' '}
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </p>
  )
}

const isGrouped = (before: Message | undefined, { kind, author, time, replyTo }: Message): boolean =>
  before?.kind === 'text' &&
  kind === 'text' &&
  !replyTo &&
  before.author.id === author.id &&
  Date.parse(time) - Date.parse(before.time) < groupMs

/** Loads one page at a time. After a failure, only when the person asks for it. */
function usePage(hasMore: boolean, loadPage: () => Promise<void>) {
  const isLoading = useRef(false)
  const [failure, setFailure] = useState<ChatFailure | null>(null)
  const start = useCallback(async () => {
    isLoading.current = true
    setFailure(null)
    await loadPage().catch((error: unknown) => setFailure(readFailure(error)))
    isLoading.current = false
  }, [loadPage])
  return {
    failure,
    load: () => {
      if (hasMore && !failure && !isLoading.current) void start()
    },
    retry: () => void start(),
  }
}

/** Marks the room as read up to a message, once the page is looked at. */
function useReadMark(seq: number | undefined) {
  const room = useRoom()
  useEffect(() => {
    if (seq === undefined) return
    const mark = () => {
      if (document.visibilityState !== 'visible') return
      document.removeEventListener('visibilitychange', mark)
      // When it fails, the next message marks it.
      room.markRead(seq).catch(() => {})
    }
    document.addEventListener('visibilitychange', mark)
    mark()
    return () => document.removeEventListener('visibilitychange', mark)
  }, [room, seq])
}
