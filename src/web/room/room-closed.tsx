import type { Chat, ChatFailure, RoomKind } from '../../sdk'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'

interface RoomClosedProps {
  client: Chat
  room: string
  name: string
  /** As it was last listed; null if it never was in the user's list. */
  kind: RoomKind | null
  reason: ChatFailure
  onBrowse(): void
  onRetry(): void
  onJoined(): Promise<void>
}

/** Says why the room can't be shown, and what to do about it. */
export function RoomClosed({ client, room, name, kind, reason, onBrowse, onRetry, onJoined }: RoomClosedProps) {
  const { pending, failure, run } = useAct()

  function join() {
    void run(async () => {
      await client.trpc.rooms.join.mutate({ room })
      await onJoined()
    })
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
        <Button pending={pending} onClick={join}>
          Join {name}
        </Button>
      )}
      {browse}
    </>
  )
  const joinFailure = <FailureLine failure={failure} className="mt-3" />
  if (reason.name === 'NOT_A_MEMBER') {
    return (
      <Notice title={`You're not in ${name}`} actions={joinAndBrowse}>
        <p>This is a public room. Join it to read and write messages.</p>
        {joinFailure}
      </Notice>
    )
  }
  if (reason.name === 'MEMBERSHIP_ENDED') {
    return (
      <Notice title={`You're no longer in ${name}`} actions={joinAndBrowse}>
        <p>You left it on another device, or a moderator removed you. Your messages are still there.</p>
        {joinFailure}
      </Notice>
    )
  }
  if (reason.name === 'ROOM_NOT_FOUND') {
    return (
      <Notice title="Room not found" actions={browse}>
        {reason.words}
      </Notice>
    )
  }
  return (
    <Notice
      title="Couldn't open this room"
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
