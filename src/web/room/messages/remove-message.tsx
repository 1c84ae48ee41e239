import { useState } from 'react'
import { type ChatFailure, type Message, type RoomHandle, readFailure } from '../../../sdk'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'

interface RemoveMessageProps {
  handle: RoomHandle
  message: Message
  isOwn: boolean
  onClose(): void
}

export default function RemoveMessage({ handle, message, isOwn, onClose }: RemoveMessageProps) {
  const [pending, setPending] = useState(false)
  const [failure, setFailure] = useState<ChatFailure | null>(null)

  async function remove() {
    setPending(true)
    try {
      await handle.remove(message.seq)
      onClose()
    } catch (error) {
      setFailure(readFailure(error))
      setPending(false)
    }
  }

  return (
    <Dialog
      title={isOwn ? 'Remove your message?' : `Remove this message by ${message.author.displayName}?`}
      description="Everybody sees that there was a message, and nobody what it said. It cannot be brought back."
      onClose={onClose}
    >
      <p
        dir="auto"
        className="mb-4 line-clamp-4 whitespace-pre-wrap border-line-strong border-l-2 pl-3 text-soft text-sm [overflow-wrap:anywhere]"
      >
        {message.text}
      </p>
      {failure && (
        <p role="alert" className="mb-3 text-danger text-sm">
          {failure.words}
        </p>
      )}
      <div className="flex justify-end gap-2 pt-1">
        <Button look="quiet" onClick={onClose}>
          Keep
        </Button>
        <Button look="danger" pending={pending} onClick={remove}>
          Remove message
        </Button>
      </div>
    </Dialog>
  )
}
