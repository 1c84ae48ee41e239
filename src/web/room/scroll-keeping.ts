import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'

interface ScrollKeeping {
  /** The scrolling element. */
  scroller: RefObject<HTMLDivElement | null>
  onScroll: () => void
  /** The last key when the reader left the bottom; null while they are there. */
  awaySince: number | null
  toBottom: () => void
}

const bottomPx = 48
const nearTopPx = 600

/**
 * Keeps the reader's place: at the bottom what is new comes into view, anywhere else nothing moves, whatever is added
 * above or below.
 * @param first which entry is the first: when it changes, something was added above
 * @param last the place of the newest entry
 * @param own which entry of one's own is the newest: after writing it one wants to see it
 */
export function useScrollKeeping(first: number, last: number, own: string | undefined, onNearTop: () => void): ScrollKeeping {
  const scroller = useRef<HTMLDivElement>(null)
  const isAtBottom = useRef(true)
  const seen = useRef({ first, own, height: 0, viewport: 0 })
  const [awaySince, setAwaySince] = useState<number | null>(null)

  function toBottom() {
    const element = scroller.current
    if (!element) return
    isAtBottom.current = true
    element.scrollTop = element.scrollHeight
    setAwaySince(null)
  }

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const before = seen.current
    if (own !== before.own && own) toBottom()
    else if (isAtBottom.current) element.scrollTop = element.scrollHeight
    else if (first !== before.first) element.scrollTop += element.scrollHeight - before.height
    seen.current = { first, own, height: element.scrollHeight, viewport: element.clientHeight }
    if (element.scrollTop < nearTopPx) onNearTop()
  })

  // The keyboard of a phone, a growing composer or a font that arrives change the height without a render.
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      if (isAtBottom.current) element.scrollTop = element.scrollHeight
      seen.current.height = element.scrollHeight
      seen.current.viewport = element.clientHeight
    })
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [])

  return {
    scroller,
    awaySince,
    toBottom,
    onScroll: () => {
      const element = scroller.current
      if (!element) return
      // The page was laid out anew: it is not the reader who moved.
      if (isAtBottom.current && element.clientHeight !== seen.current.viewport) return
      isAtBottom.current = element.scrollHeight - element.scrollTop - element.clientHeight < bottomPx
      setAwaySince((since) => (isAtBottom.current ? null : (since ?? last)))
      if (element.scrollTop < nearTopPx) onNearTop()
    },
  }
}
