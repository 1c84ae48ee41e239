import type { Chat, Room } from '../../sdk'
import { ConfirmDialog } from '../ui/confirm-dialog'

interface LeaveRoomProps {
  client: Chat
  room: Room
  onLeft(): Promise<void>
  onClose(): void
}

export default function LeaveRoom({ client, room, onLeft, onClose }: LeaveRoomProps) {
  return (
    <ConfirmDialog
      title={`Leave ${room.name}?`}
      description={
        room.kind === 'public'
          ? 'Your messages will stay. This is a public room, so you can join it again.'
          : "Your messages will stay. This is a private room, so you'll need an invitation to come back."
      }
      confirm="Leave room"
      cancel="Stay"
      act={() => client.trpc.rooms.leave.mutate({ room: room.id })}
      onDone={onLeft}
      onClose={onClose}
    />
  )
}
