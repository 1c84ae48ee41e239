import clsx from 'clsx'
import { BellOff, Ellipsis, PencilLine } from 'lucide-react'
import { type MouseEvent, memo } from 'react'
import type { PresenceState, Room } from '../../sdk'
import { attentionOf } from '../../sdk/attention'
import { roomPath } from '../paths'
import { PresenceDot } from '../people/presence-dot'
import { RoomMark } from './room-mark'
import { attentionWords, shortCount } from './unread'

/** Where a room's menu opens, and for which room. */
export interface MenuPlace {
  room: string
  x: number
  y: number
  /** What gets the focus back. */
  opener: HTMLElement
}

interface RoomRowProps {
  room: Room
  isCurrent: boolean
  /** Whether the other person of a direct room is online. */
  state: PresenceState | null
  hasDraft: boolean
  /** Whether Tab stops here. The arrow keys reach the other rooms. */
  isTabStop: boolean
  onOpen(room: string): void
  onMenu(place: MenuPlace): void
}

export const RoomRow = memo(function RoomRow({ room, isCurrent, state, hasDraft, isTabStop, onOpen, onMenu }: RoomRowProps) {
  const attention = attentionOf(room)
  const isUnread = attention.unread > 0
  const isMuted = room.notify === 'nothing'

  function open(event: MouseEvent) {
    // With a modifier key, the browser opens a new tab or window.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    onOpen(room.id)
  }

  function openMenu(event: MouseEvent<HTMLElement>) {
    event.preventDefault()
    const opener = event.currentTarget
    const { left, bottom } = opener.getBoundingClientRect()
    // From the keyboard there is no pointer.
    const isAtPointer = event.type === 'contextmenu' && event.clientX > 0
    onMenu({ room: room.id, opener, ...(isAtPointer ? { x: event.clientX, y: event.clientY } : { x: left, y: bottom }) })
  }

  return (
    <div className="group relative">
      <a
        href={roomPath(room.id)}
        onClick={open}
        onContextMenu={openMenu}
        aria-current={isCurrent ? 'page' : undefined}
        data-room={room.id}
        tabIndex={isTabStop ? 0 : -1}
        className={clsx(
          'relative flex min-h-11 items-center gap-2 rounded-m px-2.5 text-base -outline-offset-2 mouse:min-h-8',
          isCurrent
            ? 'bg-selected text-ink before:absolute before:inset-y-2 before:-left-2 before:w-[3px] before:rounded-r-full before:bg-spark'
            : 'hover:bg-hover hover:text-ink',
          isCurrent ? 'font-medium' : [isUnread ? 'font-semibold text-ink' : 'text-soft', isMuted && 'text-faint!'],
        )}
      >
        <span className="relative flex shrink-0">
          <RoomMark kind={room.kind} people={room.people} />
          <PresenceDot state={state} className="absolute -right-1 -bottom-1 size-2!" />
        </span>
        <bdi className="min-w-0 flex-1 truncate text-left">{room.name}</bdi>
        <span
          className={clsx(
            'flex shrink-0 items-center gap-1.5',
            'mouse:group-focus-within:pr-6 mouse:group-hover:pr-6',
            isCurrent && 'pr-9 mouse:pr-0',
          )}
        >
          {hasDraft && !isCurrent && <PencilLine role="img" aria-label="Draft" className="size-3.5 text-faint" />}
          {isMuted && <BellOff role="img" aria-label="Muted" className="size-3.5 text-faint" />}
          {/* Late in the current room: a message is usually read before its count would appear. */}
          <UnreadMarks {...attention} className={isCurrent ? 'late' : undefined} />
        </span>
      </a>
      <button
        type="button"
        aria-label={`Options for ${room.name}`}
        aria-haspopup="menu"
        title="Options"
        tabIndex={-1}
        onClick={openMenu}
        className={clsx(
          'absolute inset-y-0 right-0 my-auto flex size-11 items-center justify-center rounded-m text-faint hover:text-ink mouse:right-1 mouse:size-6',
          'mouse:opacity-0 mouse:group-focus-within:opacity-100 mouse:group-hover:opacity-100',
          !isCurrent && 'hidden mouse:flex',
        )}
      >
        <Ellipsis aria-hidden="true" className="size-4" />
      </button>
    </div>
  )
})

/** How many messages are unread, and how many of them mention the viewer. */
function UnreadMarks({ unread, mentions, className }: { unread: number; mentions: number; className?: string | undefined }) {
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
