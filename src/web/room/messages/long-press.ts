import { type PointerEvent, useCallback, useEffect, useRef } from 'react'

const afterMs = 450
/** A finger that goes further scrolls. */
const strayPx = 10

/**
 * Handlers for what a finger can be held on. Links keep what the browser does with them.
 * When the finger is lifted after a long press, nothing is clicked.
 */
export function useLongPress(onLongPress: () => void) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null)

  const end = useCallback(() => {
    if (press.current) clearTimeout(press.current.timer)
    press.current = null
  }, [])
  useEffect(() => end, [end])

  return {
    onPointerDown: (event: PointerEvent) => {
      end()
      const target = event.target as Element
      // React bubbles events from a sheet or menu to the message that opened it.
      if (!event.currentTarget.contains(target)) return
      if (event.pointerType !== 'touch' || !event.isPrimary || target.closest('a, button')) return
      const timer = setTimeout(() => {
        press.current = null
        preventClick(target)
        onLongPress()
      }, afterMs)
      press.current = { timer, x: event.clientX, y: event.clientY }
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent) => {
      if (press.current && Math.hypot(clientX - press.current.x, clientY - press.current.y) > strayPx) end()
    },
    onPointerUp: end,
    onPointerCancel: end,
  }
}

/**
 * Browsers click whatever is under a finger when it is lifted, and by then that may be a button of what the press opened.
 * @param target where the touch began: it gets the events of the touch even after it has left the page
 */
function preventClick(target: Element) {
  const released = new AbortController()
  const { signal } = released
  const onTouchEnd = (event: Event) => {
    event.preventDefault()
    released.abort()
  }
  target.addEventListener('touchend', onTouchEnd, { signal, passive: false })
  target.addEventListener('touchcancel', () => released.abort(), { signal })
}
