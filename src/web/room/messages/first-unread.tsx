import { ArrowUp, X } from 'lucide-react'
import { useCallback, useState } from 'react'
import type { Message, RoomTimeline } from '../../../sdk'
import { Button, IconButton } from '../../ui/button'
import type { Rows } from './row-window'

/** The first message that was unread when the room was opened. It stays the same until the room is left. */
export interface FirstUnread {
  /** Null when nothing was unread. */
  seq: number | null
  /** How many messages were unread. */
  count: number
  /** Whether it is above the visible messages and has not been visible yet. */
  isAbove: boolean
  /** Call this with the messages that are visible. */
  look(visible: Rows): void
  dismiss(): void
  /** Makes this message the first unread one. */
  set(seq: number): void
}

interface Found {
  seq: number | null
  count: number
}

/**
 * @param timeline null until it is loaded
 * @param readSeq the read mark in the room list
 */
export function useFirstUnread(timeline: RoomTimeline | null, readSeq: number | undefined, username: string): FirstUnread {
  const [found, setFound] = useState<Found | null>(null)
  const [isAbove, setIsAbove] = useState(false)
  const [isDone, setIsDone] = useState(false)
  if (found === null && timeline !== null && readSeq !== undefined) setFound(findFirstUnread(timeline, readSeq, username))
  const seq = found?.seq ?? null
  // Messages that were not loaded at first may be the viewer's own.
  const shown = seq === null || !timeline ? seq : skipOwn(timeline.messages, seq, username)

  return {
    ...{ seq: shown, count: found?.count ?? 0, isAbove: isAbove && !isDone },
    look: useCallback(
      ({ from, to }: Rows) => {
        if (shown === null) return
        setIsAbove(shown < from)
        if (shown >= from && shown <= to) setIsDone(true)
      },
      [shown],
    ),
    dismiss: () => setIsDone(true),
    set: useCallback((seq: number) => {
      setFound({ seq, count: 0 })
      setIsDone(true)
    }, []),
  }
}

/** The viewer's own messages are never unread. */
export function findFirstUnread(
  { messages, lastSeq }: Pick<RoomTimeline, 'messages' | 'lastSeq'>,
  readSeq: number,
  username: string,
): Found {
  const unread = { seq: readSeq + 1, count: lastSeq - readSeq }
  if (unread.count <= 0) return { seq: null, count: 0 }
  const seq = skipOwn(messages, unread.seq, username)
  return seq > lastSeq ? { seq: null, count: 0 } : { seq, count: lastSeq - seq + 1 }
}

/** The first message from this one on that somebody else wrote, as far as messages are loaded. */
function skipOwn(messages: readonly Message[], seq: number, username: string): number {
  const first = messages[0]?.seq ?? 0
  let next = seq
  while (next >= first && messages[next - first]?.author.username === username) next++
  return next
}

/** Shown above the first unread message. */
export function UnreadLine() {
  return (
    <li data-line="" className="mt-4 mb-1 flex items-center gap-3 px-4 md:px-6">
      <span aria-hidden="true" className="h-0.5 flex-1 rounded-full bg-spark" />
      <span className="rounded-full bg-spark px-2 py-px font-semibold text-on-spark text-xs">New</span>
    </li>
  )
}

/** Jumps to that line while it is out of sight. */
export function ToFirstUnread({ count, onGo, onDismiss }: { count: number; onGo(): void; onDismiss(): void }) {
  return (
    <div className="pointer-events-auto flex max-w-full rounded-full bg-raised shadow-high">
      <Button look="outline" onClick={onGo} className="min-w-0 rounded-l-full! border-r-0! pr-2!">
        <ArrowUp aria-hidden="true" className="size-4" />
        {count.toLocaleString()} unread
      </Button>
      <IconButton
        label="Dismiss"
        onClick={onDismiss}
        className="rounded-r-full! rounded-l-none! border border-line-strong border-l-0 mouse:h-9!"
      >
        <X />
      </IconButton>
    </div>
  )
}
