import { Compass, Keyboard, Plus, Search, ShieldCheck, SquarePen } from 'lucide-react'
import { lazy, Suspense, useDeferredValue, useMemo, useRef, useState } from 'react'
import type { PresenceState } from '../../sdk'
import { PersonBar } from '../account/person-bar'
import type { Visitor } from '../account/visitor'
import { useKeyWords } from '../keys/key-words'
import { adminPath } from '../paths'
import { FailureLine } from '../ui/act'
import { Button, IconButton, iconLook } from '../ui/button'
import { Wordmark } from '../ui/mark'
import type { Theme } from '../ui/theme'
import { type ChosenList, useListChoices } from './list-choices'
import { listRows } from './list-rows'
import { ListTools } from './list-tools'
import type { MyRooms } from './my-rooms'
import { NotificationOffer } from './notification-permission'
import { RoomList } from './room-list'
import type { RoomSection, SectionName } from './room-order'
import type { MenuPlace } from './room-row'
import type { RoomRowActs } from './room-row-menu'

const RoomRowMenu = lazy(() => import('./room-row-menu'))

interface SidebarProps {
  visitor: Visitor
  myRooms: MyRooms
  /** The rooms as they are shown; null until they are loaded. */
  sections: readonly RoomSection[] | null
  choices: ChosenList
  current: string | null
  theme: Theme
  /** Whether the other person is online, by direct room. */
  presence: ReadonlyMap<string, PresenceState>
  /** The rooms with a draft. */
  drafts: ReadonlySet<string>
  acts: RoomRowActs
  onOpen(room: string): void
  onHold(isHeld: boolean): void
  onSearch(): void
  onKeys(): void
  onBrowse(): void
  onCreate(): void
  onAccount(): void
  onDirect(): void
  onSignOut(): void
}

export function Sidebar({ visitor, myRooms, sections, choices, current, theme, presence, drafts, acts, ...on }: SidebarProps) {
  const [filter, setFilter] = useState('')
  const searchKey = useKeyWords('Mod+K')
  const [menu, setMenu] = useState<MenuPlace | null>(null)
  const { order, folded } = useListChoices(choices)
  const focusFirst = useRef<(() => void) | null>(null)
  // Typing stays smooth while thousands of rooms are filtered.
  const shownFilter = useDeferredValue(filter)
  const rows = useMemo(
    () => sections && listRows(sections, { current, folded, filter: shownFilter }),
    [sections, current, folded, shownFilter],
  )
  // Guests can only see rooms they were invited to.
  const mayFindMore = visitor.role !== 'guest'
  const shared = myRooms.rooms?.filter(({ kind }) => kind !== 'direct')
  const menuRoom = menu && myRooms.rooms?.find(({ id }) => id === menu.room)

  const latestOpen = useRef(on.onOpen)
  latestOpen.current = on.onOpen
  const open = useMemo(() => (room: string) => latestOpen.current(room), [])

  function openFirst() {
    // As it was typed, which may be ahead of what is shown.
    const found = sections && listRows(sections, { current, folded, filter }).find((row) => row.kind === 'room')
    if (found?.kind !== 'room') return
    setFilter('')
    on.onOpen(found.room.id)
  }

  function fold(section: SectionName, isFolded: boolean) {
    const others = folded.filter((name) => name !== section)
    choices.choose({ folded: isFolded ? [...others, section] : others })
  }

  const actions = {
    rooms: mayFindMore && (
      <>
        <IconButton label="Browse rooms" onClick={on.onBrowse}>
          <Compass />
        </IconButton>
        <IconButton label="Create a room" onClick={on.onCreate}>
          <Plus />
        </IconButton>
      </>
    ),
    direct: mayFindMore && (
      <IconButton label="New message" onClick={on.onDirect}>
        <SquarePen />
      </IconButton>
    ),
  }

  return (
    <>
      <div className="flex h-16 shrink-0 items-center gap-2 pr-2 pl-4">
        <div className="flex min-w-0 flex-1">
          <Wordmark />
        </div>
        <IconButton label="Keyboard shortcuts" onClick={on.onKeys} className="hidden! mouse:inline-flex!">
          <Keyboard />
        </IconButton>
      </div>
      <div className="shrink-0 px-2">
        <button
          type="button"
          onClick={on.onSearch}
          className="flex min-h-11 w-full items-center gap-2 rounded-m border border-line-strong bg-raised px-2.5 text-left text-faint text-sm transition-colors hover:text-ink mouse:min-h-8"
        >
          <Search aria-hidden="true" className="size-4" />
          <span className="flex-1">Search</span>
          <kbd className="hidden font-sans text-xs mouse:inline">{searchKey}</kbd>
        </button>
      </div>
      <nav aria-label="Rooms" className="flex min-h-0 flex-1 flex-col">
        <ListTools
          filter={filter}
          order={order}
          onFilter={setFilter}
          onOrder={(next) => choices.choose({ order: next })}
          onEnter={openFirst}
          onDown={() => focusFirst.current?.()}
        />
        {myRooms.failure && (
          <div className="space-y-2 px-3 pt-1 pb-2">
            <FailureLine failure={myRooms.failure} />
            <Button look="outline" onClick={myRooms.retry}>
              Try again
            </Button>
          </div>
        )}
        {rows ? (
          <RoomList
            {...{ rows, current, presence, drafts, actions, focusFirst }}
            onOpen={open}
            onMenu={setMenu}
            onFold={fold}
            onHold={on.onHold}
          />
        ) : (
          <RoomListSkeleton />
        )}
        {mayFindMore && shared && shared.length <= 1 && (
          <div className="shrink-0 px-2 pb-1">
            <Button look="quiet" onClick={on.onBrowse} className="w-full justify-start! px-2.5! font-normal!">
              <Compass aria-hidden="true" className="size-4" />
              Find more rooms
            </Button>
          </div>
        )}
      </nav>
      <NotificationOffer />
      <PersonBar visitor={visitor} theme={theme} onSignOut={on.onSignOut} onAccount={on.onAccount}>
        {visitor.role === 'admin' && (
          <a href={adminPath('people')} aria-label="Administration" title="Administration" className={iconLook}>
            <ShieldCheck aria-hidden="true" />
          </a>
        )}
      </PersonBar>
      <Suspense>
        {menu && menuRoom && <RoomRowMenu {...acts} key={menu.room} room={menuRoom} place={menu} onClose={() => setMenu(null)} />}
      </Suspense>
    </>
  )
}

function RoomListSkeleton() {
  return (
    <div role="status" aria-label="Loading rooms" className="late flex-1 space-y-3 px-4.5 pt-5">
      {['w-24', 'w-32', 'w-20'].map((width) => (
        <div key={width} className={`skeleton h-3 rounded-s ${width}`} />
      ))}
    </div>
  )
}
