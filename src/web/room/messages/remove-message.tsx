import type { ChatRoom, Message } from '../../../sdk'
import { ConfirmDialog } from '../../ui/confirm-dialog'

interface RemoveMessageProps {
  handle: ChatRoom
  message: Message
  isOwn: boolean
  onClose(): void
}

export default function RemoveMessage({ handle, message, isOwn, onClose }: RemoveMessageProps) {
  return (
    <ConfirmDialog
      title={isOwn ? 'Remove your message?' : `Remove this message from ${message.author.displayName}?`}
      description="Everyone will see that a message was removed, but not what it said. You can't undo this."
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
