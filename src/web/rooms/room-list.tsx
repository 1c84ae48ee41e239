import clsx from 'clsx'
import type { MouseEvent } from 'react'
import type { PresenceState, Room } from '../../sdk'
import { roomPath } from '../paths'
import { PresenceDot } from '../people/presence-dot'
import { RoomMark } from './room-mark'
import { attentionOf, attentionWords, shortCount } from './unread'

interface RoomListProps {
  /** Null until they are loaded. */
  rooms: readonly Room[] | null
  current: string | null
  /** Whether the other person is online, by direct room. */
  presence?: ReadonlyMap<string, PresenceState>
  /** Shown when there are none. */
  empty: string
  onOpen(room: string): void
}

export function RoomList({ rooms, current, presence, empty, onOpen }: RoomListProps) {
  if (!rooms) return <RoomListSkeleton />
  if (rooms.length === 0) return <p className="px-2.5 py-1 text-faint text-sm">{empty}</p>
  return (
    <ul>
      {rooms.map((room) => (
        <li key={room.id}>
          <RoomLink room={room} isCurrent={room.id === current} state={presence?.get(room.id) ?? null} onOpen={onOpen} />
        </li>
      ))}
    </ul>
  )
}

interface RoomLinkProps {
  room: Room
  isCurrent: boolean
  state: PresenceState | null
  onOpen(room: string): void
}

function RoomLink({ room, isCurrent, state, onOpen }: RoomLinkProps) {
  const attention = attentionOf(room)
  const isUnread = attention.unread > 0

  function open(event: MouseEvent) {
    // With a modifier key, the browser opens a new tab or window.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    onOpen(room.id)
  }

  return (
    <a
      href={roomPath(room.id)}
      onClick={open}
      aria-current={isCurrent ? 'page' : undefined}
      className={clsx(
        'relative flex min-h-11 items-center gap-2 rounded-m px-2.5 text-base mouse:min-h-8',
        isCurrent
          ? 'bg-selected text-ink before:absolute before:inset-y-2 before:-left-2 before:w-[3px] before:rounded-r-full before:bg-spark'
          : 'hover:bg-hover hover:text-ink',
        isCurrent ? 'font-medium' : [isUnread ? 'font-semibold text-ink' : 'text-soft', room.notify === 'nothing' && 'text-faint!'],
      )}
    >
      <span className="relative flex shrink-0">
        <RoomMark kind={room.kind} people={room.people} />
        <PresenceDot state={state} className="absolute -right-1 -bottom-1 size-2!" />
      </span>
      <bdi className="min-w-0 flex-1 truncate">{room.name}</bdi>
      {/* Late in the current room: a message is usually read before its count would appear. */}
      <UnreadMarks {...attention} className={isCurrent ? 'late' : undefined} />
    </a>
  )
}

function RoomListSkeleton() {
  return (
    <div role="status" aria-label="Loading rooms" className="late space-y-3 px-2.5 pt-2">
      {['w-24', 'w-32', 'w-20'].map((width) => (
        <div key={width} className={`skeleton h-3 rounded-s ${width}`} />
      ))}
    </div>
  )
}

/** How many messages are unread, and how many of them mention the viewer. */
export function UnreadMarks({ unread, mentions, className }: { unread: number; mentions: number; className?: string | undefined }) {
  if (unread === 0 && mentions === 0) return null
  return (
    <>
      <span aria-hidden="true" className={clsx('flex shrink-0 items-center gap-1.5 text-xs tabular-nums', className)}>
        {unread > 0 && <span className="font-semibold text-soft">{shortCount(unread)}</span>}
        {mentions > 0 && (
          <span className="rounded-full bg-spark px-1.5 font-semibold text-on-spark">@{mentions > 1 && ` ${shortCount(mentions)}`}</span>
        )}
      </span>
      <span className="sr-only">{attentionWords({ unread, mentions })}</span>
    </>
  )
}
