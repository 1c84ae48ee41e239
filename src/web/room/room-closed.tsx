import { useEffect, useState } from 'react'
import { type ChatClient, type ChatFailure, readFailure } from '../../sdk'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'

interface RoomClosedProps {
  client: ChatClient
  room: string
  name: string
  reason: ChatFailure
  onBrowse(): void
  onRetry(): void
  /** The room may have left the person's list meanwhile. */
  onClosed(): void
  onJoined(): Promise<void>
}

/** Why the server does not show this room, and the way on. */
export function RoomClosed({ client, room, name, reason, onBrowse, onRetry, onClosed, onJoined }: RoomClosedProps) {
  const [joining, setJoining] = useState(false)
  const [refusal, setRefusal] = useState<ChatFailure | null>(null)

  useEffect(() => {
    onClosed()
  }, [onClosed])

  async function join() {
    setJoining(true)
    try {
      await client.rooms.join.mutate({ room })
      await onJoined()
    } catch (error) {
      setRefusal(readFailure(error))
    }
    setJoining(false)
  }

  const browse = (
    <Button look="outline" onClick={onBrowse}>
      Browse rooms
    </Button>
  )
  if (reason.name === 'NOT_A_MEMBER') {
    return (
      <Notice
        title={`You are not in ${name}`}
        actions={
          <>
            <Button pending={joining} onClick={join}>
              Join {name}
            </Button>
            {browse}
          </>
        }
      >
        <p>It is a public room: join it to read what was said, and to take part.</p>
        {refusal && (
          <p role="alert" className="mt-2 text-danger">
            {refusal.words}
          </p>
        )}
      </Notice>
    )
  }
  if (reason.name === 'ROOM_NOT_FOUND') {
    return (
      <Notice title="No such room" actions={browse}>
        {reason.words}
      </Notice>
    )
  }
  return (
    <Notice
      title="This room cannot be shown"
      actions={
        <>
          <Button onClick={onRetry}>Try again</Button>
          {browse}
        </>
      }
    >
      {reason.words}
    </Notice>
  )
}
