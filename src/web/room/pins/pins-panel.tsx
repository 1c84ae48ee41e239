import { PinOff } from 'lucide-react'
import { plainText } from '../../../contract/markdown/plain-text'
import type { ChatRoom, Message } from '../../../sdk'
import { goToMessage } from '../../navigation'
import { FailureLine, useAct } from '../../ui/act'
import { Avatar } from '../../ui/avatar'
import { Button, IconButton } from '../../ui/button'
import { useWideScreen } from '../../ui/media'
import { formatFull, timeAgo } from '../../ui/times'
import { SidePanelFrame } from '../side-panel'
import type { Pins } from './pins'

interface PinsPanelProps {
  handle: ChatRoom
  pins: Pins
  mayUnpin: boolean
  onClose(): void
}

/** The pinned messages of a room, the latest pin first. Pressing one goes to it. */
export default function PinsPanel({ handle, pins, mayUnpin, onClose }: PinsPanelProps) {
  const { messages, failure, reload } = pins
  const unpinning = useAct({ concurrent: true })
  const isWide = useWideScreen()

  function show(seq: number) {
    if (!isWide) onClose()
    goToMessage(handle.id, seq)
  }

  return (
    <SidePanelFrame title="Pinned messages" closeLabel="Close pinned messages" onClose={onClose}>
      <FailureLine failure={unpinning.failure} onDismiss={unpinning.dismiss} className="mx-3 mb-1" />
      {failure && (
        <div className="space-y-2 px-3 pb-2">
          <FailureLine failure={failure} />
          <Button look="outline" onClick={reload}>
            Try again
          </Button>
        </div>
      )}
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4" aria-busy={messages === null && !failure}>
        <ul aria-label="Pinned messages">
          {messages?.map((message) => (
            <PinnedMessage
              key={message.seq}
              message={message}
              onShow={() => show(message.seq)}
              onUnpin={mayUnpin ? () => void unpinning.run(() => handle.unpin(message.seq)) : null}
            />
          ))}
        </ul>
        <p role="status" className="px-2 py-1 text-sm text-soft empty:hidden">
          {messages?.length === 0 && 'Nothing is pinned here yet. Pin a message from its menu to keep it at hand for everybody.'}
        </p>
      </div>
    </SidePanelFrame>
  )
}

function PinnedMessage({ message, onShow, onUnpin }: { message: Message; onShow(): void; onUnpin: (() => void) | null }) {
  const { author, text, time } = message
  return (
    <li className="group flex items-start rounded-m hover:bg-hover">
      <button
        type="button"
        onClick={onShow}
        title="Go to this message"
        className="flex min-w-0 flex-1 items-start gap-2.5 rounded-m px-2 py-2 text-start"
      >
        <Avatar {...author} className="size-8! text-xs!" />
        <span className="min-w-0 flex-1">
          <span className="flex flex-wrap items-baseline gap-x-2">
            <bdi className="font-semibold text-sm [overflow-wrap:anywhere]">{author.displayName}</bdi>
            <time dateTime={time} title={formatFull(time)} className="text-faint text-xs">
              {timeAgo(time)}
            </time>
          </span>
          <span dir="auto" className="line-clamp-4 text-sm text-soft [overflow-wrap:anywhere]">
            {plainText(text)}
          </span>
        </span>
      </button>
      {onUnpin && (
        <IconButton label={`Unpin the message from ${author.displayName}`} onClick={onUnpin} className="mt-0.5 text-faint!">
          <PinOff />
        </IconButton>
      )}
    </li>
  )
}
