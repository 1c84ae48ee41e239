import { MessagesSquare, Pin } from 'lucide-react'
import { type KeyboardEvent, lazy, memo, Suspense, useRef, useState } from 'react'
import { isMentioned } from '../../../contract/markdown/names'
import type { Message } from '../../../sdk'
import { useIsLocal } from '../../ui/local-time'
import { formatFull } from '../../ui/times'
import { MessageEditor, useIsEdited } from '../composer/edit-in-place'
import { useMessageActivity } from './active-message'
import { useLongPress } from './long-press'
import { useMessageActs } from './message-acts'
import { MessageFrame } from './message-frame'
import { MessageText } from './message-text'
import { MessageToolbar } from './message-toolbar'
import type { QuoteLook } from './quote-look'
import { QuotedLine, ReplyMark } from './quoted-line'
import { Reactions } from './reactions'
import { RoomLine } from './room-line'
import { SeenBy } from './seen-by'
import { useTextSelection } from './text-selection'

const MessageSheet = lazy(() => import('./message-sheet'))

interface MessageItemProps {
  message: Message
  startsGroup: boolean
  /** Whether the viewer has just jumped to it. */
  isHighlighted: boolean
  /** How it shows what it answers; 'none' where that is clear. */
  quote?: QuoteLook | 'none'
}

export const MessageItem = memo(function MessageItem(props: MessageItemProps) {
  const { message, startsGroup, isHighlighted } = props
  if (message.kind !== 'text') return <RoomLine message={message} />
  if (message.deletedAt === null) return <WrittenMessage {...props} />
  return (
    <MessageFrame
      data-seq={message.seq}
      author={message.author}
      time={message.time}
      place={message}
      startsGroup={startsGroup}
      look={isHighlighted ? 'highlighted' : 'plain'}
    >
      <p className="text-faint text-sm italic leading-6">Message removed</p>
      <Footer message={message} />
    </MessageFrame>
  )
})

function WrittenMessage({ message, startsGroup, isHighlighted, quote = 'line' }: MessageItemProps) {
  const { me, focusComposer, openThread } = useMessageActs()
  const isEdited = useIsEdited(message.seq)
  const { isActive, take, drop } = useMessageActivity()
  const isLocal = useIsLocal()
  const [isMenuOpen, setMenuOpen] = useState(false)
  const [showsSheet, setShowsSheet] = useState(false)
  const text = useRef<HTMLDivElement>(null)
  const selection = useTextSelection(text)
  const longPress = useLongPress(openSheet, !selection.isOn)
  const mentionsMe = message.author.username !== me && isMentioned(me, message.mentions)
  const { replyTo } = message

  function openSheet() {
    setShowsSheet(true)
    drop()
  }

  function changeMenu(isOpen: boolean) {
    setMenuOpen(isOpen)
    if (isOpen) take('menu')
    else drop('menu')
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Escape' || event.defaultPrevented || isMenuOpen || showsSheet) return
    // In a room, the same key goes on to the newest message. In a thread, it must not close the panel.
    if (openThread === null) event.preventDefault()
    drop()
    focusComposer()
  }

  return (
    <MessageFrame
      data-seq={message.seq}
      author={message.author}
      time={message.time}
      place={message}
      startsGroup={startsGroup}
      look={isHighlighted || isEdited ? 'highlighted' : mentionsMe ? 'mention' : 'plain'}
      className={
        selection.isOn || isEdited ? 'select-text' : '[@media(hover:none)]:select-none [@media(hover:none)]:[-webkit-touch-callout:none]'
      }
      // Not pointer events: a finger leaves at once, but a tap should keep the message active until the next tap.
      onMouseEnter={() => take('pointer')}
      onMouseLeave={() => drop('pointer')}
      // Only for visible focus: after a click, the focus stays on what was clicked.
      onFocus={({ target }) => target.matches(':focus-visible') && take('focus')}
      onBlur={({ currentTarget, relatedTarget }) => currentTarget.contains(relatedTarget) || drop('focus')}
      onKeyDown={onKeyDown}
      toolbar={<MessageToolbar message={message} isActive={isActive && !isEdited} onOpenChange={changeMenu} onSheet={openSheet} />}
      mark={replyTo && quote === 'mark' && <ReplyMark {...replyTo} />}
      {...longPress}
    >
      {replyTo && quote === 'line' && <QuotedLine {...replyTo} />}
      {isEdited ? (
        <MessageEditor message={message} />
      ) : (
        <div ref={text}>
          <MessageText text={message.text} mentions={message.mentions} me={me} message={`${message.room}/${message.seq}`}>
            {message.editedAt && (
              <span
                className="ms-1.5 whitespace-nowrap text-faint text-xs"
                title={isLocal ? `Edited ${formatFull(message.editedAt)}` : undefined}
              >
                edited
              </span>
            )}
          </MessageText>
        </div>
      )}
      <Reactions message={message} />
      <Footer message={message} />
      <SeenBy seq={message.seq} author={message.author.username} />
      <Suspense>
        {showsSheet && <MessageSheet message={message} onSelectText={selection.begin} onClose={() => setShowsSheet(false)} />}
      </Suspense>
    </MessageFrame>
  )
}

/** Below the text: whether the message is pinned, and its answers. */
function Footer({ message }: { message: Message }) {
  const { openThread } = useMessageActs()
  const { replyCount, pinnedAt } = message
  const hasReplies = replyCount > 0 && openThread !== null
  if (!hasReplies && pinnedAt === null) return null
  return (
    <div className="flex flex-wrap items-center gap-x-3 text-xs">
      {hasReplies && (
        <button
          type="button"
          title="Open the thread"
          onClick={() => openThread(message)}
          className="-ml-1.5 flex min-h-10 min-w-10 items-center gap-1.5 rounded-s px-1.5 font-medium text-accent hover:bg-selected mouse:min-h-6"
        >
          <MessagesSquare aria-hidden="true" className="size-3.5" />
          {replyCount === 1 ? '1 reply' : `${replyCount.toLocaleString()} replies`}
        </button>
      )}
      {pinnedAt !== null && (
        <span className="flex items-center gap-1 text-faint" title={`Pinned ${formatFull(pinnedAt)}`}>
          <Pin aria-hidden="true" className="size-3" />
          Pinned
        </span>
      )}
    </div>
  )
}
