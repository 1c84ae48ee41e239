import { MessageSquareReply } from 'lucide-react'
import { type KeyboardEvent, lazy, memo, Suspense, useState } from 'react'
import { isMentioned } from '../../../contract/text-tokens'
import type { Message } from '../../../sdk'
import { formatFull } from '../../ui/times'
import { MessageEditor, useIsEdited } from '../composer/edit-in-place'
import { useLongPress } from './long-press'
import { useMessageActs } from './message-acts'
import { MessageFrame } from './message-frame'
import { MessageText } from './message-text'
import { MessageToolbar } from './message-toolbar'
import { QuotedLine } from './quoted-line'
import { Reactions } from './reactions'
import { RoomLine } from './room-line'

const MessageSheet = lazy(() => import('./message-sheet'))

interface MessageItemProps {
  message: Message
  startsGroup: boolean
  /** Whether the viewer has just jumped to it. */
  isHighlighted: boolean
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
      startsGroup={startsGroup}
      look={isHighlighted ? 'highlighted' : 'plain'}
    >
      <p className="text-faint text-sm italic leading-6">Message removed</p>
      <ReplyCount count={message.replyCount} />
    </MessageFrame>
  )
})

function WrittenMessage({ message, startsGroup, isHighlighted }: MessageItemProps) {
  const { me } = useMessageActs()
  const isEdited = useIsEdited(message.seq)
  const [isHovered, setHovered] = useState(false)
  const [hasFocus, setHasFocus] = useState(false)
  const [isMenuOpen, setMenuOpen] = useState(false)
  const [showsSheet, setShowsSheet] = useState(false)
  const longPress = useLongPress(openSheet)
  const mentionsMe = message.author.username !== me && isMentioned(me, message.mentions)

  function openSheet() {
    setShowsSheet(true)
    setHovered(false)
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Escape' || event.defaultPrevented || isMenuOpen || showsSheet) return
    setHovered(false)
    document.getElementById('composer')?.focus()
  }

  return (
    <MessageFrame
      data-seq={message.seq}
      author={message.author}
      time={message.time}
      startsGroup={startsGroup}
      look={isHighlighted || isEdited ? 'highlighted' : mentionsMe ? 'mention' : 'plain'}
      className="[@media(hover:none)]:select-none [@media(hover:none)]:[-webkit-touch-callout:none]"
      // Not pointer events: a finger leaves at once, but a tap should keep the message active until the next tap.
      onMouseEnter={() => setHovered(true)}
      onMouseLeave={() => setHovered(false)}
      // Only for visible focus: after a click, the focus stays on what was clicked.
      onFocus={({ target }) => setHasFocus(target.matches(':focus-visible'))}
      onBlur={({ currentTarget, relatedTarget }) => {
        setHasFocus(currentTarget.contains(relatedTarget))
      }}
      onKeyDown={onKeyDown}
      toolbar={
        <MessageToolbar message={message} isActive={isHovered || hasFocus || isMenuOpen} onOpenChange={setMenuOpen} onSheet={openSheet} />
      }
      {...longPress}
    >
      {message.replyTo && <QuotedLine {...message.replyTo} />}
      {isEdited ? (
        <MessageEditor message={message} />
      ) : (
        <MessageText text={message.text} mentions={message.mentions} me={me}>
          {message.editedAt && (
            <span className="ms-1.5 whitespace-nowrap text-faint text-xs" title={`Edited ${formatFull(message.editedAt)}`}>
              edited
            </span>
          )}
        </MessageText>
      )}
      <Reactions message={message} />
      <ReplyCount count={message.replyCount} />
      <Suspense>{showsSheet && <MessageSheet message={message} onClose={() => setShowsSheet(false)} />}</Suspense>
    </MessageFrame>
  )
}

function ReplyCount({ count }: { count: number }) {
  if (count === 0) return null
  return (
    <p className="flex items-center gap-1 text-faint text-xs">
      <MessageSquareReply aria-hidden="true" className="size-3.5" />
      {count === 1 ? '1 reply' : `${count.toLocaleString()} replies`}
    </p>
  )
}
