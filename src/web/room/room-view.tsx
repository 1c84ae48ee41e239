import { lazy, type ReactNode, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { isUuid } from '../../contract/rules'
import type { ChatClient, ConnectionStatus, Message, Room, RoomState } from '../../sdk'
import { isOfSession } from '../account/signed-in-client'
import type { Visitor } from '../account/visitor'
import { useRoomPresence } from '../people/presence'
import { presenceWords } from '../people/presence-dot'
import { ArchivedNotice, useArchivedRoom } from '../rooms/archived-room'
import { useLastListed } from '../rooms/my-rooms'
import type { Drafts } from './composer/drafts'
import { ConnectionBanner } from './connection-banner'
import { Conversation } from './conversation'
import { MembersButton } from './header/members-button'
import { RoomHeader } from './header/room-header'
import { RoomMenu } from './header/room-menu-button'
import type { OpenRooms } from './open-rooms'
import { useOpenRoom } from './open-rooms'
import { RoomClosed } from './room-closed'
import { RoomSkeleton } from './room-skeleton'
import type { SidePanel } from './side-panel'

const MembersPanel = lazy(() => import('../people/members-panel'))
const JumpToDate = lazy(() => import('./messages/jump-to-date'))

interface RoomViewProps {
  client: ChatClient
  status: ConnectionStatus
  openRooms: OpenRooms
  room: string
  /** The room in the user's list; undefined while it is not in it. */
  listed: Room | undefined
  /** Whether the list is loaded. A room that is missing then is archived, or the user is not in it. */
  isListRead: boolean
  visitor: Visitor
  drafts: Drafts
  onShowRooms(): void
  onBrowse(): void
  onInvite(room: Room): void
  onSettings(room: Room): void
  onLeave(room: Room): void
  onOpenRoom(room: string): void
  /** Resolves when the room has appeared in the list. */
  waitUntilListed(room: string): Promise<void>
}

export function RoomView({ client, status, openRooms, room, listed, isListRead, visitor, drafts, ...on }: RoomViewProps) {
  const opened = useOpenRoom(openRooms, room)
  const isMissing = isListRead && !listed && opened?.state.state === 'live'
  const archived = useArchivedRoom(client, isMissing ? room : null, visitor.role, opened?.state.timeline.messages.at(-1)?.seq ?? 0)
  const shown = listed ?? archived ?? undefined
  const last = useLastListed(room, shown)
  const name = last?.name ?? nameOf(room)
  const isPair = last?.kind === 'direct' && last.people.length <= 1
  const presence = useRoomPresence(client, shown ? room : null)
  const other = isPair ? last.people[0] : undefined
  const [panel, setPanel] = useState<SidePanel>(null)
  const [choosesDate, setChoosesDate] = useState(false)
  const showsMembers = panel?.kind === 'members' && !isPair
  const openThread = useCallback((message: Message) => {
    setPanel({ kind: 'thread', room: message.room, seq: message.thread ?? message.seq })
  }, [])
  useReopening(listed !== undefined, opened)

  return (
    <>
      <RoomHeader
        name={name}
        topic={other ? presenceWords(presence?.people.get(other.username)) : last?.topic}
        kind={last?.kind}
        people={last?.people}
        onShowRooms={on.onShowRooms}
      >
        {shown && !isPair && (
          <MembersButton
            client={client}
            room={shown}
            isOpen={showsMembers}
            presence={presence?.people}
            onToggle={() => setPanel(showsMembers ? null : { kind: 'members' })}
          />
        )}
        {listed && (
          <RoomMenu
            key={room}
            room={listed}
            // If it fails, the menu still shows the old level.
            onNotify={(notify) => void client.rooms.setNotify.mutate({ room, notify }).catch(() => {})}
            onJumpToDate={() => setChoosesDate(true)}
            onInvite={() => on.onInvite(listed)}
            onSettings={() => on.onSettings(listed)}
            onLeave={() => on.onLeave(listed)}
          />
        )}
      </RoomHeader>
      <div className="flex min-h-0 flex-1">
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          <ConnectionBanner status={status} />
          {renderState()}
        </div>
        <Suspense>
          {shown && showsMembers && (
            <MembersPanel
              client={client}
              room={shown}
              me={visitor.username}
              {...(presence && { presence: presence.people })}
              onOpenRoom={on.onOpenRoom}
              onClose={() => setPanel(null)}
            />
          )}
        </Suspense>
      </div>
      <Suspense>{opened && choosesDate && <JumpToDate handle={opened.handle} onClose={() => setChoosesDate(false)} />}</Suspense>
    </>
  )

  function renderState(): ReactNode {
    if (!opened) return <RoomSkeleton />
    const { handle } = opened
    const state = withoutSessionEnd(opened.state)
    switch (state.state) {
      case 'loading':
      case 'live':
        return (
          <Conversation
            key={room}
            {...{ client, handle, state, name, visitor, drafts }}
            listed={shown}
            {...(presence && { typing: presence.typing })}
            onChooseDate={() => setChoosesDate(true)}
            openThread={openThread}
            instead={archived && <ArchivedNotice client={client} room={archived} />}
          />
        )
      case 'ended':
        return (
          <RoomClosed
            client={client}
            room={room}
            name={name}
            kind={last?.kind ?? null}
            reason={state.reason}
            onBrowse={on.onBrowse}
            onRetry={opened.reopen}
            onJoined={async () => {
              await on.waitUntilListed(room)
              opened.reopen()
            }}
          />
        )
    }
  }
}

/** When the session ends, a new one may follow in a moment: until then the screen stays as it is. */
function withoutSessionEnd(state: RoomState): RoomState {
  if (state.state !== 'ended' || !isOfSession(state.reason)) return state
  const { timeline } = state
  return { state: timeline.messages.length > 0 ? 'live' : 'loading', timeline }
}

/** Reopens a room that had ended when the user is back in it. */
function useReopening(isListed: boolean, opened: ReturnType<typeof useOpenRoom>) {
  const latest = useRef(opened)
  latest.current = opened
  useEffect(() => {
    if (isListed && latest.current?.state.state === 'ended') latest.current.reopen()
  }, [isListed])
}

/** A public room's id can be shown as its name. Other rooms have random ids. */
const nameOf = (room: string) => (isUuid(room) ? 'Room' : room)
