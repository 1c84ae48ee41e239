'use client'

import { Compass, Keyboard, Plus, ShieldCheck, SquarePen, UserPlus, UserRound } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import type { Chat, NotificationLevel, Room } from '../sdk'
import { countAttention } from '../sdk/attention'
import { useStore } from '../sdk/react'
import { useServerRole } from './account/server-role'
import { useRenewal, useSignedInClient } from './account/signed-in-client'
import { forgetSignedOut } from './account/signed-out'
import type { Visitor } from './account/visitor'
import { useGlobalKeys } from './keys/global-keys'
import { nextRoom } from './keys/next-room'
import { goToNewestRoom, goToRoom, useRoomInAddress } from './navigation'
import type { PaletteAction, PaletteState } from './palette/palette'
import { createRecentSearches } from './palette/recent-searches'
import { useTypedAhead } from './palette/typed-ahead'
import { adminPath } from './paths'
import { useAway } from './people/away'
import { useDirectPresence } from './people/presence'
import { createDrafts } from './room/composer/drafts'
import { FirstMessages } from './room/first-messages'
import { RoomHeader } from './room/header/room-header'
import { createOpenRooms } from './room/open-rooms'
import type { OpenedRoom } from './room/opened-room'
import { RoomSkeleton } from './room/room-skeleton'
import { RoomView } from './room/room-view'
import { RoomNamesProvider, useRoomNamesOf } from './room/text/room-names'
import { loadTextParserSoon, noTexts, ParsedTextsProvider } from './room/text/text-parser'
import { createListChoices, useListChoices } from './rooms/list-choices'
import { isUnread } from './rooms/list-rows'
import { useMyRooms } from './rooms/my-rooms'
import { useNotifications } from './rooms/notifications'
import { flatten } from './rooms/room-order'
import { rightsIn } from './rooms/room-rights'
import { useRoomSections } from './rooms/room-sections'
import { Sidebar } from './rooms/sidebar'
import { titleOf } from './rooms/unread'
import { Button } from './ui/button'
import { useDebounced } from './ui/debounced'
import { ErrorBoundary } from './ui/error-boundary'
import { FailedPart } from './ui/failed-part'
import { onReturnToLayer } from './ui/layers'
import { Notice } from './ui/notice'
import { useServerIdentity } from './ui/server-identity'
import type { Theme } from './ui/theme'
import { rememberTimeZone } from './ui/time-zone'

const AccountDialog = lazy(() => import('./account/account-dialog'))
const BrowseRooms = lazy(() => import('./rooms/browse-rooms'))
const CreateRoom = lazy(() => import('./rooms/create-room'))
const InvitePeople = lazy(() => import('./rooms/invite-people'))
const KeysDialog = lazy(() => import('./keys/keys-dialog'))
const LeaveRoom = lazy(() => import('./rooms/leave-room'))
const NewMessage = lazy(() => import('./rooms/new-message'))
const Palette = lazy(() => import('./palette/palette'))
const RoomSettings = lazy(() => import('./rooms/room-settings'))
const Drawer = lazy(() => import('./ui/dialog').then(({ Drawer }) => ({ default: Drawer })))

type Opened =
  | { dialog: 'account' | 'browse' | 'create' | 'direct' | 'keys' | 'search' }
  | { dialog: 'invite' | 'settings' | 'leave'; room: Room }

interface ChatPageProps {
  visitor: Visitor
  room: string | null
  /** The room as it was read for this page; null when that was not possible. */
  opened: OpenedRoom | null
  theme: Theme
}

/** The user's rooms on the left, one of them on the right. */
export function ChatPage({ visitor: arrived, room: initialRoom, opened: openedRoom, theme }: ChatPageProps) {
  const [displayName, setDisplayName] = useState(arrived.displayName)
  useRenewal(arrived)
  useEffect(rememberTimeZone, [])
  useEffect(loadTextParserSoon, [])
  const { client, status, isTurnedAway, onSignOut } = useSignedInClient(arrived)
  const role = useServerRole(client, status, arrived.role)
  const visitor = useMemo(() => ({ ...arrived, displayName, role }), [arrived, displayName, role])
  const myRooms = useMyRooms(client, visitor.role)
  const { rooms, waitUntilListed } = myRooms
  const roomNames = useRoomNamesOf(rooms)
  const openRooms = useMemo(() => client && createOpenRooms(client, openedRoom), [client, openedRoom])
  const drafts = useMemo(() => createDrafts(visitor.id), [visitor.id])
  const [showsDrawer, setShowsDrawer] = useState(false)
  const [opened, setOpened] = useState<Opened | null>(null)

  const server = useServerIdentity()
  const directPresence = useDirectPresence(client, rooms)
  useAway(client, status)

  const room = useRoomInAddress(initialRoom)
  const first = openedRoom?.room.id === room ? openedRoom : null
  const listed = rooms ? rooms.find(({ id }) => id === room) : (first?.room ?? undefined)
  const newest = rooms?.[0]?.id
  const choices = useMemo(() => createListChoices(visitor.id), [visitor.id])
  const { order } = useListChoices(choices)
  const [isListInUse, setListInUse] = useState(false)
  const sections = useRoomSections(rooms, { order, current: room, isHeld: isListInUse || showsDrawer })
  const draftRooms = useStore(drafts.rooms)
  useEffect(() => {
    if (room === null && newest !== undefined) goToRoom(newest, { replace: true })
  }, [room, newest])

  const title = listed?.name ?? room
  // Delayed, because a message in the room that is shown is read in a moment and should not make the title flash.
  const tabTitle = titleOf(title, useDebounced(countAttention(rooms ?? []), 500), server.name)
  useEffect(() => {
    document.title = tabTitle
  }, [tabTitle])
  useNotifications({ rooms, me: visitor.username, current: room, onOpen: go })

  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (openRooms?.hasPending()) event.preventDefault()
    }
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [openRooms])

  useEffect(() => {
    if (forgetSignedOut() === visitor.id) drafts.clear()
    return drafts.follow()
  }, [drafts, visitor.id])

  /** After the account was deleted. */
  function forgetPerson() {
    drafts.clear()
    recentSearches.clear()
    onSignOut()
  }

  function closeAll() {
    setOpened(null)
    setShowsDrawer(false)
  }

  function go(to: string) {
    closeAll()
    goToRoom(to)
  }

  /** To a room that the user has just joined or created. */
  async function goToNew(to: string) {
    await waitUntilListed(to)
    go(to)
  }

  async function leaveForNewest(left: string) {
    await waitUntilListed(left, false)
    setOpened(null)
    goToNewestRoom()
  }

  const keptSearch = useRef<PaletteState | null>(null)
  const recentSearches = useMemo(() => createRecentSearches(visitor.id), [visitor.id])
  // Back from a message that was found leads to the search as it was left.
  useEffect(() => onReturnToLayer('search', () => setOpened({ dialog: 'search' })), [])

  const typedAhead = useTypedAhead(opened?.dialog === 'search')

  function openSearch() {
    keptSearch.current = null
    setShowsDrawer(false)
    setOpened({ dialog: 'search' })
  }

  const mayFindMore = visitor.role !== 'guest'
  const actions: PaletteAction[] = [
    ...(mayFindMore
      ? [
          { words: 'New message', Icon: SquarePen, run: () => setOpened({ dialog: 'direct' }) },
          { words: 'Create a room', Icon: Plus, run: () => setOpened({ dialog: 'create' }) },
          { words: 'Browse rooms', Icon: Compass, run: () => setOpened({ dialog: 'browse' }) },
        ]
      : []),
    ...(listed && rightsIn(listed).changesOwn
      ? [{ words: `Invite people to ${listed.name}`, Icon: UserPlus, run: () => setOpened({ dialog: 'invite', room: listed }) }]
      : []),
    { words: 'Your account', Icon: UserRound, run: () => setOpened({ dialog: 'account' }) },
    { words: 'Keyboard shortcuts', Icon: Keyboard, run: () => setOpened({ dialog: 'keys' }) },
    ...(visitor.role === 'admin' ? [{ words: 'Administration', Icon: ShieldCheck, run: () => location.assign(adminPath('people')) }] : []),
  ]

  const step = (by: 1 | -1, counts?: (room: Room) => boolean) => {
    const next = sections && nextRoom(flatten(sections), room, by, counts)
    if (next) go(next.id)
  }
  useGlobalKeys({
    search: openSearch,
    previousRoom: () => step(-1),
    nextRoom: () => step(1),
    previousUnread: () => step(-1, isUnread),
    nextUnread: () => step(1, isUnread),
    showKeys: () => setOpened({ dialog: 'keys' }),
  })

  // If one of them fails, the list still shows how it is.
  const roomActs = {
    setFavorite: ({ id }: Room, favorite: boolean) => void client?.trpc.rooms.setFavorite.mutate({ room: id, favorite }).catch(() => {}),
    setNotify: ({ id }: Room, notify: NotificationLevel) => void client?.trpc.rooms.setNotify.mutate({ room: id, notify }).catch(() => {}),
    markRead: ({ id, lastSeq }: Room) => void client?.trpc.chat.markRead.mutate({ room: id, seq: lastSeq }).catch(() => {}),
    leave: (leaving: Room) => setOpened({ dialog: 'leave', room: leaving }),
  }

  const sidebar = (
    <Sidebar
      visitor={visitor}
      myRooms={myRooms}
      sections={sections}
      choices={choices}
      drafts={draftRooms}
      acts={roomActs}
      onHold={setListInUse}
      onSearch={openSearch}
      onKeys={() => setOpened({ dialog: 'keys' })}
      current={room}
      theme={theme}
      presence={directPresence}
      onOpen={go}
      onBrowse={() => setOpened({ dialog: 'browse' })}
      onCreate={() => setOpened({ dialog: 'create' })}
      onAccount={() => setOpened({ dialog: 'account' })}
      onDirect={() => setOpened({ dialog: 'direct' })}
      onSignOut={onSignOut}
    />
  )
  const showRooms = () => setShowsDrawer(true)

  return (
    <div className="grid h-dvh grid-cols-[minmax(0,1fr)] overflow-hidden bg-canvas md:grid-cols-[16.5rem_minmax(0,1fr)]">
      <a
        href="#composer"
        className="sr-only focus:not-sr-only focus:fixed! focus:top-2 focus:left-2 focus:z-40 focus:rounded-m focus:bg-raised focus:px-4 focus:py-2.5 focus:shadow-high"
      >
        Skip to the message box
      </a>
      <aside className="hidden min-h-0 flex-col md:flex">{sidebar}</aside>
      <main className="flex min-h-0 min-w-0 flex-col bg-surface md:my-2 md:mr-2 md:overflow-hidden md:rounded-l md:border md:border-line md:shadow-low">
        <noscript>
          <form method="post" action="/api/logout" className="flex flex-wrap items-center gap-x-6 bg-spark-soft px-6 py-2">
            <p>Roomline needs JavaScript to send messages and to show new ones. Turn it on and reload the page.</p>
            <input type="hidden" name="user" value={visitor.id} />
            <button type="submit" className="min-h-11 font-medium underline underline-offset-3">
              Sign out
            </button>
          </form>
        </noscript>
        <RoomNamesProvider value={roomNames}>
          <ParsedTextsProvider value={openedRoom?.texts ?? noTexts}>{renderMain()}</ParsedTextsProvider>
        </RoomNamesProvider>
      </main>

      <ErrorBoundary of={`${showsDrawer} ${opened?.dialog}`} instead={() => <FailedPart onClose={closeAll} />}>
        <Suspense>
          {showsDrawer && (
            <Drawer title="Rooms" onClose={() => setShowsDrawer(false)}>
              {sidebar}
            </Drawer>
          )}
        </Suspense>
        <Suspense>{client && opened && renderDialog(client, opened)}</Suspense>
      </ErrorBoundary>
    </div>
  )

  function renderDialog(client: Chat, opened: Opened) {
    const close = () => setOpened(null)
    switch (opened.dialog) {
      case 'account':
        return <AccountDialog client={client} visitor={visitor} onRenamed={setDisplayName} onDeleting={forgetPerson} onClose={close} />
      case 'browse':
        return <BrowseRooms client={client} onOpen={go} onJoined={goToNew} onClose={close} />
      case 'create':
        return <CreateRoom client={client} me={visitor.username} onCreated={({ id }) => goToNew(id)} onClose={close} />
      case 'direct':
        return <NewMessage client={client} me={visitor.username} onOpened={({ id }) => goToNew(id)} onClose={close} />
      case 'keys':
        return <KeysDialog onClose={close} />
      case 'search':
        return (
          <Palette
            client={client}
            me={visitor.username}
            rooms={rooms ?? []}
            current={room}
            actions={actions}
            recent={recentSearches}
            kept={keptSearch}
            typedAhead={typedAhead}
            onRoom={go}
            onPerson={async (username) => goToNew((await client.trpc.rooms.direct.mutate({ usernames: [username] })).id)}
            onClose={() => setOpened((now) => (now?.dialog === 'search' ? null : now))}
          />
        )
      case 'invite':
        return <InvitePeople client={client} room={opened.room} me={visitor.username} onClose={close} />
      case 'settings':
        return <RoomSettings client={client} room={opened.room} onClose={close} />
      case 'leave':
        return <LeaveRoom client={client} room={opened.room} onLeft={() => leaveForNewest(opened.room.id)} onClose={close} />
    }
  }

  function renderMain() {
    if (isTurnedAway || status.state === 'refused') {
      return (
        <>
          <RoomHeader name={title ?? server.name} onShowRooms={showRooms} />
          <Notice title="Couldn't connect" actions={<Button onClick={() => location.reload()}>Reload the page</Button>}>
            {status.state === 'refused' ? status.reason.words : "The chat server didn't accept your session."} If reloading doesn't help,
            sign out and sign in again.
          </Notice>
        </>
      )
    }
    if (client && openRooms && room !== null) {
      return (
        <ErrorBoundary
          of={room}
          instead={(retry) => (
            <>
              <RoomHeader name={title ?? server.name} onShowRooms={showRooms} />
              <Notice title="This room couldn't be shown" actions={<Button onClick={retry}>Try again</Button>}>
                Something went wrong here. Your messages are safe, and the other rooms still work.
              </Notice>
            </>
          )}
        >
          <RoomView
            client={client}
            status={status}
            openRooms={openRooms}
            room={room}
            listed={listed}
            isListRead={rooms !== null}
            visitor={visitor}
            drafts={drafts}
            onShowRooms={showRooms}
            onBrowse={() => setOpened({ dialog: 'browse' })}
            onInvite={(to) => setOpened({ dialog: 'invite', room: to })}
            onSettings={(of) => setOpened({ dialog: 'settings', room: of })}
            onLeave={(leaving) => setOpened({ dialog: 'leave', room: leaving })}
            onOpenRoom={goToNew}
            waitUntilListed={waitUntilListed}
          />
        </ErrorBoundary>
      )
    }
    return (
      <>
        <RoomHeader
          name={title ?? server.name}
          topic={first?.room.topic}
          kind={listed?.kind}
          people={listed?.people}
          onShowRooms={showRooms}
        />
        {rooms?.length === 0 ? (
          <Notice
            title="You're not in any rooms yet"
            actions={
              <>
                <Button onClick={() => setOpened({ dialog: 'browse' })}>Browse rooms</Button>
                <Button look="outline" onClick={() => setOpened({ dialog: 'create' })}>
                  Create a room
                </Button>
              </>
            }
          >
            Browse the public rooms, or create one of your own.
          </Notice>
        ) : (
          (first && <FirstMessages opened={first} visitor={visitor} />) || <RoomSkeleton />
        )}
      </>
    )
  }
}
