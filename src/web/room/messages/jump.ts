import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react'
import { type ChatFailure, type RoomHandle, readFailure } from '../../../sdk'

/** So many pages are loaded for one jump. */
const mostPages = 20
const highlightMs = 2_000

export interface Jump {
  /** Where somebody wants to go; the object is new for each time. */
  target: { seq: number } | null
  to(seq: number): void
}

/** Goes to a message by its place: loads what is before until it is there. */
export function useJump(handle: RoomHandle | undefined, onFailure: (words: string) => void): Jump {
  const [target, setTarget] = useState<Jump['target']>(null)
  const latest = useRef(0)
  const to = useCallback(
    async (seq: number) => {
      if (!handle) return
      latest.current++
      const call = latest.current
      const refusal = await loadUntil(handle, seq)
      if (call !== latest.current) return
      if (refusal) onFailure(refusal)
      else setTarget({ seq })
    },
    [handle, onFailure],
  )
  return { target, to }
}

/** @returns why it is not there, as a sentence */
async function loadUntil(handle: RoomHandle, seq: number): Promise<string | null> {
  for (let pages = 0; pages <= mostPages; pages++) {
    const { messages, hasBefore } = handle.state.get().timeline
    const oldest = messages[0]?.seq
    if (oldest === undefined || oldest <= seq) return null
    if (!hasBefore) return 'That message is not there.'
    try {
      await handle.loadOlder()
    } catch (error) {
      const { words }: ChatFailure = readFailure(error)
      return words
    }
  }
  return 'That message is very far up: scroll on from here.'
}

/** @returns the place of the message that was just jumped to, for a moment */
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
