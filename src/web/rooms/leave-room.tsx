import { useState } from 'react'
import { type ChatClient, type ChatFailure, type Room, readFailure } from '../../sdk'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'

export default function LeaveRoom({ client, room, onLeft, onClose }: { client: ChatClient; room: Room; onLeft(): void; onClose(): void }) {
  const [pending, setPending] = useState(false)
  const [failure, setFailure] = useState<ChatFailure | null>(null)

  async function leave() {
    setPending(true)
    try {
      await client.rooms.leave.mutate({ room: room.id })
      onLeft()
    } catch (error) {
      setFailure(readFailure(error))
      setPending(false)
    }
  }

  return (
    <Dialog
      title={`Leave ${room.name}?`}
      description={
        room.kind === 'public'
          ? 'What you wrote stays. It is a public room: you can join it again.'
          : 'What you wrote stays. It is a private room: to come back, somebody has to invite you.'
      }
      onClose={onClose}
    >
      {failure && (
        <p role="alert" className="mb-3 text-danger text-sm">
          {failure.words}
        </p>
      )}
      <div className="flex justify-end gap-2 pt-1">
        <Button look="quiet" onClick={onClose}>
          Stay
        </Button>
        <Button look="danger" pending={pending} onClick={leave}>
          Leave room
        </Button>
      </div>
    </Dialog>
  )
}
