import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'

interface ScrollKeeping {
  scroller: RefObject<HTMLDivElement | null>
  list: RefObject<HTMLOListElement | null>
  onScroll: () => void
  /** The newest seq when the user scrolled away from the bottom; null while they are at the bottom. */
  awaySince: number | null
  toBottom: () => void
  /** Scrolls to an entry, and stays there. */
  show: (entry: Element) => void
}

const bottomPx = 48
const nearTopPx = 600

/**
 * Keeps the scroll position. At the bottom, new messages scroll into view. Anywhere else nothing moves, whatever is added
 * or changes its height above or below.
 * @param last the seq of the newest message
 * @param own the newest unsent message: when it changes, the list scrolls to the bottom
 * @param onReturn called when the user scrolls back to the bottom
 */
export function useScrollKeeping(last: number, own: string | undefined, onNearTop: () => void, onReturn: () => void): ScrollKeeping {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement>(null)
  const isAtBottom = useRef(true)
  const seen = useRef({ own, viewport: 0 })
  /** The entry at the top edge, and its distance from the edge. */
  const anchor = useRef<{ entry: Element; top: number } | null>(null)
  const [awaySince, setAwaySince] = useState<number | null>(null)

  function toBottom() {
    const element = scroller.current
    if (!element) return
    isAtBottom.current = true
    element.scrollTop = element.scrollHeight
    setAwaySince(null)
  }

  const remember = useRef(() => {
    const edge = scroller.current?.getBoundingClientRect().top
    const entry = edge !== undefined && list.current && findEntryAt(list.current.children, edge)
    anchor.current = entry ? { entry, top: entry.getBoundingClientRect().top - edge } : null
  }).current

  const keepPlace = useRef(() => {
    const element = scroller.current
    if (!element) return
    const { entry, top } = anchor.current ?? {}
    if (isAtBottom.current) element.scrollTop = element.scrollHeight
    else if (entry?.isConnected && top !== undefined) {
      const movedPx = entry.getBoundingClientRect().top - element.getBoundingClientRect().top - top
      if (Math.abs(movedPx) >= 1) element.scrollTop += movedPx
    }
    seen.current.viewport = element.clientHeight
    remember()
  }).current

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    if (own !== seen.current.own && own) toBottom()
    keepPlace()
    seen.current.own = own
    if (element.scrollTop < nearTopPx) onNearTop()
  })

  // A phone's keyboard, a growing composer and a loaded font change the height without a render.
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const observer = new ResizeObserver(keepPlace)
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [keepPlace])

  return {
    scroller,
    list,
    awaySince,
    toBottom: () => {
      toBottom()
      onReturn()
    },
    show: (entry) => {
      const element = scroller.current
      if (!element) return
      entry.scrollIntoView({ block: 'center' })
      isAtBottom.current = element.scrollHeight - element.scrollTop - element.clientHeight < bottomPx
      setAwaySince((since) => (isAtBottom.current ? null : (since ?? last)))
      remember()
    },
    onScroll: () => {
      const element = scroller.current
      if (!element) return
      // The layout changed: it was not the user who scrolled.
      if (isAtBottom.current && element.clientHeight !== seen.current.viewport) return
      const wasAtBottom = isAtBottom.current
      isAtBottom.current = element.scrollHeight - element.scrollTop - element.clientHeight < bottomPx
      remember()
      setAwaySince((since) => (isAtBottom.current ? null : (since ?? last)))
      if (isAtBottom.current && !wasAtBottom) onReturn()
      if (element.scrollTop < nearTopPx) onNearTop()
    },
  }
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
