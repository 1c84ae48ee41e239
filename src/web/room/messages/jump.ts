import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react'
import type { RoomHandle } from '../../../sdk'
import type { Act } from '../../ui/act'

/** How many pages one jump loads at most. */
const maxPages = 20
const highlightMs = 2_000

export interface Jump {
  /** Where to go; a new object for each jump, also to the same message. */
  target: { seq: number } | null
  to(seq: number): void
}

/** Goes to a message by its seq: loads older pages until it is there. @param run runs the loading, and shows why it failed */
export function useJump(handle: RoomHandle, run: Act['run']): Jump {
  const [target, setTarget] = useState<Jump['target']>(null)
  const latest = useRef(0)
  const to = useCallback(
    (seq: number) => {
      latest.current++
      const call = latest.current
      const isLatest = () => call === latest.current
      void run(async () => {
        try {
          await loadUntil(handle, seq)
          if (isLatest()) setTarget({ seq })
        } catch (error) {
          if (isLatest()) throw error
        }
      })
    },
    [handle, run],
  )
  return { target, to }
}

async function loadUntil(handle: RoomHandle, seq: number): Promise<void> {
  for (let pages = 0; pages <= maxPages; pages++) {
    const { messages, hasBefore } = handle.state.get().timeline
    const oldest = messages[0]?.seq
    if (oldest === undefined || oldest <= seq) return
    if (!hasBefore) throw new Error("Couldn't find that message.")
    await handle.loadOlder()
  }
  throw new Error('That message is too far back to jump to. Scroll up to find it.')
}

/** @returns the seq of the message that was just jumped to, for a moment */
export function useJumpTarget({ target }: Jump, scroller: RefObject<HTMLElement | null>, show: (entry: Element) => void): number | null {
  const [highlighted, setHighlighted] = useState<number | null>(null)
  const shown = useRef(target)
  const fading = useRef<ReturnType<typeof setTimeout>>(undefined)
  useLayoutEffect(() => {
    if (!target || shown.current === target) return
    const entry = scroller.current?.querySelector(`[data-seq="${target.seq}"]`)
    if (!entry) return
    shown.current = target
    show(entry)
    setHighlighted(target.seq)
    clearTimeout(fading.current)
    fading.current = setTimeout(() => setHighlighted(null), highlightMs)
  })
  useLayoutEffect(() => () => clearTimeout(fading.current), [])
  return highlighted
}
