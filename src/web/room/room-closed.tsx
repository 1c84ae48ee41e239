import { useState } from 'react'
import { type ChatClient, type ChatFailure, type RoomKind, readFailure } from '../../sdk'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'

interface RoomClosedProps {
  client: ChatClient
  room: string
  name: string
  /** What is known of it from before; null when it never was in the person's list. */
  kind: RoomKind | null
  reason: ChatFailure
  onBrowse(): void
  onRetry(): void
  onJoined(): Promise<void>
}

/** Why the server does not show this room, and the way on. */
export function RoomClosed({ client, room, name, kind, reason, onBrowse, onRetry, onJoined }: RoomClosedProps) {
  const [joining, setJoining] = useState(false)
  const [refusal, setRefusal] = useState<ChatFailure | null>(null)

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
  const canJoin = reason.name === 'NOT_A_MEMBER' || (reason.name === 'MEMBERSHIP_ENDED' && kind === 'public')
  const joinAndBrowse = (
    <>
      {canJoin && (
        <Button pending={joining} onClick={join}>
          Join {name}
        </Button>
      )}
      {browse}
    </>
  )
  const whyNot = refusal && (
    <p role="alert" className="mt-2 text-danger">
      {refusal.words}
    </p>
  )
  if (reason.name === 'NOT_A_MEMBER') {
    return (
      <Notice title={`You are not in ${name}`} actions={joinAndBrowse}>
        <p>It is a public room: join it to read what was said, and to take part.</p>
        {whyNot}
      </Notice>
    )
  }
  if (reason.name === 'MEMBERSHIP_ENDED') {
    return (
      <Notice title={`You are no longer in ${name}`} actions={joinAndBrowse}>
        <p>You left it on another device, or somebody who looks after the room removed you. What you wrote there stays.</p>
        {whyNot}
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
