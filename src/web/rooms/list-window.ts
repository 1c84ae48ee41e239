import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { RoomListRow } from './list-rows'

/** A row of the list that is in the page, or the space of rows that are not. */
export type ListSegment = { kind: 'row'; index: number } | { kind: 'gap'; from: number; heightPx: number }

type RowHeights = Record<RoomListRow['kind'], number>

/** How far beyond the visible part rows are in the page. */
const marginPx = 600
/** Until the rows have been measured. */
const usualHeights: RowHeights = { heading: 40, room: 32, empty: 28, 'no-match': 36 }
const usualView = { fromPx: 0, toPx: 1_600 }

/** Where each row begins, and at the end where the last one ends. All rows of a kind are equally high. */
export function offsetsOf(rows: readonly RoomListRow[], heights: RowHeights): number[] {
  const offsets = [0]
  for (const { kind } of rows) offsets.push((offsets.at(-1) ?? 0) + heights[kind])
  return offsets
}

/** The row at this height; the last one when it is below them all. */
export function rowAt(offsets: readonly number[], px: number): number {
  let low = 0
  let high = Math.max(0, offsets.length - 2)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((offsets[middle] ?? 0) <= px) low = middle
    else high = middle - 1
  }
  return low
}

/** The rows between two heights, those that are kept wherever they are, and the gaps between them. */
export function segmentsOf(offsets: readonly number[], view: { fromPx: number; toPx: number }, kept: readonly number[]): ListSegment[] {
  const count = offsets.length - 1
  if (count === 0) return []
  const [first, last] = [rowAt(offsets, view.fromPx), rowAt(offsets, view.toPx)]
  const inView = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const shown = [...new Set([...inView, ...kept.filter((index) => index < count)])].sort((a, b) => a - b)
  const segments: ListSegment[] = []
  let next = 0
  for (const index of [...shown, count]) {
    if (index > next) segments.push({ kind: 'gap', from: next, heightPx: (offsets[index] ?? 0) - (offsets[next] ?? 0) })
    if (index < count) segments.push({ kind: 'row', index })
    next = index + 1
  }
  return segments
}

export interface ListWindow {
  segments: readonly ListSegment[]
  /** Brings a row into sight, without moving the list more than that takes. */
  scrollTo(index: number): void
  /** The first and last row of which the middle is visible; null when nothing is. */
  visible(): { first: number; last: number } | null
}

interface ListWindowOptions {
  /** The element that scrolls. Its first child is the list. */
  scroller: RefObject<HTMLElement | null>
  rows: readonly RoomListRow[]
  /** The rows that stay in the page, so that the focus is not lost. */
  kept: readonly number[]
  /** Called when the list was scrolled or resized. */
  onMove(): void
}

/** Keeps only what is visible of a long list in the page. */
export function useListWindow({ scroller, rows, kept, onMove }: ListWindowOptions): ListWindow {
  const [heights, setHeights] = useState(usualHeights)
  const [view, setView] = useState(usualView)
  const offsets = useMemo(() => offsetsOf(rows, heights), [rows, heights])
  const latest = useRef({ rows, offsets, onMove })
  latest.current = { rows, offsets, onMove }

  const look = useCallback(() => {
    const element = scroller.current
    if (!element || element.clientHeight === 0) return
    const fromPx = Math.floor((element.scrollTop - marginPx) / 200) * 200
    const toPx = Math.ceil((element.scrollTop + element.clientHeight + marginPx) / 200) * 200
    setView((before) => (before.fromPx === fromPx && before.toPx === toPx ? before : { fromPx, toPx }))
    latest.current.onMove()
  }, [scroller])

  // After each render, because a pointer that becomes a finger, another font size and a folded heading change the heights.
  useLayoutEffect(() => {
    const measured = { ...heights }
    const seen = new Set<string>()
    for (const row of scroller.current?.querySelectorAll<HTMLElement>('[data-row]') ?? []) {
      const kind = rows[Number(row.dataset.row)]?.kind
      if (!kind || seen.has(kind) || row.offsetHeight === 0) continue
      seen.add(kind)
      measured[kind] = row.getBoundingClientRect().height
    }
    if ([...seen].some((kind) => measured[kind as keyof RowHeights] !== heights[kind as keyof RowHeights])) setHeights(measured)
    look()
  })

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    element.addEventListener('scroll', look, { passive: true })
    const observer = new ResizeObserver(() => look())
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', look)
      observer.disconnect()
    }
  }, [scroller, look])

  return {
    segments: useMemo(() => segmentsOf(offsets, view, kept), [offsets, view, kept]),
    scrollTo: (index) => {
      const element = scroller.current
      const [top, bottom] = [offsets[index], offsets[index + 1]]
      if (!element || top === undefined || bottom === undefined) return
      const { scrollTop, clientHeight } = element
      if (top < scrollTop) element.scrollTop = top
      else if (bottom > scrollTop + clientHeight) element.scrollTop = bottom - clientHeight
    },
    visible: () => {
      const element = scroller.current
      if (!element || element.clientHeight === 0) return null
      const { scrollTop, clientHeight } = element
      const half = heights.room / 2
      return {
        first: rowAt(latest.current.offsets, scrollTop + half),
        last: rowAt(latest.current.offsets, scrollTop + clientHeight - half),
      }
    },
  }
}
