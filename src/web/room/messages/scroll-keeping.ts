import { type RefObject, useEffect, useLayoutEffect, useReducer, useRef, useState, useSyncExternalStore } from 'react'
import type { Goal } from './goal'
import { chooseRows, createRowHeights, isWithin, type ListPlace, type RowHeights, type Rows, rowAtOffset } from './row-window'

export interface ScrollKeeping {
  scroller: RefObject<HTMLDivElement | null>
  list: RefObject<HTMLOListElement | null>
  onScroll: () => void
  /** The messages to keep in the document, and the heights of those before and after them. */
  rows: Rows
  abovePx: number
  belowPx: number
  /** The room's newest seq when the person left the end of the list; null while they are there. */
  awaySince: number | null
  /** The latest goal that the list has gone to. */
  reached: Goal | null
  /** Whether the list's scroll position is ours. Before that, as in the page that the server rendered, CSS keeps it at the end. */
  isReady: boolean
  /** Call it after scrolling in any other way than the browser's own. */
  settle: () => void
}

interface Options {
  /** The window of messages that is loaded. */
  all: Rows
  hasAfter: boolean
  /** The room's newest seq. */
  lastSeq: number
  /** Where to go, as soon as that is loaded; a new object goes there again. */
  goal: Goal | null
  /** Called when the first or the last loaded message is near. */
  onNearTop(): void
  onNearBottom(): void
  /** Called when the person scrolls back to the end. */
  onReturn(): void
  /** Called with each new place, and with the messages that are visible. */
  onPlace(place: ListPlace, visible: Rows): void
}

/** Closer to the end than this counts as being there. */
const bottomPx = 48
/** Pages are loaded this far ahead. */
const aheadPx = 1_600
/** Of somebody who has not scrolled up, nobody knows whether they will. */
const aheadAtEndPx = 200
/** How far the top of a message taller than the list stays below the edge. */
const headroomPx = 64

const newest: ListPlace = { kind: 'newest' }
const usualViewPx = 900

const neverChanges = () => () => {}
const isInBrowser = () => true
const isOnServer = () => false

/**
 * Keeps a place in a list of which only the rows around the visible ones are in the document. At the end, new messages
 * scroll into view. Anywhere else nothing moves, whatever is added or changes its height above or below.
 */
export function useScrollKeeping(options: Options): ScrollKeeping {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement>(null)
  const [, renderAgain] = useReducer((count: number) => count + 1, 0)
  const [awaySince, setAwaySince] = useState<number | null>(null)
  const isReady = useSyncExternalStore(neverChanges, isInBrowser, isOnServer)
  const [heights] = useState(createRowHeights)
  const latest = useRef(options)
  latest.current = options

  const goal = useRef<Goal | null>(null)
  const place = useRef<ListPlace>(newest)
  /** Whether the list has not been put at the goal yet. */
  const isOnTheWay = useRef(false)
  const rows = useRef<Rows>({ from: 0, to: -1 })
  /** The list as it was left: a different scroll position means that somebody scrolled. */
  const left = useRef({ viewPx: 0, scrollTop: 0 })

  const { all, hasAfter } = options
  if (options.goal && options.goal !== goal.current && isWithin(all, hasAfter, options.goal.place)) {
    goal.current = options.goal
    place.current = options.goal.place
    isOnTheWay.current = true
  }
  const view = () => ({ all: latest.current.all, heights, place: place.current, viewPx: left.current.viewPx || usualViewPx })
  const chosen = chooseRows(view(), rows.current)
  const wanted = list.current && isSelecting(list.current) ? joined(rows.current, chosen, all) : chosen
  if (wanted.from !== rows.current.from || wanted.to !== rows.current.to) rows.current = wanted
  const { from, to } = rows.current

  const keeper = useRef({
    /** Puts the list where the place says. */
    keep() {
      const element = scroller.current
      if (!element || !list.current) return
      // A list that became shorter is moved by the browser, not by the person.
      const isShorter = element.scrollTop < left.current.scrollTop && element.scrollTop >= element.scrollHeight - element.clientHeight - 1
      if (!isOnTheWay.current && !isShorter) keeper.absorb(element)
      isOnTheWay.current = false
      keeper.restore(element)
      measure(list.current, heights)
      keeper.settle(element, false)
    },

    /** Takes over what the person scrolled. A change of the layout may have moved the list as well: that is undone. */
    absorb(element: HTMLElement): boolean {
      const movedPx = element.scrollTop - left.current.scrollTop
      if (Math.abs(movedPx) < 1 || element.clientHeight !== left.current.viewPx) return false
      const { current } = place
      if (current.kind === 'newest' && -movedPx < bottomPx) return false
      if (current.kind === 'message') place.current = { ...current, offsetPx: current.offsetPx - movedPx }
      else place.current = keeper.placeAtEdge(element)
      return true
    },

    restore(element: HTMLElement) {
      const { current } = place
      if (current.kind === 'newest') element.scrollTop = element.scrollHeight
      else {
        const entry = list.current?.querySelector(`:scope > [data-seq="${current.seq}"]`)
        if (entry) {
          const top = entry.getBoundingClientRect().top - element.getBoundingClientRect().top
          const wanted = current.kind === 'message' ? current.offsetPx : centred(entry, element)
          if (Math.abs(top - wanted) >= 0.5) element.scrollTop += top - wanted
        } else if (isWithin(latest.current.all, latest.current.hasAfter, current)) {
          // Somebody has scrolled further than the rows that are in the document.
          renderAgain()
        } else {
          // The window has moved elsewhere.
          const { all, hasAfter } = latest.current
          place.current =
            current.seq < all.from ? { kind: 'message', seq: all.from, offsetPx: 0 } : hasAfter ? { kind: 'centre', seq: all.to } : newest
          renderAgain()
        }
      }
      left.current = { viewPx: element.clientHeight, scrollTop: element.scrollTop }
    },

    /** After the list came to rest somewhere: which place that is, and which rows it needs. */
    settle(element: HTMLElement, byPerson: boolean) {
      const { all, hasAfter, lastSeq, onPlace, onNearTop, onNearBottom, onReturn } = latest.current
      const belowPx = element.scrollHeight - element.scrollTop - element.clientHeight
      const isAtEnd = !hasAfter && belowPx < bottomPx
      const wasAtEnd = place.current.kind === 'newest'
      if (isAtEnd && !wasAtEnd) place.current = newest
      else if (place.current.kind === 'message') place.current = keeper.placeAtEdge(element)
      const chosen = chooseRows(view(), rows.current)
      if (chosen.from !== rows.current.from || chosen.to !== rows.current.to) renderAgain()
      setAwaySince((since) => (place.current.kind === 'newest' ? null : (since ?? lastSeq)))
      if (isAtEnd && !wasAtEnd && byPerson) onReturn()
      onPlace(place.current, visibleRows(element, list.current, all))
      if (element.scrollTop < (place.current.kind === 'newest' ? aheadAtEndPx : aheadPx)) onNearTop()
      if (hasAfter && belowPx < aheadPx) onNearBottom()
    },

    /** The message at the upper edge, even if it is not in the document. */
    placeAtEdge(element: HTMLElement): ListPlace {
      const edge = element.getBoundingClientRect().top
      const { all } = latest.current
      const bounds = list.current ? boundsOfRows(list.current) : { top: edge, bottom: edge }
      const above = { from: all.from, to: rows.current.from - 1 }
      if (bounds.top > edge && above.to >= above.from) {
        const top = bounds.top - heights.sum(above)
        const { seq, topPx } = rowAtOffset(above, heights, edge - top)
        return { kind: 'message', seq, offsetPx: top + topPx - edge }
      }
      const entry = list.current && findEntryAt(list.current.children, edge)
      if (entry) return { kind: 'message', seq: seqOf(entry), offsetPx: entry.getBoundingClientRect().top - edge }
      const below = { from: rows.current.to + 1, to: all.to }
      if (below.to < below.from) return newest
      const { seq, topPx } = rowAtOffset(below, heights, edge - bounds.bottom)
      return { kind: 'message', seq, offsetPx: bounds.bottom + topPx - edge }
    },

    onScroll() {
      const element = scroller.current
      // A changed height of the list is not the person's scrolling: `keep` follows.
      if (!element || element.clientHeight !== left.current.viewPx) return
      if (!keeper.absorb(element)) return
      keeper.restore(element)
      keeper.settle(element, true)
    },
  }).current

  useLayoutEffect(() => {
    if (isReady) keeper.keep()
  })

  // A phone's keyboard, a growing composer and a loaded font change heights without a render.
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const observer = new ResizeObserver(keeper.keep)
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [keeper])

  return {
    ...{ scroller, list, awaySince, isReady, rows: rows.current, reached: goal.current },
    abovePx: heights.sum({ from: all.from, to: from - 1 }),
    belowPx: heights.sum({ from: to + 1, to: all.to }),
    onScroll: keeper.onScroll,
    settle: keeper.onScroll,
  }
}

const joined = (rows: Rows, others: Rows, all: Rows): Rows => ({
  from: Math.max(Math.min(rows.from, others.from), all.from),
  to: Math.min(Math.max(rows.to, others.to), all.to),
})

/** What is selected stays in the document, so that it can be copied. */
function isSelecting(list: Element): boolean {
  const selection = document.getSelection()
  return selection !== null && !selection.isCollapsed && list.contains(selection.anchorNode)
}

const centred = (entry: Element, scroller: Element): number =>
  Math.max((scroller.clientHeight - entry.getBoundingClientRect().height) / 2, Math.min(headroomPx, scroller.clientHeight / 4))

/** Where the rows in the document are: above them, the list has padding. */
function boundsOfRows(list: Element): { top: number; bottom: number } {
  const { top, bottom } = list.getBoundingClientRect()
  return { top: top + Number.parseFloat(getComputedStyle(list).paddingTop), bottom }
}

/** A row begins with the lines above its message, such as the day. */
function measure(list: Element, heights: RowHeights) {
  let { top } = boundsOfRows(list)
  let seq = 0
  for (const entry of list.children) {
    if (seq > 0) {
      const next = entry.getBoundingClientRect().top
      heights.set(seq, next - top)
      top = next
    }
    seq = seqOf(entry)
  }
  if (seq > 0) heights.set(seq, list.getBoundingClientRect().bottom - top)
}

/** 0 for a line that is no message. */
const seqOf = (entry: Element): number => Number(entry.getAttribute('data-seq') ?? 0)

function visibleRows(scroller: Element, list: Element | null, all: Rows): Rows {
  const { top, bottom } = scroller.getBoundingClientRect()
  const first = list && findEntryAt(list.children, top)
  if (!first) return { from: all.to, to: all.to }
  const from = seqOf(first)
  let to = from
  for (let entry = first.nextElementSibling; entry; entry = entry.nextElementSibling) {
    if (entry.getBoundingClientRect().top >= bottom) break
    to = seqOf(entry) || to
  }
  return { from, to }
}

/** The first message that ends below `edge`. Other lines are skipped, because they appear and disappear when older ones load. */
function findEntryAt(entries: HTMLCollection, edge: number): Element | undefined {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    const entry = entries[middle]
    if (entry && entry.getBoundingClientRect().bottom <= edge) low = middle + 1
    else high = middle
  }
  let entry = entries[low]
  while (entry && !entry.hasAttribute('data-seq')) entry = entry.nextElementSibling ?? undefined
  return entry
}
