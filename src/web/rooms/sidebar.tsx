import { Compass, LogOut, Plus, ShieldCheck, SquarePen } from 'lucide-react'
import type { PresenceState } from '../../sdk'
import type { Visitor } from '../account/visitor'
import { adminPath } from '../paths'
import { FailureLine } from '../ui/act'
import { Avatar } from '../ui/avatar'
import { Button, IconButton, iconLook } from '../ui/button'
import { Wordmark } from '../ui/mark'
import type { Theme } from '../ui/theme'
import { ThemeToggle } from '../ui/theme-toggle'
import type { MyRooms } from './my-rooms'
import { NotificationOffer } from './notification-permission'
import { RoomList } from './room-list'

interface SidebarProps {
  visitor: Visitor
  myRooms: MyRooms
  current: string | null
  theme: Theme
  /** Whether the other person is online, by direct room. */
  presence: ReadonlyMap<string, PresenceState>
  onOpen(room: string): void
  onBrowse(): void
  onCreate(): void
  onAccount(): void
  onDirect(): void
  onSignOut(): void
}

export function Sidebar({
  visitor,
  myRooms,
  current,
  theme,
  presence,
  onOpen,
  onBrowse,
  onCreate,
  onAccount,
  onDirect,
  onSignOut,
}: SidebarProps) {
  const { rooms } = myRooms
  // Guests can only see rooms they were invited to.
  const mayFindMore = visitor.role !== 'guest'
  const shared = rooms?.filter(({ kind }) => kind !== 'direct') ?? null
  const direct = rooms?.filter(({ kind }) => kind === 'direct')
  return (
    <>
      <div className="flex h-16 shrink-0 items-center px-4">
        <Wordmark />
      </div>
      <nav aria-label="Rooms" className="flex min-h-0 flex-1 flex-col">
        <div className="min-h-0 flex-1 overflow-y-auto px-2 pt-1 pb-4">
          {myRooms.failure && (
            <div className="space-y-2 px-1 pb-3">
              <FailureLine failure={myRooms.failure} />
              <Button look="outline" onClick={myRooms.retry}>
                Try again
              </Button>
            </div>
          )}
          <div className="flex items-center pb-1 pl-2">
            <h2 className="flex-1 font-medium text-faint text-xs">Rooms</h2>
            {mayFindMore && (
              <>
                <IconButton label="Browse rooms" onClick={onBrowse}>
                  <Compass />
                </IconButton>
                <IconButton label="Create a room" onClick={onCreate}>
                  <Plus />
                </IconButton>
              </>
            )}
          </div>
          <RoomList rooms={shared} current={current} empty="You're not in any rooms yet." onOpen={onOpen} />
          {mayFindMore && shared && shared.length <= 1 && (
            <Button look="quiet" onClick={onBrowse} className="mt-1 w-full justify-start! px-2.5! font-normal!">
              <Compass aria-hidden="true" className="size-4" />
              Find more rooms
            </Button>
          )}
          <div className="flex items-center pt-4 pb-1 pl-2">
            <h2 className="flex-1 font-medium text-faint text-xs">Direct messages</h2>
            {mayFindMore && (
              <IconButton label="New message" onClick={onDirect}>
                <SquarePen />
              </IconButton>
            )}
          </div>
          {direct && <RoomList rooms={direct} current={current} presence={presence} empty="No direct messages yet." onOpen={onOpen} />}
        </div>
      </nav>
      <NotificationOffer />
      <div className="flex shrink-0 items-center border-line border-t py-1.5 px-2 pb-[max(0.375rem,env(safe-area-inset-bottom))]">
        <button
          type="button"
          title="Your account"
          onClick={onAccount}
          className="flex min-h-11 min-w-0 flex-1 items-center gap-2.5 overflow-hidden rounded-m px-2 py-1 text-left leading-tight transition-colors hover:bg-hover"
        >
          <Avatar {...visitor} className="size-8!" />
          <span className="min-w-0">
            <bdi className="block truncate font-medium text-sm">{visitor.displayName}</bdi>
            <span className="block truncate text-faint text-xs">@{visitor.username}</span>
          </span>
        </button>
        {visitor.role === 'admin' && (
          <a href={adminPath('people')} aria-label="Administration" title="Administration" className={iconLook}>
            <ShieldCheck aria-hidden="true" />
          </a>
        )}
        <ThemeToggle initial={theme} />
        <form method="post" action="/api/logout" onSubmit={onSignOut}>
          <input type="hidden" name="user" value={visitor.id} />
          <IconButton type="submit" label="Sign out">
            <LogOut />
          </IconButton>
        </form>
      </div>
    </>
  )
}
