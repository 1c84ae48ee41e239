import { CircleAlert } from 'lucide-react'
import { memo, type ReactNode, useState } from 'react'
import type { ChatFailure, ChatRoom, Unsent } from '../../../sdk'
import type { PersonName } from '../../people/people-search'
import { fieldError } from '../../ui/act'
import { formatDuration } from '../../ui/times'
import { useSecondsUntil } from '../composer/slow-mode'
import { MessageFrame } from './message-frame'
import { MessageText } from './message-text'
import type { QuoteLook } from './quote-look'
import { QuotedLine, ReplyMark } from './quoted-line'

interface UnsentItemProps {
  unsent: Unsent
  author: PersonName
  startsGroup: boolean
  handle: Pick<ChatRoom, 'retry' | 'discard'>
  quote?: QuoteLook | 'none'
}

/** The viewer's own message while it is being sent, or after sending failed. */
export const UnsentItem = memo(function UnsentItem({ unsent, author, startsGroup, handle, quote = 'line' }: UnsentItemProps) {
  return (
    <MessageFrame
      author={author}
      time={unsent.time}
      startsGroup={startsGroup}
      mark={unsent.replyTo && quote === 'mark' && <ReplyMark {...unsent.replyTo} />}
    >
      {unsent.replyTo && quote === 'line' && <QuotedLine {...unsent.replyTo} />}
      <MessageText text={unsent.text} className="text-soft" />
      {renderState()}
    </MessageFrame>
  )

  function renderState() {
    switch (unsent.state) {
      case 'pending':
        return <p className="late text-faint text-xs">Sending…</p>
      case 'failed':
        return (
          <div role="alert" className="mt-1 flex flex-wrap items-center gap-x-3 text-sm">
            <span className="flex items-center gap-1.5 text-danger">
              <CircleAlert aria-hidden="true" className="size-4 shrink-0" />
              <span>
                Not sent. <Reason reason={unsent.reason} />
              </span>
            </span>
            <TextButton onClick={() => handle.retry(unsent.clientId)}>Try again</TextButton>
            <TextButton onClick={() => handle.discard(unsent.clientId)}>Discard</TextButton>
          </div>
        )
    }
  }
})

function Reason({ reason }: { reason: ChatFailure }) {
  const { name, words, retryAfterMs = 0 } = reason
  const [until] = useState(() => Date.now() + retryAfterMs)
  const seconds = useSecondsUntil(until)
  if (name !== 'SLOW_MODE') return fieldError(reason, 'text', 'The text') ?? words
  return seconds > 0 ? `Slow mode is on. Wait ${formatDuration(seconds)}.` : 'Slow mode is on. You can send it now.'
}

function TextButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="min-h-11 min-w-11 rounded-s font-medium text-ink underline decoration-line-strong underline-offset-3 hover:decoration-current mouse:min-h-6 mouse:min-w-6"
    >
      {children}
    </button>
  )
}
