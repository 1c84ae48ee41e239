import { ArrowUp, X } from 'lucide-react'
import { useCallback, useState } from 'react'
import type { Message } from '../../../sdk'
import { Button, IconButton } from '../../ui/button'

/** The first message that was unread when the room was opened. It stays the same until the room is left. */
export interface FirstUnread {
  /** Null when nothing was unread. */
  seq: number | null
  /** How many messages were unread. */
  count: number
  /** Whether it is above the visible messages and has not been visible yet. */
  isAbove: boolean
  /** Watches whether it is visible. @returns a function that stops watching */
  watch(scroller: Element | null): () => void
  dismiss(): void
  /** Makes this message the first unread one. */
  set(seq: number): void
}

interface Found {
  seq: number | null
  count: number
}

/**
 * @param messages the loaded messages; null until there are any
 * @param readSeq the read mark in the room list
 */
export function useFirstUnread(messages: readonly Message[] | null, readSeq: number | undefined, username: string): FirstUnread {
  const [found, setFound] = useState<Found | null>(null)
  const [isAbove, setIsAbove] = useState(false)
  if (found === null && messages !== null && readSeq !== undefined) setFound(find(messages, readSeq, username))
  const seq = found?.seq ?? null
  const [isDone, setIsDone] = useState(false)

  const watch = useCallback(
    (scroller: Element | null) => {
      if (!scroller || seq === null || isDone) return () => {}
      const line = scroller.querySelector('[data-unread-line]')
      // It is not loaded, so it is above everything that is.
      if (!line) {
        setIsAbove(true)
        return () => {}
      }
      const observer = new IntersectionObserver(
        ([entry]) => {
          if (!entry) return
          const isUp = !entry.isIntersecting && entry.boundingClientRect.top < (entry.rootBounds?.top ?? 0)
          setIsAbove(isUp)
          if (entry.isIntersecting) setIsDone(true)
        },
        { root: scroller },
      )
      observer.observe(line)
      return () => observer.disconnect()
    },
    [seq, isDone],
  )

  const set = useCallback((seq: number) => {
    setFound({ seq, count: 0 })
    setIsDone(true)
  }, [])

  return {
    ...{ seq, count: found?.count ?? 0, isAbove: isAbove && !isDone, watch },
    dismiss: () => setIsDone(true),
    set,
  }
}

/** The viewer's own messages are never unread. */
function find(messages: readonly Message[], readSeq: number, username: string): Found {
  const last = messages.at(-1)?.seq ?? 0
  const first = messages[0]?.seq ?? 0
  if (last <= readSeq) return { seq: null, count: 0 }
  const seq =
    first > readSeq + 1
      ? readSeq + 1
      : (messages.find((message) => message.seq > readSeq && message.author.username !== username)?.seq ?? null)
  return { seq, count: seq === null ? 0 : last - seq + 1 }
}

/** Shown above the first unread message. */
export function UnreadLine() {
  return (
    <li data-unread-line="" className="mt-4 mb-1 flex items-center gap-3 px-4 md:px-6">
      <span aria-hidden="true" className="h-0.5 flex-1 rounded-full bg-spark" />
      <span className="rounded-full bg-spark px-2 py-px font-semibold text-on-spark text-xs">New</span>
    </li>
  )
}

/** Jumps to that line while it is out of sight. */
export function ToFirstUnread({ count, onGo, onDismiss }: { count: number; onGo(): void; onDismiss(): void }) {
  return (
    <div className="pointer-events-none absolute inset-x-0 top-3 z-10 flex justify-center px-2" data-floating="">
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
    </div>
  )
}
