import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Closer than this to the end, somebody is at the end, in pixels. */
const endPx = 32

interface Anchor {
  seq: string
  top: number
}

/**
 * Keeps what somebody reads where it is when messages are added above, or change their height, and stays at the end when they
 * are there.
 * @param canEnd whether the end of the list is the end of the room
 */
export function useKeptPlace(scroller: RefObject<HTMLElement | null>, canEnd: boolean): { isAtEnd: boolean; toEnd(): void } {
  const anchor = useRef<Anchor | null>(null)
  const atEnd = useRef(true)
  const isFirst = useRef(true)
  const [isAtEnd, setAtEnd] = useState(true)

  const remember = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const { scrollHeight, scrollTop, clientHeight } = element
    atEnd.current = scrollHeight - scrollTop - clientHeight < endPx
    setAtEnd(atEnd.current)
    const { top } = element.getBoundingClientRect()
    const row = [...element.querySelectorAll<HTMLElement>('[data-seq]')].find((each) => each.getBoundingClientRect().bottom > top)
    anchor.current = row ? { seq: row.dataset.seq ?? '', top: row.getBoundingClientRect().top - top } : null
  }, [scroller])

  const restore = useCallback(() => {
    const element = scroller.current
    if (!element) return
    if (atEnd.current && canEnd) element.scrollTop = element.scrollHeight
    else if (isFirst.current) element.scrollTop = (element.scrollHeight - element.clientHeight) / 2
    else if (anchor.current) {
      const row = element.querySelector(`[data-seq="${anchor.current.seq}"]`)
      const top = row && row.getBoundingClientRect().top - element.getBoundingClientRect().top
      if (top !== null) element.scrollTop += top - anchor.current.top
    }
    if (element.querySelector('[data-seq]')) isFirst.current = false
    remember()
  }, [scroller, canEnd, remember])

  // After every rendering: whatever was added is measured before it is painted.
  useIsomorphicLayoutEffect(restore)

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    // What the browser itself would do for this, it does not do everywhere, and not at the end.
    element.style.overflowAnchor = 'none'
    const observer = new ResizeObserver(restore)
    observer.observe(element)
    if (element.firstElementChild) observer.observe(element.firstElementChild)
    element.addEventListener('scroll', remember, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', remember)
    }
  }, [scroller, restore, remember])

  const toEnd = useCallback(() => {
    atEnd.current = true
    restore()
  }, [restore])
  return { isAtEnd: isAtEnd && canEnd, toEnd }
}

/** React 18 warns of a layout effect on a server. */
const useIsomorphicLayoutEffect = typeof window === 'undefined' ? useEffect : useLayoutEffect
