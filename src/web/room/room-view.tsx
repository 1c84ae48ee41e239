import { lazy, type ReactNode, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { isUuid } from '../../contract/rules'
import type { Chat, ConnectionStatus, Message, Room, RoomState } from '../../sdk'
import { isOfSession } from '../account/signed-in-client'
import type { Visitor } from '../account/visitor'
import { PersonCards } from '../people/person-cards'
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
import { composerIdOf } from './messages/message-acting'
import type { OpenRooms } from './open-rooms'
import { useOpenRoom } from './open-rooms'
import { usePins } from './pins/pins'
import { PinsButton } from './pins/pins-button'
import { RoomClosed } from './room-closed'
import { RoomSkeleton } from './room-skeleton'
import { SeenProvider, useSeen } from './seen'
import type { SidePanel } from './side-panel'

const MembersPanel = lazy(() => import('../people/members-panel'))
const JumpToDate = lazy(() => import('./messages/jump-to-date'))
const PinsPanel = lazy(() => import('./pins/pins-panel'))
const ThreadPanel = lazy(() => import('./thread/thread-panel'))

interface RoomViewProps {
  client: Chat
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
  const seen = useSeen(client, shown, visitor.username, presence)
  const pins = usePins(client, opened?.state.state === 'live' ? opened.handle : null)
  const openThread = useCallback((message: Message) => {
    setPanel({ kind: 'thread', room: message.room, seq: message.thread ?? message.seq })
  }, [])
  useReopening(listed !== undefined, opened)

  /** Into the composer of the thread where the person was pressed, else into that of the room. */
  function mention(username: string, near: HTMLElement) {
    const place = near.closest<HTMLElement>('[data-place]')?.dataset.place ?? room
    const { text } = drafts.in(place).get()
    drafts.update(place, { text: `${text}${text === '' || /\s$/.test(text) ? '' : ' '}@${username} ` })
    document.getElementById(composerIdOf(place))?.focus()
  }

  return (
    <PersonCards
      {...{ client, room: shown, me: visitor.username, onOpenRoom: on.onOpenRoom }}
      presence={presence?.people}
      onMention={mention}
    >
      <RoomHeader
        name={name}
        topic={other ? presenceWords(presence?.people.get(other.username)) : last?.topic}
        kind={last?.kind}
        people={last?.people}
        onShowRooms={on.onShowRooms}
      >
        {shown && (
          <PinsButton
            count={pins.messages?.length ?? null}
            isOpen={panel?.kind === 'pins'}
            onToggle={() => setPanel(panel?.kind === 'pins' ? null : { kind: 'pins' })}
          />
        )}
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
            onNotify={(notify) => void client.trpc.rooms.setNotify.mutate({ room, notify }).catch(() => {})}
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
          <SeenProvider value={seen}>{renderState()}</SeenProvider>
        </div>
        <Suspense>{renderPanel()}</Suspense>
      </div>
      <Suspense>{opened && choosesDate && <JumpToDate handle={opened.handle} onClose={() => setChoosesDate(false)} />}</Suspense>
    </PersonCards>
  )

  function renderPanel(): ReactNode {
    const onClose = () => setPanel(null)
    if (!shown || !panel) return null
    switch (panel.kind) {
      case 'members':
        return (
          !isPair && (
            <MembersPanel
              client={client}
              room={shown}
              me={visitor.username}
              {...(presence && { presence: presence.people })}
              onOpenRoom={on.onOpenRoom}
              onClose={onClose}
            />
          )
        )
      case 'thread':
        return (
          panel.room === room &&
          opened && (
            <ThreadPanel
              key={`${room} ${panel.seq}`}
              {...{ client, visitor, drafts, onClose }}
              seq={panel.seq}
              handle={opened.handle}
              listed={shown}
            />
          )
        )
      case 'pins':
        return (
          opened && (
            <PinsPanel handle={opened.handle} {...{ pins, onClose }} mayUnpin={listed !== undefined && listed.archivedAt === null} />
          )
        )
    }
  }

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
            onLeave={() => listed && on.onLeave(listed)}
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
