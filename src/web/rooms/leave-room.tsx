import type { ChatClient, Room } from '../../sdk'
import { ConfirmDialog } from '../ui/confirm-dialog'

export default function LeaveRoom({ client, room, onLeft, onClose }: { client: ChatClient; room: Room; onLeft(): void; onClose(): void }) {
  return (
    <ConfirmDialog
      title={`Leave ${room.name}?`}
      description={
        room.kind === 'public'
          ? 'What you wrote stays. It is a public room: you can join it again.'
          : 'What you wrote stays. It is a private room: to come back, somebody has to invite you.'
      }
      confirm="Leave room"
      cancel="Stay"
      act={() => client.rooms.leave.mutate({ room: room.id })}
      onDone={onLeft}
      onClose={onClose}
    />
  )
}
