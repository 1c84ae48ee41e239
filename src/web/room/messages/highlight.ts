import { type RefObject, useLayoutEffect, useRef, useState } from 'react'
import type { Goal } from './goal'

const highlightMs = 2_000

/** Gives a message that the person asked for the focus. @returns the seq of that message, for a moment */
export function useHighlight(goal: Goal | null, list: RefObject<HTMLElement | null>): number | null {
  const [highlighted, setHighlighted] = useState<number | null>(null)
  const done = useRef<Goal | null>(null)
  useLayoutEffect(() => {
    if (!goal || goal === done.current) return
    done.current = goal
    const { place, isAsked } = goal
    const seq = isAsked && place.kind !== 'newest' ? place.seq : null
    setHighlighted(seq)
    if (!isAsked) return
    // After the composer has taken the focus of a room that is just opening.
    const focusing = setTimeout(() => {
      const rows = list.current?.querySelectorAll<HTMLElement>(seq === null ? ':scope > [data-seq]' : `:scope > [data-seq="${seq}"]`)
      const row = rows?.[rows.length - 1]
      row?.setAttribute('tabindex', '-1')
      row?.focus({ preventScroll: true })
    })
    const fading = setTimeout(() => setHighlighted(null), highlightMs)
    return () => {
      clearTimeout(focusing)
      clearTimeout(fading)
    }
  }, [goal, list])
  return highlighted
}
