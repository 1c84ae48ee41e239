import type { ReactNode } from 'react'
import type { ChatClient, ConnectionStatus, Room } from '../../sdk'
import type { Visitor } from '../account/visitor'
import { ConnectionBanner } from './connection-banner'
import { Conversation } from './conversation'
import type { OpenRooms } from './open-rooms'
import { useOpenRoom } from './open-rooms'
import { RoomClosed } from './room-closed'
import { RoomHeader } from './room-header'
import { RoomMenu } from './room-menu-button'
import { RoomSkeleton } from './room-skeleton'

interface RoomViewProps {
  client: ChatClient
  status: ConnectionStatus
  openRooms: OpenRooms
  room: string
  /** As it is in the person's list; undefined when it is not there, or not yet. */
  listed: Room | undefined
  visitor: Visitor
  drafts: Map<string, string>
  onShowRooms(): void
  onBrowse(): void
  onLeave(room: Room): void
  onListChange(): Promise<void>
}

export function RoomView({ client, status, openRooms, room, listed, visitor, drafts, ...on }: RoomViewProps) {
  const opened = useOpenRoom(openRooms, room)
  const name = listed?.name ?? nameOf(room)

  return (
    <>
      <RoomHeader name={name} topic={listed?.topic} kind={listed?.kind} onShowRooms={on.onShowRooms}>
        {listed && <RoomMenu key={room} name={name} onLeave={() => on.onLeave(listed)} />}
      </RoomHeader>
      <ConnectionBanner status={status} />
      {renderState()}
    </>
  )

  function renderState(): ReactNode {
    if (!opened) return <RoomSkeleton />
    const { handle, state } = opened
    switch (state.state) {
      case 'loading':
      case 'live':
        return <Conversation key={room} {...{ client, handle, state, listed, name, visitor, drafts }} />
      case 'ended':
        return (
          <RoomClosed
            client={client}
            room={room}
            name={name}
            reason={state.reason}
            onBrowse={on.onBrowse}
            onRetry={opened.reopen}
            onClosed={on.onListChange}
            onJoined={async () => {
              await on.onListChange()
              opened.reopen()
            }}
          />
        )
    }
  }
}

/** A public room's id reads as its name; any other id is no name at all. */
const nameOf = (room: string) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(room) ? 'Room' : room)
