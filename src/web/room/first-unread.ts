import { useCallback, useState } from 'react'
import type { Message } from '../../sdk'

/** The first message that its reader had not read when they came; it stays where it is for as long as they stay. */
export interface FirstUnread {
  /** Null when everything was read. */
  seq: number | null
  /** How many there were from it on. */
  count: number
  /** Whether it is above what is on the screen, and was not seen yet. */
  isAbove: boolean
  /** Looks where it is. @returns its off */
  watch(scroller: Element | null): () => void
  dismiss(): void
  /** It is this one from now on. */
  set(seq: number): void
}

interface Found {
  seq: number | null
  count: number
}

/**
 * @param messages what is loaded of the room; null before it was
 * @param readSeq up to where the room list says that it was read
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
      // Not loaded: it is further up than anything that is.
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

/** What one wrote oneself, here or elsewhere, is not new to one. */
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
