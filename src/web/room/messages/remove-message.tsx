import type { Message, RoomHandle } from '../../../sdk'
import { ConfirmDialog } from '../../ui/confirm-dialog'

interface RemoveMessageProps {
  handle: RoomHandle
  message: Message
  isOwn: boolean
  onClose(): void
}

export default function RemoveMessage({ handle, message, isOwn, onClose }: RemoveMessageProps) {
  return (
    <ConfirmDialog
      title={isOwn ? 'Remove your message?' : `Remove this message by ${message.author.displayName}?`}
      description="Everybody sees that there was a message, and nobody what it said. It cannot be brought back."
      confirm="Remove message"
      act={() => handle.remove(message.seq)}
      onDone={onClose}
      onClose={onClose}
    >
      <p
        dir="auto"
        className="line-clamp-4 whitespace-pre-wrap border-line-strong border-l-2 pl-3 text-soft text-sm [overflow-wrap:anywhere]"
      >
        {message.text}
      </p>
    </ConfirmDialog>
  )
}
